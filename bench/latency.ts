import { createHistogram } from 'node:perf_hooks';
import { eventId } from '@podips/shared';
import { type IpChange, startChurn, startCluster, untilWatched } from '@podips/simulation';
import { startChain } from './chain.js';
import type { BenchRun, Figure } from './measurement.js';
import { until } from './until.js';

const PODS = 200;
const ARRIVAL_DEADLINE_MS = 60_000;
const EXPECTED_BELOW_MS = 250;
const US_PER_MS = 1_000;

/** The time from a change of a pod's address to the acknowledged record of it. */
export async function measureLatency(run: BenchRun): Promise<Figure[]> {
  const { warmUpChanges, changes, changesPerSecond } = run.scale.latency;
  const { signal, print } = run;
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster({ now: () => new Date(nowMs()) });
  resources.defer(() => cluster.stop());
  const arrivedAtMs = new Map<string, number>();
  const arrived = ({ record }: { record: Readonly<Record<string, unknown>> }) => {
    const id = String(record.event_id);
    if (!arrivedAtMs.has(id)) arrivedAtMs.set(id, nowMs());
  };
  const chain = await startChain(run, { cluster, onRecord: arrived });
  resources.use(chain);
  const { truth } = cluster;
  const allArrived = () =>
    until(
      'all changes arrived',
      { deadlineMs: ARRIVAL_DEADLINE_MS, signal },
      () => arrivedAtMs.size >= truth.changeCount,
    );

  await untilWatched(cluster);
  const churn = startChurn(cluster, { changesPerSecond, pods: PODS });
  resources.defer(() => churn.stop());
  await allArrived();
  print(`latency: ${changes} changes at ${changesPerSecond} a second`);
  const first = truth.changeCount + warmUpChanges;
  const deadlineMs = ((warmUpChanges + changes) / changesPerSecond) * 3_000;
  await until('enough changes', { deadlineMs, signal }, () => truth.changeCount >= first + changes);
  churn.stop();
  await allArrived();
  return toFigures(latenciesMs(truth.changes, arrivedAtMs).slice(first), changesPerSecond);
}

/** Monotonic, whatever happens to the machine's clock; the same for the cluster and the sink. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * The latency of every change, in order. The cluster records truncated milliseconds, so values are up to one too long.
 * @throws when a change never arrived
 */
function latenciesMs(changes: readonly IpChange[], arrivedAtMs: ReadonlyMap<string, number>): number[] {
  const occurrences = new Map<string, number>();
  return changes.map(({ podUid, ip, kind, at }) => {
    const edge = `${podUid} ${ip} ${kind}`;
    const occurrence = occurrences.get(edge) ?? 0;
    occurrences.set(edge, occurrence + 1);
    const status = kind === 'assigned' ? 'allocated' : 'deallocated';
    const arrived = arrivedAtMs.get(eventId(podUid, ip, status, occurrence));
    if (arrived === undefined) throw new Error(`never arrived: ${edge}`);
    return arrived - at.getTime();
  });
}

function toFigures(latencies: readonly number[], changesPerSecond: number): Figure[] {
  const histogram = createHistogram();
  for (const ms of latencies) histogram.record(Math.max(1, Math.round(ms * US_PER_MS)));
  const meaning = `of ${latencies.length} changes at ${changesPerSecond} a second, from the pod's change in the cluster to the record in the sink, through all services`;
  return [
    {
      name: 'latency: p50',
      value: histogram.percentile(50) / US_PER_MS,
      unit: 'ms',
      meaning: `half ${meaning}`,
    },
    {
      name: 'latency: p99',
      value: histogram.percentile(99) / US_PER_MS,
      unit: 'ms',
      expectation: { below: EXPECTED_BELOW_MS },
      meaning: `99 % ${meaning}`,
    },
  ];
}
