import { addressesIn } from '../address.js';
import { AnnotateError } from '../problem.js';
import { ADDED, type Added, type Content, type FormatOptions, type LineFormat } from './format.js';
import { mayBeTime, type RecordTime, readTimeOf } from './problems.js';
import { timeIn } from './time-in-line.js';

/** A line with more is passed on as it is. */
const MAX_ADDRESSES = 64;

/**
 * Reads lines with addresses and a time anywhere in them: syslog, access logs, firewalls.
 * @throws {AnnotateError} when no line has an address, or none a time; when a column is named
 */
export function detectPlain(sample: string, options: FormatOptions): LineFormat {
  if (options.ip !== undefined || options.time !== undefined)
    throw new AnnotateError(
      'input',
      'no columns were found in this file; say what it is with --format, or omit --ip and --time',
    );
  const lines = sample.split(/\r?\n/);
  if (!lines.some((line) => addressesIn(line, 1).length > 0))
    throw new AnnotateError('input', 'no line has an IP address; is it the right file?');
  if (options.at === undefined && !lines.some((line) => spanIn(line, options).problem === undefined))
    throw new AnnotateError(
      'input',
      'no line has a time that can be read; give one time for all lines with --at',
    );
  return {
    name: 'plain',
    description: 'lines with addresses in them',
    addresses: ['all addresses of a line'],
    time: options.at === undefined ? 'the first time of a line' : '',
    read: (record): Content => {
      const addresses = addressesIn(record, MAX_ADDRESSES + 1);
      if (addresses.length === 0) return { kind: 'aside', text: record };
      if (addresses.length > MAX_ADDRESSES)
        return { kind: 'unreadable', reason: `it has more than ${MAX_ADDRESSES} addresses` };
      const { span, problem } = spanIn(record, options);
      return problem === undefined
        ? { kind: 'record', addresses, span }
        : { kind: 'unreadable', reason: problem };
    },
    write: (record, added, addresses) =>
      `${record}${added.map((each, index) => ` [podips ${addresses[index]} ${fieldsOf(each)}]`).join('')}`,
  };
}

/** The first time of a line, or why it has none that can be read surely. */
function spanIn(line: string, options: FormatOptions): RecordTime {
  const found = options.at === undefined ? timeIn(line) : undefined;
  if (found?.isKnown === false) return mayBeTime(found.text);
  return readTimeOf(found?.text ?? '', options);
}

function fieldsOf(added: Added): string {
  return ADDED.filter((name) => added[name] !== '')
    .map((name) => `${name}=${/[\s"=\]]/.test(added[name]) ? JSON.stringify(added[name]) : added[name]}`)
    .join(' ');
}
