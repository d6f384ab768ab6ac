import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, openPool, pause } from '@podips/shared';
import {
  createRandom,
  startActiveMq,
  startChurn,
  startCluster,
  startPostgres,
  startProxy,
  startServices,
  startSink,
  untilWatched,
} from '@podips/simulation';
import { check, type TortureVerdict } from './check.js';
import { createFaults, type Surroundings } from './faults.js';
import { type PlannedFault, planFaults } from './schedule.js';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

const CHANGES_PER_SECOND = 20;
const PODS = 120;
const SETTLE_DEADLINE_MS = 180_000;
const KEPT_RECORDS = 1_000_000;
const MINUTE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/** Short deadlines, so that many faults fit into a minute. */
const ENV = {
  all: { LOG_LEVEL: 'warn', QUEUE_HEARTBEAT_MS: '1000', QUEUE_RECEIPT_TIMEOUT_MS: '3000' },
  reader: { KUBE_WATCH_IDLE_MS: '3000', DB_WAIT_MS: '3000', OUTBOX_INTERVAL_MS: '2000' },
  writer: { LOG_ACK_TIMEOUT_MS: '2000', LOG_PROBE_INTERVAL_MS: '2000' },
};

/** Runs a busy cluster through faults picked at random, then compares what happened with what arrived. */
export async function torture(options: TortureOptions): Promise<TortureVerdict> {
  await using resources = new AsyncDisposableStack();
  const world = await startWorld(resources);
  const random = createRandom(options.seed);
  const plan = planFaults(createFaults(world), options.minutes * MINUTE_MS, () => random.next());
  options.print(`${plan.length} faults in ${options.minutes} minutes, seed ${options.seed}`);
  await untilWatched(world.cluster);
  const churn = startChurn(world.cluster, {
    seed: options.seed,
    changesPerSecond: CHANGES_PER_SECOND,
    pods: PODS,
  });
  try {
    await Promise.all(plan.map((planned) => inflict(planned, options)));
  } finally {
    churn.stop();
  }
  return await settle(world, options, resources);
}

async function startWorld(resources: AsyncDisposableStack): Promise<Surroundings> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-torture-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const cluster = await startCluster({
    bookmarkIntervalMs: 500,
    ipPoolSize: PODS * 2,
    historyLimit: 100_000,
  });
  resources.defer(() => cluster.stop());
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const broker = await startActiveMq();
  resources.defer(() => broker.destroy());
  const brokerProxy = await startProxy({ host: '127.0.0.1', port: broker.port });
  resources.defer(() => brokerProxy.stop());
  const sink = await startSink({ keep: KEPT_RECORDS });
  resources.defer(() => sink.stop());
  const services = await startServices({
    clusterUrl: cluster.url,
    queueHost: '127.0.0.1',
    queuePort: brokerProxy.port,
    database: postgres.settings,
    logPort: sink.port,
    dir,
    env: ENV,
  });
  resources.defer(() => services.stop());
  return { cluster, postgres, broker, brokerProxy, sink, services };
}

async function inflict(
  { fault, beginsAtMs, endsAtMs }: PlannedFault,
  options: TortureOptions,
): Promise<void> {
  const { print, signal } = options;
  if (!(await pause(beginsAtMs, signal))) return;
  print(
    `${(beginsAtMs / 1_000).toFixed(1)} s: ${fault.name} for ${((endsAtMs - beginsAtMs) / 1_000).toFixed(1)} s`,
  );
  await fault.begin();
  await pause(endsAtMs - beginsAtMs, signal);
  await fault.end();
}

/** Waits until all has arrived and is written, for as long as it takes within a deadline. */
async function settle(
  { cluster, sink, postgres }: Surroundings,
  options: TortureOptions,
  resources: AsyncDisposableStack,
): Promise<TortureVerdict> {
  const pool = openPool(postgres.settings, createLogger('torture', 'silent'));
  resources.defer(() => pool.end());
  const deadline = AbortSignal.timeout(SETTLE_DEADLINE_MS);
  for (;;) {
    const verdict = await check(cluster.truth, sink.records, pool);
    const settled = verdict.missing.length === 0 && verdict.ledger.length === 0;
    if (settled || deadline.aborted || options.signal.aborted) return verdict;
    await pause(LOOK_EVERY_MS, options.signal);
  }
}
