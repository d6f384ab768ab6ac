import type { Measure, WorkloadPage } from './measure.js';

/** From when on a workload is unstable. */
export interface Limits {
  /** Pods replaced or failed within an hour. */
  readonly replacedPerHour: number;
  /** Containers restarted within an hour. */
  readonly restartsPerHour: number;
  /** How many times its usual figure that must be at least. */
  readonly timesUsual: number;
  /** In each of so many quarters of an hour that are over something happened: a loop, however slow. 0: none is one. */
  readonly loopQuarters: number;
}

/**
 * A loop that is slower than a quarter of an hour, as of a pod that dies every twenty minutes: in each of so many half hours
 * that are over something happened, and more in the last hour than is usual for the workload.
 */
const SLOW_LOOP_HALF_HOURS = 6;

/** Silent on a healthy cluster, where rollouts, scaling and drains do not count. */
export const DEFAULT_LIMITS: Limits = {
  replacedPerHour: 5,
  restartsPerHour: 5,
  timesUsual: 3,
  loopQuarters: 6,
};

/** Why a workload is unstable. */
export const INSTABILITIES = ['replaced', 'restarts', 'loop'] as const;
export type Instability = (typeof INSTABILITIES)[number];

/**
 * Decides whether a workload is unstable: many pods replaced or failed for what is usual, many restarts, or a steady loop.
 * @param measured for the last hour
 * @param nowMs milliseconds since the epoch
 */
export function instabilityOf(
  page: WorkloadPage,
  measured: Measure,
  limits: Limits,
  nowMs: number,
): Instability | undefined {
  const { counts, trouble, usual = 0 } = measured;
  const isUnusual = trouble >= limits.timesUsual * usual;
  if (counts.replaced + counts.failed >= limits.replacedPerHour && isUnusual) return 'replaced';
  if (counts.restarts >= limits.restartsPerHour) return 'restarts';
  if (limits.loopQuarters === 0) return undefined;
  const isSlowLoop = isUnusual && isLoop(page, SLOW_LOOP_HALF_HOURS, 2, nowMs);
  return isSlowLoop || isLoop(page, limits.loopQuarters, 1, nowMs) ? 'loop' : undefined;
}

/** Something happened in each of so many spans of time that are over, each of so many quarters of an hour. */
function isLoop({ tally }: WorkloadPage, spans: number, quarters: number, nowMs: number): boolean {
  const all = (['replaced', 'failed', 'restarts'] as const).map((what) =>
    // The last one is not over yet.
    tally.quarters(what, spans * quarters + 1, nowMs).slice(0, -1),
  );
  return Array.from({ length: spans }, (_none, span) => span * quarters).every((from) =>
    all.some((counts) => counts.slice(from, from + quarters).some((count) => count > 0)),
  );
}
