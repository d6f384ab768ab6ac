import Papa from 'papaparse';
import { readAddress } from '../address.js';
import { AnnotateError } from '../problem.js';
import type { Column } from './column.js';
import { findRoles } from './columns.js';
import {
  ADDED,
  type Added,
  type Content,
  type FormatOptions,
  fromFileText,
  isNothing,
  type LineFormat,
} from './format.js';
import { noAddress, readTimeOf } from './problems.js';
import { timeIn } from './time-in-line.js';

const DELIMITERS = { ',': 'commas', '\t': 'tabs', ';': 'semicolons', '|': 'vertical bars' } as const;
type Delimiter = keyof typeof DELIMITERS;
const SAMPLE_ROWS = 200;

/** The fields of a record; undefined when its last one has not ended, or when it is broken. */
type Fields = readonly string[] | 'open' | 'broken';

/**
 * Reads CSV and TSV: the delimiter, the header and the columns are detected.
 * @param sample the first lines
 * @returns undefined when it is something else, unless the format is given
 * @throws {AnnotateError} when no column has addresses, or none a time
 */
export function detectDelimited(sample: string, options: FormatOptions): LineFormat | undefined {
  const found = findTable(sample, options);
  if (found === undefined) return undefined;
  const { delimiter, rows } = found;
  const [first = []] = rows;
  const isHeader =
    rows.length > 1 || options.ip !== undefined
      ? !first.some((value) => readAddress(value) !== undefined || isTime(value, options))
      : false;
  const values = isHeader ? rows.slice(1) : rows;
  const columns: Column[] = first.map((name, index) => ({
    name: isHeader ? name : String(index + 1),
    values: values.map((row) => row[index] ?? ''),
  }));
  return createDelimited({ delimiter, columns, header: isHeader ? first : undefined }, options);
}

/** Lines that are no table may begin with a time and more. */
function isTime(value: string, { readTime }: FormatOptions): boolean {
  return readTime(value) !== undefined || timeIn(value) !== undefined;
}

interface Table {
  readonly delimiter: Delimiter;
  /** Those that have as many fields as most. */
  readonly rows: readonly (readonly string[])[];
}

function findTable(sample: string, { format, ip }: FormatOptions): Table | undefined {
  const possible = (Object.keys(DELIMITERS) as Delimiter[]).filter(
    (each) => format !== 'tsv' || each === '\t',
  );
  const tables = possible
    .map((delimiter) => tableOf(sample, delimiter))
    .filter((table) => table !== undefined);
  const isForced = format === 'csv' || format === 'tsv' || ip !== undefined;
  const [best] = tables
    .filter(({ rows }) => isForced || hasAddresses(rows))
    .sort((one, other) => (other.rows[0]?.length ?? 0) - (one.rows[0]?.length ?? 0));
  return best;
}

function tableOf(sample: string, delimiter: Delimiter): Table | undefined {
  const { data } = Papa.parse<string[]>(sample, { delimiter, preview: SAMPLE_ROWS, skipEmptyLines: true });
  const byLength = Map.groupBy(data, (row) => row.length);
  const [most = []] = [...byLength.values()].sort((one, other) => other.length - one.length);
  const [first = []] = most;
  const isTable = first.length > 1 && most.length * 2 > data.length;
  // A list of addresses is a table of one column.
  const isList =
    first.length === 1 && data.slice(1).every(([value = '']) => readAddress(value) !== undefined);
  return isTable || (isList && data.length > 1) ? { delimiter, rows: most } : undefined;
}

function hasAddresses(rows: Table['rows']): boolean {
  return rows.some((row) => row.some((value) => readAddress(value) !== undefined));
}

interface Shape {
  readonly delimiter: Delimiter;
  readonly columns: readonly Column[];
  /** As it was read; undefined when there is none. */
  readonly header: readonly string[] | undefined;
}

