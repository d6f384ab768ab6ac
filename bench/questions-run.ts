import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type DatabaseSettings, localUrl, migrate, openPool, pause } from '@podips/shared';
import {
  type LocalServices,
  type SimulatedCluster,
  startChurn,
  startCluster,
  startPostgres,
  startProxy,
  startServices,
  startSink,
  type TcpProxy,
  type UnknownTime,
} from '@podips/simulation';
import type { BenchRun } from './measurement.js';
import { until } from './until.js';

const DEADLINE_MS = 120_000;
const HISTORY = 1_000_000;
const LINK = '127.0.0.1';
/** By so much a slow watch holds back each piece that it sends. */
const SLOW_MS = 3_000;
/** So that a buffer is soon full, and everything else takes as long as in a cluster. */
const READER = {
  LOG_LEVEL: 'warn',
  READER_BUFFER_MESSAGES: '100',
  DB_WAIT_MS: '3000',
  LEASE_DURATION_S: '3',
  STANDBY_INTERVAL_MS: '500',
};

/** A run that is over: what happened, and the ledger that has it. */
export interface EndedRun extends AsyncDisposable {
  readonly cluster: SimulatedCluster;
  readonly database: DatabaseSettings;
  /** From the first position of the reader to the end, in milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How many gaps the ledger has, but for the one before the start, and how long they are. */
  readonly gaps: number;
  readonly gapMs: number;
  /** When something was made to fail, until the ledger knew again what had happened. */
  readonly outages: readonly UnknownTime[];
}

interface Stage {
  readonly cluster: SimulatedCluster;
  readonly services: LocalServices;
  /** Between the reader and the broker, and the database. */
  readonly ways: readonly TcpProxy[];
  /** Between the reader and the API server. */
  readonly toCluster: TcpProxy;
  readonly signal: AbortSignal;
}

interface Trouble {
  readonly name: string;
  make(stage: Stage, lastsMs: number): Promise<void>;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'reader killed',
    async make({ services, signal }, lastsMs) {
      const reader = services.process('reader');
      reader.kill('SIGKILL');
      await reader.exited;
      await pause(lastsMs, signal);
      await services.start('reader');
    },
  },
  {
    name: 'reader frozen',
    async make({ services, signal }, lastsMs) {
      const reader = services.process('reader');
      reader.kill('SIGSTOP');
      await pause(lastsMs, signal);
      reader.kill('SIGCONT');
    },
  },
  {
    name: 'broker and database unreachable, and the buffer full',
    async make({ ways, signal }, lastsMs) {
      for (const way of ways) {
        await way.refuse(true);
        way.cut();
      }
      await pause(lastsMs, signal);
      for (const way of ways) await way.refuse(false);
    },
  },
  {
    name: '410',
    async make({ cluster: { faults } }) {
      faults.expireNextWatch();
      faults.closeWatches();
    },
  },
  {
    name: 'permission withdrawn',
    async make({ cluster: { faults }, signal }, lastsMs) {
      faults.forbid();
      faults.closeWatches();
      await pause(lastsMs, signal);
      faults.forbid(false);
    },
  },
  {
    name: 'slow watch',
    async make({ toCluster, signal }, lastsMs) {
      toCluster.delayMs = SLOW_MS;
      await pause(lastsMs, signal);
      toCluster.delayMs = 0;
    },
  },
];

/** Lets pods come and go while the reader is killed, frozen, without room, forgotten by the API server, forbidden and slow. */
export async function runWithTroubles(run: BenchRun): Promise<EndedRun> {
  const { pods, changesPerSecond, troubles, troubleMs, restMs } = run.scale.questions;
  const { signal, print } = run;
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster({
    bookmarkIntervalMs: 1_000,
    ipPoolSize: Math.ceil(pods * 1.25),
    historyLimit: HISTORY,
    truthLimit: HISTORY,
  });
  resources.defer(() => cluster.stop());
  const churn = startChurn(cluster, { changesPerSecond, pods });
  resources.defer(() => churn.stop());
  churn.paused = true;
  const { services, ways, toCluster, database } = await startParts(run, cluster, resources);
  const pool = openPool(database, createLogger('bench', 'silent'));
  resources.defer(() => pool.end());
  await migrate(pool);
  const patience = { deadlineMs: DEADLINE_MS, signal };
  const isWritten = async () => ((await pool.query('SELECT FROM reader_positions')).rowCount ?? 0) > 0;
  await until('the ledger has a position', patience, isWritten);
  churn.paused = false;
  const isKnown = async (ms: number) => {
    const { rows } = await pool.query<{ known_at: Date }>('SELECT known_at FROM reader_positions');
    return (rows[0]?.known_at.getTime() ?? 0) > ms;
  };
  const outages: UnknownTime[] = [];
  const fromMs = Date.now();
  for (let round = 0; round < troubles; round += 1) {
    const trouble = TROUBLES[round % TROUBLES.length];
    await pause(restMs, signal);
    signal.throwIfAborted();
    print(`questions: ${trouble?.name}`);
    const beganMs = Date.now();
    await trouble?.make({ cluster, services, ways, toCluster, signal }, troubleMs);
    const overMs = Date.now();
    await until('the ledger knows what happened meanwhile', patience, () => isKnown(overMs));
    outages.push({ fromMs: beganMs, toMs: Date.now() });
  }
  await pause(restMs, signal);
  churn.stop();
  const toMs = Date.now();
  await until('the ledger knows the whole run', patience, () => isKnown(toMs));
  const { rows } = await pool.query<{ count: number; ms: number }>(
    `SELECT count(*)::int AS count, coalesce(sum(extract(epoch FROM ended_at - started_at)), 0)::float8 * 1000 AS ms
     FROM gaps WHERE started_at IS NOT NULL`,
  );
  const { count: gaps = 0, ms: gapMs = 0 } = rows[0] ?? {};
  await services.process('reader').stop();
  const owned = resources.move();
  return {
    cluster,
    database,
    fromMs,
    toMs,
    gaps,
    gapMs,
    outages,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function startParts(run: BenchRun, cluster: SimulatedCluster, resources: AsyncDisposableStack) {
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const database = postgres.settings;
  const toDatabase = await startProxy(database);
  resources.defer(() => toDatabase.stop());
  const toBroker = await startProxy({ host: LINK, port: run.brokerPort });
  resources.defer(() => toBroker.stop());
  const toCluster = await startProxy({ host: LINK, port: cluster.port });
  resources.defer(() => toCluster.stop());
  const sink = await startSink();
  resources.defer(() => sink.stop());
  const services = await startServices({
    clusterUrl: localUrl('http', LINK, toCluster.port),
    queueHost: LINK,
    queuePort: toBroker.port,
    database: { ...database, port: toDatabase.port },
    logPort: sink.port,
    dir,
    env: { reader: READER },
  });
  resources.defer(() => services.stop());
  return { services, ways: [toBroker, toDatabase], toCluster, database };
}
