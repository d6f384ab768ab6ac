import { addressesIn } from '../address.js';
import { AnnotateError } from '../problem.js';
import { ADDED, type Added, type Content, type FormatOptions, type LineFormat } from './format.js';
import { readTimeOf } from './problems.js';

const MAX_ADDRESSES = 16;
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const ZONE = '(?: ?(?:Z|UTC|GMT|[+-]\\d\\d:?(?:\\d\\d)?)(?![\\w:]))?';
/** What a time may look like in a line; the first that is there counts. */
const TIMES = [
  // Fortinet, whose fields are in quotes or not.
  /\bdate="?(\d{4}-\d\d-\d\d)"? time="?(\d\d:\d\d:\d\d)/,
  new RegExp(`(?<!\\d)(\\d{4}[-/]\\d\\d[-/]\\d\\d[T ]\\d\\d:\\d\\d(?::\\d\\d(?:[.,]\\d{1,9})?)?${ZONE})`),
  new RegExp(`(\\d\\d/${MONTH}/\\d{4}:\\d\\d:\\d\\d:\\d\\d(?: [+-]\\d{4})?)`),
  new RegExp(`\\b(${MONTH} [ \\d]?\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?)`),
  // Squid and tcpdump begin their lines with it.
  /^(\d{10}(?:\.\d{1,9})?|\d{13})(?![\d.])/,
];

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
  if (options.at === undefined && !lines.some((line) => options.readTime(timeIn(line)) !== undefined))
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
      const addresses = addressesIn(record, MAX_ADDRESSES);
      if (addresses.length === 0) return { kind: 'aside', text: record };
      const { span, problem } = readTimeOf(timeIn(record), options);
      return problem === undefined
        ? { kind: 'record', addresses, span }
        : { kind: 'unreadable', reason: problem };
    },
    write: (record, added, addresses) =>
      `${record}${added.map((each, index) => ` [podips ${addresses[index]} ${fieldsOf(each)}]`).join('')}`,
  };
}

function timeIn(line: string): string {
  for (const time of TIMES) {
    const [, date, clock] = time.exec(line) ?? [];
    if (date !== undefined) return clock === undefined ? date : `${date} ${clock}`;
  }
  return '';
}

function fieldsOf(added: Added): string {
  return ADDED.filter((name) => added[name] !== '')
    .map((name) => `${name}=${/[\s"=\]]/.test(added[name]) ? JSON.stringify(added[name]) : added[name]}`)
    .join(' ');
}
