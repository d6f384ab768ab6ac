import { readAddress } from '../address.js';
import { AnnotateError } from '../problem.js';
import {
  ADDED,
  type Added,
  type Content,
  type FormatOptions,
  isNothing,
  type LineFormat,
  type Span,
} from './format.js';
import { noAddress, type RecordTime, readTimeOf } from './problems.js';

/** Version 2, which has no header when it comes from CloudWatch. */
const DEFAULT_FIELDS =
  'version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status'.split(
    ' ',
  );
const ADDRESSES = ['srcaddr', 'dstaddr', 'pkt-srcaddr', 'pkt-dstaddr'];
const HEADER = /^(?=.*\b(srcaddr|dstaddr)\b)(?=.*\bstart\b)[a-z0-9-]+( [a-z0-9-]+)+$/;
const DEFAULT_RECORD = /^\d+ \d{12} eni-[\da-f]+ /;
/** CloudWatch puts the time of the event before each record. */
const EVENT_TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z (?=\d+ \d{12} eni-)/;
/** `start` "might be up to 60 seconds after the packet was transmitted or received" (Amazon VPC user guide, flow log records). */
const LATE_MS = 60_000;

/**
 * Reads AWS VPC flow logs as text, with the header that names their fields, or in the default format.
 * @returns undefined when it is something else, unless the format is given
 */
export function detectVpcFlow(sample: string, options: FormatOptions): LineFormat | undefined {
  const [first = ''] = sample.split(/\r?\n/, 1);
  const isHeader = HEADER.test(first);
  const fields = isHeader ? first.split(' ') : DEFAULT_FIELDS;
  if (!isHeader && !DEFAULT_RECORD.test(first.replace(EVENT_TIME, ''))) return undefined;
  const names = ADDRESSES.filter((name) => fields.includes(name));
  if (options.at === undefined && !fields.includes('start'))
    throw new AnnotateError(
      'input',
      'these flow logs have no field start; give one time for all lines with --at',
    );
  const indexes = names.map((name) => fields.indexOf(name));

  const read = (record: string): Content => {
    if (record.trim() === '') return { kind: 'aside', text: record };
    if (isHeader && record === first) {
      const added = names.flatMap((name) => ADDED.map((each) => `${name}-${each}`));
      return { kind: 'aside', text: [record, ...added].join(' ') };
    }
    const values = record.replace(EVENT_TIME, '').split(' ');
    if (values.length !== fields.length)
      return { kind: 'unreadable', reason: `it has ${values.length} instead of ${fields.length} fields` };
    const fieldOf = (name: string) => values[fields.indexOf(name)] ?? '';
    const addresses = indexes.map((index) => values[index] ?? '');
    const bad = addresses.find((value) => !isNothing(value) && readAddress(value) === undefined);
    return {
      kind: 'record',
      addresses: addresses.map(readAddress),
      ...timeOf(fieldOf('start'), fieldOf('end'), options),
      ...(bad !== undefined && { problem: noAddress(bad) }),
    };
  };
  return {
    name: 'vpc',
    description: `AWS VPC flow logs, ${isHeader ? 'with a header' : 'in the default format'}`,
    addresses: names,
    time: options.at === undefined ? 'start to end' : '',
    read,
    write: (record, added) => [record, ...added.flatMap(valuesOf)].join(' '),
  };
}

function timeOf(start: string, end: string, options: FormatOptions): RecordTime {
  const { span, ...problem } = readTimeOf(start, options);
  if (options.at !== undefined || 'problem' in problem) return { span, ...problem };
  const last: Span = options.readTime(end) ?? span;
  return { span: { fromMs: span.fromMs - LATE_MS, toMs: Math.max(span.toMs, last.toMs) } };
}

/** A space would be the next field. */
function valuesOf(added: Added): string[] {
  return ADDED.map((name) => added[name].replaceAll(' ', '_') || '-');
}
