import { readAddress } from '../address.js';
import { AnnotateError, NoColumnError } from '../problem.js';
import { type FormatOptions, fromFileText, isNothing, toFileText } from './format.js';

/** A place of values in a file: a column, or a field of objects, with some of its values. */
export interface Column {
  /** As it stands in the file; a number from 1 where columns have no names. */
  readonly name: string;
  readonly values: readonly string[];
}

export interface Roles {
  readonly addresses: readonly Column[];
  /** Those whose values, with a space between, are the time; empty when the time is given. */
  readonly time: readonly Column[];
}

const TIME_NAMES = [
  /^(@?timestamp|_time|ts|event_?time|date_?time|eventtime)$/i,
  /^(time|when|start|start_?(time|at)|(received?|generated)_?(time|at)|zeit(punkt)?)$/i,
  /time|date|zeit/i,
];
const EPOCH = /^\d{10}(\d{3}|\.\d+)?$/;
/** Day and month may be either way round. */
const AMBIGUOUS = /^\d{1,2}[/.-]\d{1,2}[/.-](\d{2}|\d{4})\b/;

/**
 * Finds the columns of addresses and the time by their values, and by their names where several may be the time.
 * @throws {AnnotateError} when one that is named is not there, or not what it should be; when there is none
 */
export function findRoles(columns: readonly Column[], options: FormatOptions): Roles {
  return { addresses: findAddresses(columns, options), time: findTime(columns, options) };
}

function findAddresses(columns: readonly Column[], { ip }: FormatOptions): readonly Column[] {
  const named = ip?.map((name) => columnNamed(name, columns, 'ip'));
  for (const column of named ?? []) {
    const [first] = filled(column);
    if (first !== undefined && !filled(column).some((value) => readAddress(value) !== undefined))
      throw new AnnotateError('input', `column ${nameOf(column)} has no addresses, but ${quote(first)}`);
  }
  const found =
    named ?? columns.filter((column) => isMostly(column, (value) => readAddress(value) !== undefined));
  if (found.length === 0) throw new NoColumnError(`no column has addresses; there are ${listOf(columns)}`);
  return found;
}

function findTime(columns: readonly Column[], options: FormatOptions): readonly Column[] {
  const { time, at, readTime } = options;
  if (at !== undefined) return [];
  if (time !== undefined) {
    const named = time.map((name) => columnNamed(name, columns, 'time'));
    refuseNoTimes(named, options);
    return named;
  }
  const possible = columns.filter((column) => isMostly(column, (value) => readTime(value) !== undefined));
  const written = possible.filter((column) => !filled(column).every((value) => EPOCH.test(value.trim())));
  const byName = TIME_NAMES.flatMap((names) => possible.filter(({ name }) => names.test(name)));
  const [found] = [...byName, ...written, ...possible];
  if (found !== undefined) return [found];
  const apart = dateAndTime(columns, options);
  if (apart !== undefined) return apart;
  throw new NoColumnError(whyNoTime(columns));
}

/** A date and a clock in columns of their own. */
function dateAndTime(columns: readonly Column[], { readTime }: FormatOptions): readonly Column[] | undefined {
  const ofName = (name: RegExp) => columns.find((column) => name.test(column.name));
  const [date, time] = [ofName(/^date$/i), ofName(/^time$/i)];
  if (date === undefined || time === undefined) return undefined;
  return readTime(joined([date, time], 0)) === undefined ? undefined : [date, time];
}

function refuseNoTimes(columns: readonly Column[], { readTime }: FormatOptions): void {
  const [first] = columns;
  const count = first?.values.length ?? 0;
  const texts = Array.from({ length: count }, (_, row) => joined(columns, row)).filter(
    (text) => !isNothing(text),
  );
  if (texts.length === 0 || texts.some((text) => readTime(text) !== undefined)) return;
  const names = columns.map(nameOf).join(' and ');
  throw new AnnotateError(
    'input',
    `column ${names} has no times that can be read, but ${quote(texts[0] ?? '')}; ${hint(texts)}`,
  );
}

function joined(columns: readonly Column[], row: number): string {
  return columns.map(({ values }) => values[row] ?? '').join(' ');
}

function whyNoTime(columns: readonly Column[]): string {
  const ambiguous = columns.find((column) => isMostly(column, (value) => AMBIGUOUS.test(value.trim())));
  if (ambiguous === undefined)
    return `no column has times that can be read; there are ${listOf(columns)}; ${hint([])}`;
  const texts = filled(ambiguous);
  return `the times of column ${nameOf(ambiguous)}, such as ${quote(texts[0] ?? '')}, can be read in more than one way; ${hint(texts)}`;
}

function hint(texts: readonly string[]): string {
  const [first] = texts;
  return first !== undefined && AMBIGUOUS.test(first.trim())
    ? 'say how they are written with --time-format, for example "dd/MM/yyyy HH:mm:ss" or "MM/dd/yy hh:mm:ss a"'
    : 'name the column with --time, say how it is written with --time-format, or give one time for all lines with --at';
}

function columnNamed(name: string, columns: readonly Column[], option: string): Column {
  const text = toFileText(name);
  const found =
    columns.find((column) => column.name === text) ??
    columns.find((column) => column.name.trim().toLowerCase() === text.trim().toLowerCase()) ??
    (/^\d+$/.test(name) ? columns[Number(name) - 1] : undefined);
  if (found === undefined)
    throw new AnnotateError(
      'input',
      `--${option}: there is no column ${quote(name)}; there are ${listOf(columns)}`,
    );
  return found;
}

function isMostly(column: Column, isIt: (value: string) => boolean): boolean {
  const values = filled(column);
  const count = values.filter(isIt).length;
  return count > 0 && count * 2 >= values.length;
}

function filled({ values }: Column): string[] {
  return values.filter((value) => !isNothing(value));
}

function listOf(columns: readonly Column[]): string {
  const names = columns.slice(0, 30).map(nameOf);
  return `${names.join(', ')}${columns.length > names.length ? ' and others' : ''}`;
}

function nameOf({ name }: Column): string {
  return fromFileText(name);
}

function quote(text: string): string {
  return JSON.stringify(fromFileText(text).slice(0, 60));
}
