import { AnnotateError, NoColumnError } from '../problem.js';
import { type Column, columnNamed, filled, isMostly, listOf, nameOf, quote } from './column.js';
import { type FormatOptions, isNothing } from './format.js';
import { timeIn } from './time-in-line.js';

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
    refuseZone(found, columns);
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

/** A column of zones may be that of the times beside it, if they name none; or of users, of addresses. */
function refuseZone(found: readonly Column[], columns: readonly Column[]): void {
  const zone = columns.find((column) => ZONE_NAME.test(column.name) && filled(column).length > 0);
  const isOwn = (text: string) => OWN_ZONE.test(text) || EPOCH.test(text.trim());
  if (zone === undefined || textsOf(found).every(isOwn)) return;
  const names = found.map(nameOf).join();
  throw new AnnotateError(
    'input',
    `column ${nameOf(zone)} may have the zones of the times: if it has, say --time ${names},${nameOf(zone)}, otherwise --time ${names}`,
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
