import { readFile } from 'node:fs/promises';
import { pause } from '@podips/shared';
import { type SimulatedCluster, startCluster } from '@podips/simulation';
import { startChain } from './chain.js';
import type { BenchRun, Figure } from './measurement.js';
import { until } from './until.js';

const DEADLINE_MS = 180_000;
const KIB_PER_MB = 1_000_000 / 1_024;
const NAMESPACES = 20;
const TICK_MS = 50;

/** The largest resident set of the reader while it lists many pods and sees all of them change. */
export async function measureMemory(run: BenchRun): Promise<Figure[]> {
  const { pods, updates, updatesPerSecond } = run.scale.memory;
  const { signal, tell } = run;
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster({ managedFields: true, nodes: 100, historyLimit: 2 * pods });
  resources.defer(() => cluster.stop());
  const uids = fill(cluster, pods);
  tell(`memory: ${pods} pods, then ${updates} updates at ${updatesPerSecond} a second`);
  const chain = await startChain(run, { cluster });
  resources.use(chain);
  const patience = { deadlineMs: DEADLINE_MS, signal };
  const allArrived = () =>
    until('all changes arrived', patience, () => chain.sink.distinct >= cluster.truth.changeCount);
  await allArrived();
  await changeAddresses(cluster, uids, run);
  await allArrived();
  const reader = chain.services.process('reader');
  return [
    {
      name: 'memory: reader, peak',
      value: await peakMemoryMb(reader.pid),
      unit: 'MB',
      meaning: `largest resident set (VmHWM) of the reader's process, ${pods} pods listed, then ${updates} changes of address`,
    },
  ];
}

function fill(cluster: SimulatedCluster, count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const app = `service-${n % 500}`;
    const template = {
      name: `${app}-6c8f5d9b7d-${n.toString(36).padStart(5, '0')}`,
      namespace: `team-${n % NAMESPACES}`,
      labels: { app, 'pod-template-hash': '6c8f5d9b7d', 'app.kubernetes.io/managed-by': 'Helm' },
    };
    return cluster.pods.start(template).metadata.uid;
  });
}

/** Gives each pod in turn another address, which ends a lease and starts one, at an even pace. */
async function changeAddresses(
  cluster: SimulatedCluster,
  uids: readonly string[],
  { scale, signal }: BenchRun,
): Promise<void> {
  const { updates, updatesPerSecond } = scale.memory;
  const startedMs = performance.now();
  for (let made = 0; made < updates; ) {
    const due = Math.min(updates, ((performance.now() - startedMs) * updatesPerSecond) / 1_000);
    for (; made < due; made += 1) {
      const uid = uids[made % uids.length];
      if (uid !== undefined) cluster.pods.changeIp(uid);
    }
    await pause(TICK_MS, signal);
    signal.throwIfAborted();
  }
}

async function peakMemoryMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error('the system does not tell the peak of a process');
  return Number(kib) / KIB_PER_MB;
}
