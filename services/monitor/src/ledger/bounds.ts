import type { LeaseView } from './ledger-view.js';

/** Between which times a lease began and ended, in milliseconds since the epoch; infinite where nothing is known. */
export interface LeaseBounds {
  readonly startFrom: number;
  readonly startTo: number;
  readonly endFrom: number;
  readonly endTo: number;
}

/**
 * The bounds of a lease. A time without bounds was recorded by an earlier version, which recorded when a change was seen:
 * after a pause that is later than the change. So it is an upper bound, and nothing is known of the lower one.
 * @param knownUntilMs an open lease lasts at least until then; -Infinity: that is not known
 */
export function boundsOf(lease: LeaseView, knownUntilMs: number): LeaseBounds {
  const { startedAt, startedNotBefore, startedNotAfter, endedAt, endedNotBefore, endedNotAfter } = lease;
  return {
    startFrom: toMs(startedNotBefore, Number.NEGATIVE_INFINITY),
    startTo: Date.parse(startedNotAfter ?? startedAt),
    // Not at that very millisecond either.
    endFrom: endedAt === null ? knownUntilMs + 1 : toMs(endedNotBefore, Number.NEGATIVE_INFINITY),
    endTo: toMs(endedNotAfter ?? endedAt, Number.POSITIVE_INFINITY),
  };
}

function toMs(time: string | null, otherwise: number): number {
  return time === null ? otherwise : Date.parse(time);
}
