import { readAddress } from '../address.js';
import { AnnotateError } from '../problem.js';
import type { Column } from './column.js';
import { findRoles } from './columns.js';
import {
  ADDED,
  type Content,
  type FormatName,
  type FormatOptions,
  fromFileText,
  isNothing,
  type LineFormat,
} from './format.js';
import { noAddress, type RecordTime, readTimeOf } from './problems.js';

const SAMPLE_OBJECTS = 200;
const MAX_DEPTH = 4;
const MAX_FIELDS = 500;

/** The fields of two formats, which need not be detected; each is an object a line. */
interface Preset {
  readonly name: FormatName;
  readonly description: string;
  readonly addresses: readonly string[];
  readonly time: readonly string[];
  /** Where the record has the times of its first and last packet. */
  readonly span: (object: object, options: FormatOptions) => RecordTime | undefined;
}

const EVE: Preset = {
  name: 'eve',
  description: 'Suricata EVE',
  addresses: ['src_ip', 'dest_ip'],
  time: ['timestamp'],
  // The timestamp of a flow is when it was logged, which is long after its last packet.
  span(object, options) {
    const [start = '', end = ''] = ['start', 'end'].map(
      (name) => textAt(object, `flow.${name}`) || textAt(object, `netflow.${name}`),
    );
    if (start === '' || end === '') return undefined;
    const [from, to] = [readTimeOf(start, options), readTimeOf(end, options)];
    // A clock that was set may put the end before the start.
    const span = { fromMs: from.span.fromMs, toMs: Math.max(from.span.toMs, to.span.toMs) };
    return from.problem === undefined && to.problem === undefined ? { span } : { ...to, ...from };
  },
};
const ZEEK: Preset = {
  name: 'zeek',
  description: 'Zeek, as JSON',
  addresses: ['id.orig_h', 'id.resp_h'],
  time: ['ts'],
  span(object, { readTime }) {
    const from = readTime(textAt(object, 'ts'));
    const seconds = Number(textAt(object, 'duration'));
    return from && seconds > 0
      ? { span: { fromMs: from.fromMs, toMs: from.toMs + Math.ceil(seconds * 1_000) } }
      : undefined;
  },
};

/**
 * Reads JSON lines: Suricata EVE and Zeek by their fields, others by what their fields contain.
 * @param sample the first lines
 * @returns undefined when it is something else
 * @throws {AnnotateError} when no field has addresses, or none a time; when it is JSON, but not an object a line
 */
export function detectJsonLines(sample: string, options: FormatOptions): LineFormat | undefined {
  const lines = sample
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, SAMPLE_OBJECTS);
  const [first = ''] = lines;
  if (/^\s*\[\s*(\{|$)/.test(first))
    throw new AnnotateError(
      'input',
      'this is a JSON array: write an object a line, for example with "jq -c \'.[]\'"',
    );
  if (!/^\s*\{/.test(first) && options.format === undefined) return undefined;
  const objects = lines.map(parseObject).filter((object) => object !== undefined);
  if (objects.length === 0)
    throw new AnnotateError(
      'input',
      'this is JSON, but not an object a line: write it so, for example with "jq -c ."',
    );
  const isOwn = options.ip === undefined && options.time === undefined && options.format !== 'jsonl';
  const preset = isOwn ? [EVE, ZEEK].find((each) => objects.some((object) => isOf(each, object))) : undefined;
  return createJsonLines(preset, objects, options);
}

function isOf({ name, addresses, time }: Preset, object: object): boolean {
  const isKind = name === 'zeek' || textAt(object, 'event_type') !== '';
  return isKind && [...addresses, ...time].every((path) => textAt(object, path) !== '');
}

function createJsonLines(
  preset: Preset | undefined,
  objects: readonly object[],
  options: FormatOptions,
): LineFormat {
  const columns = columnsOf(objects);
  const byName = (name: string) => columns.filter((column) => column.name === name);
  const roles = preset
    ? { addresses: preset.addresses.flatMap(byName), time: options.at ? [] : preset.time.flatMap(byName) }
    : findRoles(columns, options);
  const names = roles.addresses.map(({ name }) => name);
  const times = roles.time.map(({ name }) => name);
  const taken = columns.find(({ name }) => names.some((each) => name === `${each}_verdict`));
  if (taken !== undefined)
    throw new AnnotateError(
      'input',
      `there is a field "${fromFileText(taken.name)}" already: the file is annotated`,
    );

  const read = (record: string): Content => {
    if (record.trim() === '') return { kind: 'aside', text: record };
    const object = parseObject(record);
    if (object === undefined) return { kind: 'unreadable', reason: 'it is no JSON object' };
    const values = names.map((name) => textAt(object, name));
    const addresses = values.map(readAddress);
    const span = options.at === undefined ? preset?.span(object, options) : undefined;
    const time = span ?? readTimeOf(times.map((name) => textAt(object, name)).join(' '), options);
    const bad = values.find((value) => !isNothing(value) && readAddress(value) === undefined);
    // Statistics of Suricata and other lines without addresses need no time.
    if (addresses.every((ip) => ip === undefined) && bad === undefined)
      return { kind: 'aside', text: record };
    return {
      kind: 'record',
      addresses,
      ...time,
      ...(bad !== undefined && { problem: noAddress(bad) }),
    };
  };
  return {
    name: preset?.name ?? 'jsonl',
    description: preset?.description ?? 'JSON lines',
    addresses: names.map(fromFileText),
    time: times.map(fromFileText).join(' and '),
    read,
    write(record, added, addresses) {
      const fields = added.flatMap((each, index) =>
        addresses[index] === undefined && each.reason === ''
          ? []
          : ADDED.map((name) => `${JSON.stringify(`${names[index]}_${name}`)}:${JSON.stringify(each[name])}`),
      );
      const end = record.lastIndexOf('}');
      const before = record.slice(0, end).trimEnd();
      return `${before}${before.endsWith('{') ? '' : ','}${fields.join(',')}${record.slice(end)}`;
    },
  };
}

function parseObject(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // Lines that are no JSON are counted by the caller.
    return undefined;
  }
}

/** All fields that have texts or numbers, `source.ip` for those of objects in objects. */
function columnsOf(objects: readonly object[]): Column[] {
  const paths = new Set<string>();
  for (const object of objects) collectPaths(object, '', 1, paths);
  return [...paths].map((name) => ({ name, values: objects.map((object) => textAt(object, name)) }));
}

function collectPaths(object: object, prefix: string, depth: number, paths: Set<string>): void {
  for (const [key, value] of Object.entries(object)) {
    if (paths.size >= MAX_FIELDS) return;
    if (typeof value === 'string' || typeof value === 'number') paths.add(`${prefix}${key}`);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < MAX_DEPTH)
      collectPaths(value, `${prefix}${key}.`, depth + 1, paths);
  }
}

/** A text or number, as text; empty where there is none. A name with points may be one field, or the way to it. */
function textAt(object: object, path: string): string {
  const value: unknown = Object.hasOwn(object, path) ? Reflect.get(object, path) : undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  for (let at = path.indexOf('.'); at !== -1; at = path.indexOf('.', at + 1)) {
    const key = path.slice(0, at);
    const inner: unknown = Object.hasOwn(object, key) ? Reflect.get(object, key) : undefined;
    const text = typeof inner === 'object' && inner !== null ? textAt(inner, path.slice(at + 1)) : '';
    if (text !== '') return text;
  }
  return '';
}
