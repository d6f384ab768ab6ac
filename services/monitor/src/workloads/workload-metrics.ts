import { Gauge, type Metric } from 'prom-client';
import type { WorkloadFacts } from './decide-workload-alerts.js';
import type { WorkloadName } from './facts.js';

/** A series for each of the worst unstable workloads, and no more. */
const MAX_SERIES = 50;

/**
 * Metrics of the unstable workloads of a cluster, as they were at the last look at the ledger; absent until all of it is
 * counted. Their labels do not collide with those that Prometheus gives a target.
 */
export function workloadMetrics(
  facts: () => WorkloadFacts | undefined,
  now: () => number,
  isMuted: (workload: WorkloadName) => boolean,
): Metric[] {
  const gauge = (name: string, help: string, value: (known: WorkloadFacts) => number) =>
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        const known = facts();
        if (known === undefined) this.remove();
        else this.set(value(known));
      },
    });
  const troubles = new Gauge({
    name: 'podips_unstable_workload_troubles',
    help: `Pods replaced, restarts of containers and pods failed in an hour of a workload that is unstable; of the worst ${MAX_SERIES}`,
    labelNames: ['workload_namespace', 'workload_kind', 'workload', 'muted'],
    registers: [],
    collect() {
      this.reset();
      const worst = (facts()?.unstable ?? []).map((one) => ({
        ...one,
        muted: String(isMuted(one.workload)),
      }));
      // Those that make no alert come last.
      worst.sort((a, b) => a.muted.localeCompare(b.muted));
      for (const { workload, measured, muted } of worst.slice(0, MAX_SERIES)) {
        const { namespace: workload_namespace, kind: workload_kind, name } = workload;
        this.set({ workload_namespace, workload_kind, workload: name, muted }, measured.trouble);
      }
    },
  });
  return [
    troubles,
    gauge(
      'podips_unstable_workloads',
      'Workloads that are unstable; absent until the ledger is counted',
      ({ unstable }) => unstable.length,
    ),
    gauge(
      'podips_unstable_workloads_left_out',
      `Unstable workloads beyond the worst ${MAX_SERIES}, which have no series of their own`,
      ({ unstable }) => Math.max(0, unstable.length - MAX_SERIES),
    ),
    gauge(
      'podips_workloads_behind_seconds',
      'Seconds since the time up to which workloads are counted',
      ({ knownUntilMs }) => Math.max(0, now() - knownUntilMs) / 1_000,
    ),
  ];
}
