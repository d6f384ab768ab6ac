import { pause } from '@podips/shared';
import { type ServiceName, type SimulatedCluster, startCluster } from '@podips/simulation';
import { type Chain, startChain } from './chain.js';
import type { BenchRun, Figure } from './measurement.js';
import { fillQueue, makeBodies } from './messages.js';
import { until } from './until.js';

const SERVICES = ['reader', 'writer', 'monitor', 'cronjob'] as const;
const EXPECTED_MB = 300;
const DEADLINE_MS = 180_000;
export const BYTES_PER_MB = 1_000_000;
const NAMESPACES = 20;
const TICK_MS = 50;
/** Together more than 3 kB. */
const LABELS = 40;
const LABEL_LENGTH = 63;

/** The largest resident set of each service: many pods listed, all of them changed, and Fluentd unavailable for a while. */
export async function measureMemory(run: BenchRun): Promise<Figure[]> {
  const { pods, updates, updatesPerSecond, backlog } = run.scale.memory;
  const { signal, print } = run;
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster({ managedFields: true, nodes: 100, historyLimit: 2 * pods });
  resources.defer(() => cluster.stop());
  const uids = fill(cluster, pods);
  print(`memory: ${pods} pods, then ${updates} updates at ${updatesPerSecond} a second`);
  const chain = await startChain(run, { cluster });
  resources.use(chain);
  const patience = { deadlineMs: DEADLINE_MS, signal };
  const allArrived = (others = 0) =>
    until('all messages arrived', patience, () => chain.sink.distinct >= cluster.truth.changeCount + others);
  await allArrived();
  await changeAddresses(cluster, uids, run);
  await allArrived();
  print(`memory: ${backlog} messages arrive while Fluentd is unavailable`);
  await chain.sink.faults.refuse(true);
  await fillQueue(run.brokerPort, makeBodies(backlog), signal);
  await chain.sink.faults.refuse(false);
  await allArrived(backlog);
  const meaning = `with ${pods} pods, ${updates} changes of address and a backlog of ${backlog} messages`;
  // Awaited here, because the services end with this function.
  return await Promise.all(SERVICES.map((name) => toFigure(name, chain, meaning)));
}

async function toFigure(name: ServiceName, { services }: Chain, circumstances: string): Promise<Figure> {
  const service = services.process(name);
  if (!service.running) throw new Error(`the ${name} has ended:\n${service.output()}`);
  return {
    name: `memory: ${name}, peak`,
    value: (await service.peakBytes()) / BYTES_PER_MB,
    unit: 'MB',
    expectation: { below: EXPECTED_MB },
    meaning: `largest resident set (VmHWM) of the process, ${circumstances}`,
  };
}

function fill(cluster: SimulatedCluster, count: number): string[] {
  // Pods in real clusters have some 6 kB.
  const ballast = Object.fromEntries(
    Array.from({ length: LABELS }, (_, n) => [`example.com/${n}`, 'x'.repeat(LABEL_LENGTH)]),
  );
  return Array.from({ length: count }, (_, n) => {
    const app = `service-${n % 500}`;
    const template = {
      name: `${app}-6c8f5d9b7d-${n.toString(36).padStart(5, '0')}`,
      namespace: `team-${n % NAMESPACES}`,
      labels: { app, 'pod-template-hash': '6c8f5d9b7d', ...ballast },
    };
    return cluster.pods.start(template).metadata.uid;
  });
}

/** Gives each pod another address in turn, which ends a lease and starts one, at an even pace. */
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
