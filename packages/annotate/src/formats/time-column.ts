import { AnnotateError, NoColumnError } from '../problem.js';
import { type Column, columnNamed, filled, isMostly, listOf, nameOf, quote } from './column.js';
import { type FormatOptions, isNothing } from './format.js';
import { namesZone, timeIn } from './time-in-line.js';

/** Names of the time, the surest first. */
const TIME_NAMES = [
  /^(@?timestamp|_time|@t|ts|event_?time|date_?time|eventtime|epoch|unix_?time)$/i,
  /^(time|when|start|start_?(time|at)|(received?|generated)_?(time|at)|zeit(punkt)?)$/i,
];
const ZONE_NAME = /^(tz|time_?zone|utc_?offset)$/i;
/** Seconds or milliseconds since the epoch; or a counter, a size, an identifier. */
const NUMBER = /^\d{10}(\d{3})?$/;
const EPOCH = /^\d{10}(\d{3}|\.\d+)?$/;
/** A zone is after the clock. */
const OWN_ZONE = /:\d\d(?:[.,]\d+)? *(?![AP]\.?M\b)(?:[A-Z]|[+-]\d)/i;
const HALF_OF_DAY = /^ *[ap]\.?m\b/i;
/** Four digits that are a year, or a number since the epoch. */
const YEAR = /(?<!\d)(?:19|20)\d\d(?!\d)|^ *\d{10}/;
/** Day and month may be either way round. */
const AMBIGUOUS = /^\d{1,2}[/.-]\d{1,2}[/.-](\d{2}|\d{4})\b/;

/**
 * Finds the columns whose values, with a space between, are the time: that of a name which says so, or else the only one that has
 * times. None stands in for one that cannot be read.
 * @param isNamed false when their names are only numbers
 * @returns none when the time is given
 * @throws {AnnotateError} when there is none, or more than one; {@link NoColumnError} when it may be no table at all
 */
export function findTime(
  columns: readonly Column[],
  options: FormatOptions,
  isNamed: boolean,
): readonly Column[] {
  const { time, at } = options;
  if (at !== undefined) return [];
  if (time !== undefined) {
    const named = time.map((name) => columnNamed(name, columns, 'time'));
    refuseNoTimes(named, options);
    return named;
  }
  const found = byName(columns, options) ?? onlyOne(columns, options);
  if (found !== undefined) {
    refuseBeside(found, columns, options);
    return found;
  }
  const isTable = isNamed || columns.some((column) => isMostly(column, isTimeAlone));
  throw isTable ? new AnnotateError('input', whyNoTime(columns)) : new NoColumnError(whyNoTime(columns));
}

function byName(columns: readonly Column[], options: FormatOptions): readonly Column[] | undefined {
  const [first] = TIME_NAMES.flatMap((names) =>
    columns.filter((column) => names.test(column.name) && filled(column).length > 0),
  );
  if (first !== undefined && isMostly(first, (value) => options.readTime(value) !== undefined))
    return [first];
  const apart = dateAndTime(columns, options);
  if (apart === undefined && first !== undefined) throw new AnnotateError('input', whyNoTime([first]));
  return apart;
}

/** A date and a clock in columns of their own. */
function dateAndTime(columns: readonly Column[], { readTime }: FormatOptions): readonly Column[] | undefined {
  const ofName = (name: RegExp) => columns.find((column) => name.test(column.name));
  const [date, time] = [ofName(/^date$/i), ofName(/^time$/i)];
  if (date === undefined || time === undefined) return undefined;
  return textsOf([date, time]).some((text) => readTime(text) !== undefined) ? [date, time] : undefined;
}

function onlyOne(columns: readonly Column[], { readTime }: FormatOptions): readonly Column[] | undefined {
  const possible = columns.filter(
    (column) =>
      isMostly(column, (value) => readTime(value) !== undefined) &&
      !filled(column).every((value) => NUMBER.test(value.trim())),
  );
  if (possible.length > 1)
    throw new AnnotateError(
      'input',
      `more than one column has times: ${listOf(possible)}; name the one that is meant with --time`,
    );
  return possible.length === 1 ? possible : undefined;
}

