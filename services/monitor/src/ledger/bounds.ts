import type { LeaseView } from './ledger-view.js';

/** The times of a lease, in milliseconds since the epoch. */
export interface LeaseTimes {
  /** The most likely times; null: it lasts. */
  readonly startedMs: number;
  readonly endedMs: number | null;
  /** The bounds; null: not recorded. */
  readonly startedNotBeforeMs: number | null;
  readonly startedNotAfterMs: number | null;
  readonly endedNotBeforeMs: number | null;
  readonly endedNotAfterMs: number | null;
}

/** Between which times a lease began and ended, in milliseconds since the epoch; infinite where nothing is known. */
export interface LeaseBounds {
  readonly startFrom: number;
  readonly startTo: number;
  readonly endFrom: number;
  readonly endTo: number;
}

export function timesOf(lease: LeaseTexts): LeaseTimes {
  return {
    startedMs: Date.parse(lease.startedAt),
    endedMs: toMs(lease.endedAt),
    startedNotBeforeMs: toMs(lease.startedNotBefore),
    startedNotAfterMs: toMs(lease.startedNotAfter),
    endedNotBeforeMs: toMs(lease.endedNotBefore),
    endedNotAfterMs: toMs(lease.endedNotAfter),
  };
}

type LeaseTexts = Pick<
  LeaseView,
  'startedAt' | 'startedNotBefore' | 'startedNotAfter' | 'endedAt' | 'endedNotBefore' | 'endedNotAfter'
>;

/**
 * The bounds of a lease. A time without bounds was recorded by an earlier version, which recorded when a change was seen:
 * after a pause that is later than the change. So it is an upper bound, and nothing is known of the lower one.
 * @param knownUntilMs an open lease lasts at least until then; -Infinity: that is not known
 */
export function boundsOf(times: LeaseTimes, knownUntilMs: number): LeaseBounds {
  const { startedMs, endedMs } = times;
  return {
    startFrom: times.startedNotBeforeMs ?? Number.NEGATIVE_INFINITY,
    startTo: times.startedNotAfterMs ?? startedMs,
    // Not at that very millisecond either.
    endFrom: endedMs === null ? knownUntilMs + 1 : (times.endedNotBeforeMs ?? Number.NEGATIVE_INFINITY),
    endTo: times.endedNotAfterMs ?? endedMs ?? Number.POSITIVE_INFINITY,
  };
}

function toMs(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
