import type { WorkloadBook } from './book.js';
import { isDisruption, isRun, type WorkloadName } from './facts.js';
import type { Measure, WorkloadPage } from './measure.js';
import { type Instability, instabilityOf, type Limits } from './unstable.js';
import type { Span } from './windows.js';
import { HOUR_MS } from './windows.js';

/** A workload that is unstable, and what happened to it in the hour before. */
export interface UnstableWorkload {
  readonly workload: WorkloadName;
  readonly why: Instability;
  readonly measured: Measure;
  readonly ended: EndedPods;
}

/** Pods that ended, without runs that completed. */
export interface EndedPods {
  readonly pods: number;
  /** Those that were evicted, preempted or lost, by their node. */
  readonly disruptedOn: ReadonlyMap<string, number>;
  /** Those of them that never had an address: they count as failed, not as replaced. */
  readonly rejected: number;
}

/** Where and when unstable workloads are looked for. */
export interface Where {
  readonly cluster: string;
  /** The time that everything is known of, in milliseconds since the epoch: the hour before it counts. */
  readonly atMs: number;
  readonly gaps: readonly Span[];
}

/** The unstable workloads of a cluster, the worst first. */
export function findUnstable(
  book: WorkloadBook,
  { cluster, atMs, gaps }: Where,
  limits: Limits,
): UnstableWorkload[] {
  const fromMs = atMs - HOUR_MS;
  const isCut = gaps.some((gap) => gap.fromMs < fromMs && gap.toMs > fromMs);
  return book
    .measure(HOUR_MS, atMs)
    .ranked()
    .flatMap((measured) => {
      const { workload } = measured;
      const page = book.look(workload);
      if (workload.cluster !== cluster || page === undefined) return [];
      const sure = isCut ? withSureRestarts(measured, page, fromMs) : measured;
      const why = instabilityOf(page, sure, limits, atMs);
      if (why === undefined) return [];
      return [{ workload, why, measured: sure, ended: endedPods(page, fromMs, atMs) }];
    });
}

/** A number of restarts at once, of which a gap hid the times, may have begun before the hour: only the last one did not. */
function withSureRestarts(measured: Measure, { restarts }: WorkloadPage, fromMs: number): Measure {
  const unsure = restarts
    .filter(({ atMs }) => atMs > fromMs)
    .reduce((sum, { count, countBefore }) => sum + count - countBefore - 1, 0);
  const { counts, trouble } = measured;
  const sure = Math.max(0, counts.restarts - unsure);
  return {
    ...measured,
    counts: { ...counts, restarts: sure },
    trouble: trouble - counts.restarts + sure,
  };
}

function endedPods({ workload, lives }: WorkloadPage, fromMs: number, toMs: number): EndedPods {
  const disruptedOn = new Map<string, number>();
  let [pods, rejected] = [0, 0];
  for (const { ip, node, end } of lives.ended) {
    if (end === undefined || end.atMs <= fromMs || end.atMs > toMs) continue;
    if (isRun(workload) && end.cause === 'Completed') continue;
    pods += 1;
    if (!isDisruption(end.cause)) continue;
    disruptedOn.set(node, (disruptedOn.get(node) ?? 0) + 1);
    if (ip === '') rejected += 1;
  }
  return { pods, disruptedOn, rejected };
}
