import type { Coverage } from '../ledger/coverage.js';
import type { GapRow } from '../ledger/queries.js';
import type { BoundLease } from '../ledger/verdict.js';
import type { LookupLease } from './conclude.js';
import { createTimedCache, type Read, type TimedCache } from './timed-cache.js';

export type Near = readonly BoundLease<LookupLease>[];

/** All leases of an address that matter for the times of a window. */
export interface WindowLeases extends Read {
  /** Undefined: too many to be kept. */
  readonly leases: Near | undefined;
}

/** The addresses around one: the same /16 of IPv4. */
export interface Surroundings extends Read {
  /** The ledger has no lease of any of them. */
  readonly isOutside: boolean;
}

/**
 * What the ledger covered at a moment, and its gaps of days as they were then, or later: older ones would lack a gap that was
 * recorded together with the coverage.
 */
export interface Moment {
  readonly coverage: readonly Coverage[];
  /** When it was asked for, by the monotonic clock. */
  readonly askedMs: number;
  /** The gaps that touch the window of a day. Undefined: not read. */
  gapsOf(day: number): readonly GapRow[] | undefined;
  keepGaps(day: number, gaps: readonly GapRow[]): void;
  /** The days whose gaps were asked for; not all of very many. */
  daysAsked(): readonly number[];
}

/** The last moment that was read. */
export interface Recent {
  nowMs(): number;
  /** Undefined: none was read, or too long ago. */
  current(): Moment | undefined;
  /** It is time to read another one: then this one is not too old as soon as the next questions come. */
  isDue(): boolean;
  /** The days whose gaps are to be read with the next one, because questions are about them. */
  daysAsked(): readonly number[];
  /** Unless one that was asked for later is there already. */
  keep(moment: Moment): void;
}

/** What is known of the ledger from earlier questions. It serves questions about times of which all was known by then. */
export interface LookupMemory {
  readonly windows: TimedCache<WindowLeases>;
  readonly surroundings: TimedCache<Surroundings>;
  readonly recent: Recent;
}

const MAX_AGE_MS = 30_000;
/** About 80 MB at most, of the 192 that the heap may have: a window, and a lease in it, each count as one. */
const MAX_WINDOWS = 150_000;
/** There are 65,536 of IPv4. */
const MAX_SURROUNDINGS = 150_000;
const MAX_RECENT_AGE_MS = 1_000;
const DUE_AFTER_MS = 500;
const MAX_DAYS = 31;

export function createMemory(monotonicMs: () => number): LookupMemory {
  const times = { maxAgeMs: MAX_AGE_MS, monotonicMs };
  return {
    windows: createTimedCache({ ...times, maxSize: MAX_WINDOWS }),
    surroundings: createTimedCache({ ...times, maxSize: MAX_SURROUNDINGS }),
    recent: createRecent(monotonicMs),
  };
}

export function createMoment(coverage: readonly Coverage[], askedMs: number): Moment {
  const gapsOfDays = new Map<number, readonly GapRow[]>();
  const days = new Set<number>();
  return {
    coverage,
    askedMs,
    gapsOf(day) {
      if (days.size < MAX_DAYS) days.add(day);
      return gapsOfDays.get(day);
    },
    keepGaps: (day, gaps) => void gapsOfDays.set(day, gaps),
    daysAsked: () => [...days],
  };
}

function createRecent(monotonicMs: () => number): Recent {
  let kept: Moment | undefined;
  const ageMs = () => monotonicMs() - (kept?.askedMs ?? Number.NEGATIVE_INFINITY);
  return {
    nowMs: monotonicMs,
    current: () => (ageMs() <= MAX_RECENT_AGE_MS ? kept : undefined),
    isDue: () => ageMs() > DUE_AFTER_MS,
    daysAsked: () => (ageMs() <= MAX_RECENT_AGE_MS ? kept?.daysAsked() : undefined) ?? [],
    keep(moment) {
      if (kept === undefined || moment.askedMs >= kept.askedMs) kept = moment;
    },
  };
}
