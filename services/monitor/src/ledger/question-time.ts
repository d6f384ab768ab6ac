import { type Instant, parseInstant } from '@podips/annotate';
import { InvalidRequestError } from '../words/request-rules.js';

/** A range of time, in milliseconds since the epoch. */
export interface Span {
  /** -Infinity: since ever. */
  readonly fromMs: number;
  /** No longer in it. Undefined: as far as is known. */
  readonly toMs: number | undefined;
}

/** A day, and its zone if it is not UTC. */
const DAY = /^(\d{4})([-/])(\d{2})\2(\d{2})( .*)?$/;

interface TimeTexts {
  readonly at: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Reads a time, or a range of it: a day is one as well.
 * @param nowMs for times that are said in relation to it
 * @returns undefined when none is given
 * @throws {InvalidRequestError}
 */
export function parseTime({ at, from, to }: TimeTexts, nowMs: number): Instant | Span | undefined {
  if (at !== '' && (from !== '' || to !== '')) throw new InvalidRequestError('time');
  if (at !== '') return parseDay(at, nowMs) ?? requireInstant('at', at, nowMs);
  if (from === '' && to === '') return undefined;
  const fromMs = from === '' ? Number.NEGATIVE_INFINITY : beginOf('from', from, nowMs);
  const toMs = to === '' ? undefined : (parseDay(to, nowMs)?.toMs ?? requireInstant('to', to, nowMs).ms);
  if (toMs !== undefined && fromMs >= toMs) throw new InvalidRequestError('to');
  return { fromMs, toMs };
}

function beginOf(field: string, text: string, nowMs: number): number {
  return parseDay(text, nowMs)?.fromMs ?? requireInstant(field, text, nowMs).ms;
}

/** From midnight to midnight, which may be 23 or 25 hours. */
function parseDay(text: string, nowMs: number): (Span & { readonly toMs: number }) | undefined {
  const [, year = '', , month = '', day = '', zone = ''] = DAY.exec(text) ?? [];
  if (year === '') return undefined;
  const next = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day) + 1));
  const midnight = (date: string) => parseInstant(`${date} 00:00${zone}`, nowMs)?.ms;
  const fromMs = midnight(`${year}-${month}-${day}`);
  const toMs = Number.isNaN(next.getTime()) ? undefined : midnight(next.toISOString().slice(0, 10));
  return fromMs === undefined || toMs === undefined ? undefined : { fromMs, toMs };
}

function requireInstant(field: string, text: string, nowMs: number): Instant {
  const instant = parseInstant(text, nowMs);
  if (instant === undefined) throw new InvalidRequestError(field);
  return instant;
}