function createDelimited({ delimiter, columns, header }: Shape, options: FormatOptions): LineFormat {
  const roles = findRoles(columns, options, header !== undefined);
  const addressIndexes = roles.addresses.map((column) => columns.indexOf(column));
  const timeIndexes = roles.time.map((column) => columns.indexOf(column));
  const addedNames = roles.addresses.flatMap(({ name }) => ADDED.map((added) => `${name}_${added}`));
  const taken = header?.find((name) => addedNames.includes(name));
  if (taken !== undefined)
    throw new AnnotateError(
      'input',
      `there is a column "${fromFileText(taken)}" already: the file is annotated`,
    );
  const withDelimiter = (values: readonly string[]) =>
    values.map((value) => `${delimiter}${quoted(value, delimiter)}`).join('');
  const split = createSplitter(delimiter);
  let isAbove = header !== undefined;

  const read = (record: string): Content => {
    if (record.trim() === '') return { kind: 'aside', text: record };
    const fields = split(record);
    if (isAbove) {
      // A title may be above the header.
      if (fields.length !== columns.length || typeof fields === 'string')
        return { kind: 'aside', text: record };
      isAbove = false;
      if (fields.every((field, index) => field === header?.[index]))
        return { kind: 'aside', text: `${record}${withDelimiter(addedNames)}` };
    }
    if (typeof fields === 'string') return { kind: 'unreadable', reason: 'its quotes are wrong' };
    if (fields.length !== columns.length)
      return { kind: 'unreadable', reason: `it has ${fields.length} instead of ${columns.length} fields` };
    const time = readTimeOf(timeIndexes.map((index) => fields[index] ?? '').join(' '), options);
    const addresses = addressIndexes.map((index) => fields[index] ?? '');
    const bad = addresses.find((value) => !isNothing(value) && readAddress(value) === undefined);
    return {
      kind: 'record',
      addresses: addresses.map(readAddress),
      ...time,
      ...(bad !== undefined && { problem: noAddress(bad) }),
    };
  };
  return {
    name: delimiter === '\t' ? 'tsv' : 'csv',
    description: `${delimiter === '\t' ? 'TSV' : `CSV, separated by ${DELIMITERS[delimiter]}`}, ${header === undefined ? 'without a header' : 'with a header'}`,
    addresses: roles.addresses.map(({ name }) => fromFileText(name)),
    time: roles.time.map(({ name }) => fromFileText(name)).join(' and '),
    stateOf(lines) {
      const fields = split(lines);
      if (typeof fields === 'string') return fields;
      return fields.length === columns.length ? 'whole' : 'broken';
    },
    read,
    write: (record, added) => `${record}${withDelimiter(added.flatMap(valuesOf))}`,
  };
}

function valuesOf(added: Added): string[] {
  return ADDED.map((name) => asText(added[name]));
}

/** Spreadsheets take what begins so for a formula, and anyone who may create a pod chooses the kind of its owner. */
function asText(text: string): string {
  return /^[=+\-@]/.test(text) ? `'${text}` : text;
}

/** Splits records; the last one is remembered, because it is asked about twice. */
function createSplitter(delimiter: Delimiter): (record: string) => Fields {
  let last: { readonly record: string; readonly fields: Fields } | undefined;
  return (record) => {
    if (last?.record !== record)
      last = {
        record,
        fields: record.includes('"') ? splitQuoted(record, delimiter) : record.split(delimiter),
      };
    return last.fields;
  };
}

function splitQuoted(record: string, delimiter: Delimiter): Fields {
  const { data, errors } = Papa.parse<string[]>(record, { delimiter, newline: '\n' });
  if (errors.some(({ code }) => code === 'InvalidQuotes')) return 'broken';
  if (errors.some(({ code }) => code === 'MissingQuotes')) return 'open';
  return data.length === 1 && data[0] ? data[0] : 'broken';
}

function quoted(value: string, delimiter: Delimiter): string {
  return value.includes('"') || value.includes(delimiter) ? `"${value.replaceAll('"', '""')}"` : value;
}
