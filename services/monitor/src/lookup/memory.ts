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

/** What the ledger covers, and its gaps, as they were a moment ago. */
export interface Recent {
  /** Undefined: not read, or too long ago. */
  coverage(): readonly Coverage[] | undefined;
  /** It is time to read it again: then it is not too old as soon as the next questions come. */
  isDue(): boolean;
  /** The days whose gaps were asked for since then, and are to be read again with it; not all of very many. */
  days(): readonly number[];
  /** The gaps that touch the window of a day. Undefined: not read. */
  gapsOf(day: number): readonly GapRow[] | undefined;
  keep(coverage: readonly Coverage[]): void;
  /**
   * Keeps gaps that were read at the same moment as the coverage, or later. Those of another one are not kept: with a newer
   * coverage, a gap that was recorded together with it would be missing.
   */
  keepGaps(coverage: readonly Coverage[], day: number, gaps: readonly GapRow[]): void;
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

function createRecent(monotonicMs: () => number): Recent {
  let kept: readonly Coverage[] | undefined;
  let keptAtMs = 0;
  const gapsOfDays = new Map<number, readonly GapRow[]>();
  const days = new Set<number>();
  return {
    coverage: () => (monotonicMs() - keptAtMs <= MAX_RECENT_AGE_MS ? kept : undefined),
    isDue: () => kept === undefined || monotonicMs() - keptAtMs > DUE_AFTER_MS,
    days: () => [...days],
    gapsOf(day) {
      if (days.size < MAX_DAYS) days.add(day);
      return gapsOfDays.get(day);
    },
    keep(coverage) {
      kept = coverage;
      keptAtMs = monotonicMs();
      gapsOfDays.clear();
      days.clear();
    },
    keepGaps(coverage, day, gaps) {
      if (coverage === kept) gapsOfDays.set(day, gaps);
    },
  };
}
