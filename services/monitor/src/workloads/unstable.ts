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
  const { loopQuarters } = limits;
  return loopQuarters > 0 && isLoop(page, loopQuarters, nowMs) ? 'loop' : undefined;
}

function isLoop({ tally }: WorkloadPage, quarters: number, nowMs: number): boolean {
  const happened = (['replaced', 'failed', 'restarts'] as const).map((what) =>
    tally.quarters(what, quarters + 1, nowMs),
  );
  // The last one is not over yet.
  return Array.from({ length: quarters }, (_none, index) => index).every((index) =>
    happened.some((counts) => (counts[index] ?? 0) > 0),
  );
}
