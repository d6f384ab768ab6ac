import { type Instant, parseInstant } from '@podips/annotate';
import { parseIp } from '../ledger/question-addresses.js';
import { InvalidRequestError, refuseUnknown } from '../words/request-rules.js';
import { ANSWER_FIELDS, type LookupAnswer } from './lookup-answer.js';

/** Asks whose an address was, for a program that has a log. */
export interface LookupQuestion {
  readonly ip: string;
  /** Undefined: now. */
  readonly at: Instant | undefined;
}

/** What holds for all questions of a request. */
export interface LookupTerms {
  /** How far the clock that wrote the time may be off, in milliseconds. */
  readonly skewMs: number;
  /** Undefined: all clusters of the ledger. */
  readonly cluster: string | undefined;
}

/** Which fields of the answers are wanted, in this order. */
export type WantedFields = readonly (keyof LookupAnswer)[];

/** A question with its terms. */
export type Asked = LookupQuestion & LookupTerms;

/** Most bytes of a line with a question. */
export const MAX_LINE_BYTES = 4_096;
const DEFAULT_SKEW_MS = 1_000;
const MAX_SKEW_MS = 600_000;
const MAX_WAIT_MS = 120_000;
const LENGTH = /^(\d{1,6})(ms|s|m)$/;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const FIELDS = ['ip', 'at', 'until'];

/** @throws {InvalidRequestError} that names the parameter which is wrong */
export function parseTerms({ skew, cluster }: { skew?: string; cluster?: string }): LookupTerms {
  if (cluster?.includes('\0')) throw new InvalidRequestError('cluster');
  return { skewMs: skew === undefined ? DEFAULT_SKEW_MS : parseSkew(skew), cluster };
}

/** @returns undefined: all of them @throws {InvalidRequestError} */
export function parseFields(text: string | undefined): WantedFields | undefined {
  if (text === undefined) return undefined;
  return text.split(',').map((name) => {
    const field = ANSWER_FIELDS.find((each) => each === name.trim());
    if (field === undefined) throw new InvalidRequestError('fields');
    return field;
  });
}

function parseSkew(text: string): number {
  return parseLength('skew', text, MAX_SKEW_MS);
}

/** How long an answer may be waited for, in milliseconds. @throws {InvalidRequestError} */
export function parseWait(text: string | undefined): number {
  return text === undefined ? 0 : parseLength('wait', text, MAX_WAIT_MS);
}

function parseLength(field: string, text: string, maxMs: number): number {
  const [, count, unit = ''] = LENGTH.exec(text) ?? [];
  const ms = Number(count) * (UNITS_MS[unit] ?? Number.NaN);
  if (!(ms <= maxMs)) throw new InvalidRequestError(field);
  return ms;
}

/**
 * Reads an address, or an address and a time with an at sign between them: the only text that some programs can send.
 * @throws {InvalidRequestError}
 */
export function parseKey(key: string, nowMs: number): LookupQuestion {
  const at = key.indexOf('@');
  if (at === -1) return { ip: parseIp(key.trim()), at: undefined };
  return { ip: parseIp(key.slice(0, at).trim()), at: parseTime('at', key.slice(at + 1), nowMs) };
}

/**
 * Reads a line of JSON, `{"ip":"10.1.2.3","at":"2026-01-31T12:00:00Z"}`. With `until` it is about all of the time from `at` to
 * there, such as that of a connection.
 * @throws {InvalidRequestError} that says what is wrong with it
 */
export function parseLine(line: string, nowMs: number): LookupQuestion {
  if (line.length > MAX_LINE_BYTES)
    throw new InvalidRequestError('line', `longer than ${MAX_LINE_BYTES} bytes`);
  const fields = parseObject(line);
  refuseUnknown(fields, FIELDS);
  const { ip, at, until } = fields;
  if (typeof ip !== 'string') throw new InvalidRequestError('ip');
  // An empty time is a mistake, not a question about now.
  const time = at === undefined ? undefined : parseTime('at', at, nowMs);
  if (until === undefined) return { ip: parseIp(ip.trim()), at: time };
  const last = parseTime('until', until, nowMs);
  if (time === undefined || last.ms < time.ms) throw new InvalidRequestError('until');
  return { ip: parseIp(ip.trim()), at: { ms: time.ms, precisionMs: last.ms + last.precisionMs - time.ms } };
}

function parseObject(line: string): {
  readonly ip?: unknown;
  readonly at?: unknown;
  readonly until?: unknown;
} {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The line is not repeated: it may be anything.
  }
  throw new InvalidRequestError(
    'line',
    'not a JSON object such as {"ip":"10.1.2.3","at":"2026-01-31T12:00:00Z"}',
  );
}

function parseTime(field: string, value: unknown, nowMs: number): Instant {
  const text = typeof value === 'number' ? String(value) : value;
  const time = typeof text === 'string' ? parseInstant(text, nowMs) : undefined;
  if (time === undefined) throw new InvalidRequestError(field);
  return time;
}
