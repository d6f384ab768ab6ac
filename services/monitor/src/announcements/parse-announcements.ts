import { CORE_SCHEMA, loadAll, YAMLException } from 'js-yaml';
import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { Entry } from './entry.js';

/** The content of the file is wrong; `problems` has a line for each of the first 20 mistakes, with the entry and what would be right. */
export class AnnouncementsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const more = problems.length - MAX_PROBLEMS;
    const named = more <= 0 ? problems : [...problems.slice(0, MAX_PROBLEMS), `${more} more`];
    super(named.join('; '));
    this.problems = named;
  }
}

const LISTS = { announcements: 'announcement', maintenance: 'maintenance' } as const;
const MAX_ENTRIES = 200;
/** So many mistakes are named. */
const MAX_PROBLEMS = 20;
const MAX_TITLE_CHARS = 200;
const MAX_TEXT_CHARS = 4_000;
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** With a zone: a time without one is another moment for each reader. */
const TIME = /^(\d{4})-(\d\d)-(\d\d)[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/;
const TIME_RULE = 'a time with its zone, for example 2026-12-01T22:00:00Z';
/** Later years have five digits, and the standard form of a time has four. */
const END_MS = Date.UTC(10_000, 0);

/**
 * Reads announcements and maintenance windows from YAML, of which JSON is a part. An empty text has none.
 * @throws {AnnouncementsError} with every mistake at once
 */
export function parseAnnouncements(text: string): Entry[] {
  const lists = toObject(parse(text) ?? {}, 'the file must have the lists "announcements" and "maintenance"');
  const problems = unknownKeys(lists, Object.keys(LISTS)).map((problem) => `the file: ${problem}`);
  const entries = Object.entries(LISTS).flatMap(([list, kind]) => {
    const values = lists[list] ?? [];
    if (Array.isArray(values)) return values.map((value, index) => read(value, { kind, index, problems }));
    problems.push(`${list} must be a list`);
    return [];
  });
  const ids = entries.map(({ id }) => id);
  for (const id of new Set(ids.filter((one, index) => one !== '' && ids.indexOf(one) !== index)))
    problems.push(`id "${id}" must be that of one entry only`);
  if (entries.length > MAX_ENTRIES)
    problems.push(`the file must have at most ${MAX_ENTRIES} entries, but has ${entries.length}`);
  if (problems.length > 0) throw new AnnouncementsError(problems);
  return entries;
}

function parse(text: string): unknown {
  try {
    const [content, ...more] = loadAll(text, { schema: CORE_SCHEMA });
    if (more.length > 0) throw new AnnouncementsError(['the file must be one document, without "---" in it']);
    return content;
  } catch (err) {
    if (!(err instanceof YAMLException)) throw err;
    const line = err.mark === undefined ? '' : ` in line ${err.mark.line + 1}`;
    throw new AnnouncementsError([`the file must be YAML or JSON, but has a mistake${line}: ${err.reason}`]);
  }
}

interface Place {
  readonly kind: Entry['kind'];
  readonly index: number;
  /** Gets a line for each mistake. */
  readonly problems: string[];
}

function read(value: unknown, { kind, index, problems }: Place): Entry {
  const number = `${kind} ${index + 1}`;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) problems.push(`${number} must have an id and a title`);
  const fields: Record<string, unknown> = isObject ? { ...value } : {};
  const name = typeof fields.id === 'string' ? `${number} ("${fields.id.slice(0, 64)}")` : number;
  const wrong = (problem: string) => void (isObject && problems.push(`${name}: ${problem}`));
  const isMaintenance = kind === 'maintenance';
  const known = ['id', 'title', 'text', 'from', 'to', ...(isMaintenance ? ['lights'] : [])];
  for (const problem of unknownKeys(fields, known)) wrong(problem);
  const { id, title, text = '' } = fields;
  const isId = typeof id === 'string' && ID.test(id);
  if (!isId) wrong('id must be 1 to 64 letters, digits and . _ -, in quotes if it is a number');
  const isTitle = typeof title === 'string' && title.trim() !== '' && title.length <= MAX_TITLE_CHARS;
  if (!isTitle) wrong(`title must be a text of 1 to ${MAX_TITLE_CHARS} characters`);
  const isText = typeof text === 'string' && text.length <= MAX_TEXT_CHARS;
  if (!isText) wrong(`text must be a text of at most ${MAX_TEXT_CHARS} characters`);
  const [fromMs, toMs] = (['from', 'to'] as const).map((field) => {
    const ms = timeOf(fields[field]);
    const isMissing = fields[field] === undefined;
    if (isMissing ? isMaintenance : ms === undefined) wrong(`${field} must be ${TIME_RULE}`);
    return ms;
  });
  if (fromMs !== undefined && toMs !== undefined && toMs <= fromMs) wrong('to must be later than from');
  return {
    id: isId ? id : '',
    kind,
    title: isTitle ? title.trim() : '',
    text: isText ? text.trim() : '',
    fromMs,
    toMs,
    lights: fields.lights === undefined ? undefined : lightsOf(fields.lights, wrong),
  };
}

/** Milliseconds since the epoch; undefined for anything that is not a time of 1970 to 9999 in UTC. */
function timeOf(value: unknown): number | undefined {
  const match = typeof value === 'string' ? TIME.exec(value) : null;
  if (match === null) return undefined;
  const [text, year, month, day] = match;
  const ms = Date.parse(text.replace(' ', 'T'));
  // Date takes the 31st of every month.
  const isDay = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return ms >= 0 && ms < END_MS && isDay ? ms : undefined;
}

function lightsOf(value: unknown, wrong: (problem: string) => void): LightId[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  const lights = LIGHT_IDS.filter((id) => values.includes(id));
  if (lights.length === 0 || lights.length !== values.length)
    wrong(`lights must be a list of some of ${LIGHT_IDS.join(', ')}; without it, all are meant`);
  return lights;
}

function unknownKeys(fields: Readonly<Record<string, unknown>>, known: readonly string[]): string[] {
  return Object.keys(fields)
    .filter((key) => !known.includes(key))
    .map((key) => `there is no "${key.slice(0, 64)}" here; known are ${known.join(', ')}`);
}

function toObject(value: unknown, rule: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new AnnouncementsError([rule]);
}