/**
 * What is in another column may belong to the time: the zone, if the times name none, or half of the day, or the year. Or it is that
 * of a user or an address.
 */
function refuseBeside(found: readonly Column[], columns: readonly Column[], options: FormatOptions): void {
  const texts = textsOf(found);
  const names = found.map(nameOf).join();
  const isComplete = texts.every((text) => OWN_ZONE.test(text) || EPOCH.test(text.trim()));
  if (!isComplete && found.some(({ name }) => namesZone(name)) && !isUtc(options))
    throw new AnnotateError(
      'input',
      `the name of column ${names} has a zone: give it with --tz, and the column with --time ${names}`,
    );
  const beside = columns.find(
    (column) =>
      !found.includes(column) &&
      filled(column).length > 0 &&
      (filled(column).every((value) => HALF_OF_DAY.test(value)) ||
        (!isComplete && isZone(column)) ||
        (/^year$/i.test(column.name) && !texts.every((text) => YEAR.test(text)))),
  );
  if (beside === undefined) return;
  throw new AnnotateError(
    'input',
    `column ${nameOf(beside)} may be a part of the times: if it is, say --time ${names},${nameOf(beside)}, otherwise --time ${names}`,
  );
}

function isZone(column: Column): boolean {
  return ZONE_NAME.test(column.name) || (/zone|tz/i.test(column.name) && filled(column).every(namesZone));
}

/** Whether times without a zone are in UTC, as far as their format shows. */
function isUtc({ readTime }: FormatOptions): boolean {
  return ['2000-01-01T00:00:00', '2000-07-01T00:00:00'].every(
    (text) => readTime(text)?.fromMs === Date.parse(`${text}Z`),
  );
}

function refuseNoTimes(columns: readonly Column[], { readTime }: FormatOptions): void {
  const texts = textsOf(columns);
  if (texts.length === 0 || texts.some((text) => readTime(text) !== undefined)) return;
  throw new AnnotateError('input', noTimes(columns.map(nameOf).join(' and '), texts));
}

/** What the columns say together, row by row. */
function textsOf(columns: readonly Column[]): string[] {
  const [first] = columns;
  const texts = first?.values.map((_, row) => columns.map(({ values }) => values[row] ?? '').join(' ')) ?? [];
  return texts.filter((text) => !isNothing(text));
}

/** A time and no more than another word: a zone that nobody knows, perhaps. */
function isTimeAlone(value: string): boolean {
  const found = timeIn(value.trim());
  return found !== undefined && value.replace(found.text, '').trim().split(/\s+/).length <= 1;
}

function whyNoTime(columns: readonly Column[]): string {
  const ambiguous = columns.find((column) => isMostly(column, (value) => AMBIGUOUS.test(value.trim())));
  const [only, ...others] = columns;
  if (ambiguous === undefined)
    return only !== undefined && others.length === 0
      ? noTimes(nameOf(only), filled(only))
      : `no column has times that can be read; there are ${listOf(columns)}; ${hint([])}`;
  const texts = filled(ambiguous);
  return `the times of column ${nameOf(ambiguous)}, such as ${quote(texts[0] ?? '')}, can be read in more than one way; ${hint(texts)}`;
}

function noTimes(names: string, texts: readonly string[]): string {
  return `column ${names} has no times that can be read, but ${quote(texts[0] ?? '')}; ${hint(texts)}`;
}

function hint(texts: readonly string[]): string {
  const [first] = texts;
  return first !== undefined && AMBIGUOUS.test(first.trim())
    ? 'say how they are written with --time-format, for example "dd/MM/yyyy HH:mm:ss" or "MM/dd/yy hh:mm:ss a"'
    : 'name the column with --time, say how it is written with --time-format, or give one time for all lines with --at';
}
