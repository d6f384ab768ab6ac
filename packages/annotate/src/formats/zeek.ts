import { readAddress } from '../address.js';
import { AnnotateError } from '../problem.js';
import { ADDED, type Content, type FormatOptions, type LineFormat } from './format.js';
import { noAddress, type RecordTime, readTimeOf } from './problems.js';

/** What the lines that begin with # say of those below them. */
interface Header {
  separator: string;
  unset: string;
  fields: readonly string[];
}

/**
 * Reads the logs of Zeek in their own format. A header describes what follows it; logs may be one after the other.
 * @returns undefined when it is something else
 * @throws {AnnotateError} when no field is an address
 */
export function detectZeek(sample: string, options: FormatOptions): LineFormat | undefined {
  if (!sample.startsWith('#separator')) return undefined;
  const names = addressFields(sample);
  if (names.length === 0) throw new AnnotateError('input', 'this log of Zeek has no field of the type addr');
  const header: Header = { separator: '\t', unset: '-', fields: [] };
  const present = () => header.fields.filter((field) => names.includes(field));

  const read = (record: string): Content => {
    if (record.startsWith('#')) {
      const name = learn(record, header);
      const added = present().flatMap((field) =>
        ADDED.map((each) => (name === '#fields' ? `${field}_${each}` : 'string')),
      );
      const isList = name === '#fields' || name === '#types';
      return { kind: 'aside', text: isList ? [record, ...added].join(header.separator) : record };
    }
    if (record.trim() === '') return { kind: 'aside', text: record };
    const values = record.split(header.separator);
    if (values.length !== header.fields.length)
      return {
        kind: 'unreadable',
        reason: `it has ${values.length} instead of ${header.fields.length} fields`,
      };
    const fieldOf = (name: string) => values[header.fields.indexOf(name)] ?? '';
    const addresses = present().map(fieldOf);
    const bad = addresses.find((value) => value !== header.unset && readAddress(value) === undefined);
    return {
      kind: 'record',
      addresses: addresses.map(readAddress),
      ...timeOf(fieldOf('ts'), fieldOf('duration'), options),
      ...(bad !== undefined && { problem: noAddress(bad) }),
    };
  };
  return {
    name: 'zeek',
    description: `Zeek, ${/^#path\s+(\S+)/m.exec(sample)?.[1] ?? 'a'} log`,
    addresses: names,
    time: options.at === undefined ? 'ts' : '',
    read,
    write: (record, added) =>
      [record, ...added.flatMap((each) => ADDED.map((name) => each[name] || header.unset))].join(
        header.separator,
      ),
  };
}

/** From the first packet of a connection to its last. */
function timeOf(ts: string, duration: string, options: FormatOptions): RecordTime {
  const { span, ...problem } = readTimeOf(ts, options);
  const seconds = Number(duration);
  const isLong = options.at === undefined && seconds > 0;
  return { span: isLong ? { ...span, toMs: span.toMs + Math.ceil(seconds * 1_000) } : span, ...problem };
}

/** Learns from a line that begins with #. @returns what it is about */
function learn(line: string, header: Header): string {
  const escaped = /^#separator (.*)$/.exec(line)?.[1];
  if (escaped !== undefined) {
    header.separator = escaped.replace(/\\x([\da-f]{2})/gi, (_, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
    return '#separator';
  }
  const [name = '', ...values] = line.split(header.separator);
  if (name === '#unset_field') header.unset = values[0] ?? '-';
  if (name === '#fields') header.fields = values;
  return name;
}

/** The fields that the first header says are addresses. */
function addressFields(sample: string): string[] {
  const header: Header = { separator: '\t', unset: '-', fields: [] };
  for (const line of sample.split(/\r?\n/)) {
    if (learn(line, header) !== '#types') continue;
    const [, ...types] = line.split(header.separator);
    return header.fields.filter((_, index) => types[index] === 'addr');
  }
  return [];
}
