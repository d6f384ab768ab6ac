import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReaderSettings, startReader } from '@podips/reader';
import {
  createLogger,
  type DatabasePool,
  type DatabaseSettings,
  type Environment,
  openPool,
  type Running,
} from '@podips/shared';
import {
  type ClusterOptions,
  databaseEnvironment,
  parseMetrics,
  type SimulatedCluster,
  type SinkRecord,
  startCluster,
  startProxy,
  type TcpProxy,
} from '@podips/simulation';
import { test as base, expect, vi } from 'vitest';
import { startConsumer } from './consumer.js';
import { judgeLedger, readPosition, TRUE_LEDGER } from './ledger.js';
import { newQueue, queueEnvironment } from './pod-queue.js';
import { createDatabase } from './test-databases.js';
import { judge, type Verdict } from './truth.js';

const LINK = '127.0.0.1';
/** How long to wait for a condition; a test continues as soon as it holds. */
export const PATIENCE = { timeout: 30_000, interval: 20 };
/** To compare everything takes a while itself: less often than a single value is looked at. */
const SETTLING = { ...PATIENCE, interval: 300 };
/** Everything that happened was delivered, once, and nothing else. */
export const EXACT: Verdict = {
  missing: [],
  untrue: [],
  contradicting: [],
  overlapping: [],
  excused: 0,
  excusedOverlaps: 0,
  duplicates: 0,
};
/** As {@link EXACT}, where a connection was cut and it is unknown what the broker has. */
export const COMPLETE: Partial<Verdict> = { missing: [], untrue: [], contradicting: [], overlapping: [] };

/** A reader in this process. */
export interface TestReader extends Running {
  /** The value of `podips_reader_<name>`, labels included; undefined when there is none. */
  metric(name: string): Promise<number | undefined>;
  /** The parts that do not work, from `/readyz`; undefined when it is ready. */
  problems(): Promise<Readonly<Record<string, string>> | undefined>;
  /** Texts of the warnings and errors so far. */
  logged(): readonly string[];
}

/** For a cluster under load that forgets nothing, however long a reader takes to come back. */
export const LONG_HISTORY = { historyLimit: 1_000_000 };

/** A cluster, a queue and a database of one test's own. */
export interface ReaderCase extends AsyncDisposable {
  readonly cluster: SimulatedCluster;
  /** Stands between the reader and the broker. */
  readonly brokerProxy: TcpProxy;
  /** Stands between the reader and the database, if it has one. */
  readonly databaseProxy: TcpProxy;
  /** Where a reader finds the queue. */
  readonly withQueue: Environment;
  /** Where a reader finds the database. */
  readonly withDatabase: Environment;
  /** The database itself, without the proxy. */
  readonly database: DatabaseSettings;
  /** The test's own way to the database. */
  readonly pool: DatabasePool;
  /** For files of this test; also the reader's STATUS_DIR and HOME. */
  readonly dir: string;
  /** The messages that the queue has delivered so far. */
  readonly records: readonly SinkRecord[];
  startReader(env?: Environment, args?: readonly string[]): Promise<TestReader>;
  verdict(): Verdict;
  /** Starts one more pod, waits until its message and all before it have come, receipts too, and judges then. */
  caughtUp(): Promise<Verdict>;
  /** Bodies in the outbox, oldest first. */
  outbox(): Promise<readonly string[]>;
}

/** Tests that open a case each, which is closed when the test has ended. */
export const it = base.extend('openCase', ({ onTestFinished }) => async (options: ClusterOptions = {}) => {
  const opened = await openReaderCase(options);
  onTestFinished(() => opened[Symbol.asyncDispose]());
  return opened;
});

/** How an API server writes its answers: every one has JSON, and most have protobuf, too. */
export const ENCODINGS = ['protobuf', 'JSON'] as const;

/** The same tests with an API server that has no other encoding. */
export function inEncoding(encoding: (typeof ENCODINGS)[number]) {
  const protobuf = encoding === 'protobuf';
  return it.extend(
    'openCase',
    ({ openCase }) =>
      (options: ClusterOptions = {}) =>
        openCase({ protobuf, ...options }),
  );
}
export type OpenCase = (options?: ClusterOptions) => Promise<ReaderCase>;

async function openReaderCase(options: ClusterOptions): Promise<ReaderCase> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-reader-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const cluster = await startCluster({ bookmarkIntervalMs: 100, ...options });
  resources.defer(() => cluster.stop());
  const around = await openSurroundings(resources);
  const { pool, consumer } = around;
  const verdict = () => judge(cluster.truth.changes, consumer.records);
  const readers: TestReader[] = [];
  let markers = 0;
  const owned = resources.move();
  return {
    cluster,
    ...around,
    dir,
    records: consumer.records,
    async startReader(env = {}, args = ['--incluster=false']) {
      const defaults = {
        ...around.withQueue,
        KUBE_APISERVER_URL: cluster.url,
        HTTP_HOST: LINK,
        HTTP_PORT: '0',
        STATUS_DIR: dir,
        CONFIG_DIR: dir,
        HOME: dir,
      };
      const reader = await startTestReader({ ...defaults, ...env }, args);
      owned.defer(() => reader.stop());
      readers.push(reader);
      return reader;
    },
    verdict,
    async caughtUp() {
      markers += 1;
      cluster.workloads.startBarePod(`marker-${markers}`);
      const untilAll = () => {
        // To compare takes the time of the reader, which is in this process: it is not done before there are enough.
        expect(consumer.records.length).toBeGreaterThanOrEqual(cluster.truth.changes.length);
        expect(verdict().missing).toEqual([]);
      };
      await untilArrived(consumer, untilAll, PATIENCE);
      // A test that cuts connections next must not lose a receipt that is still on its way.
      for (const reader of readers)
        await vi.waitFor(async () => expect(await reader.metric('buffered_messages')).toBe(0), PATIENCE);
      return verdict();
    },
    async outbox() {
      const sql = 'SELECT message FROM messages ORDER BY id';
      return (await pool.query<{ message: string }>(sql)).rows.map(({ message }) => message);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A queue with a consumer, a database, and proxies to both. */
async function openSurroundings(resources: AsyncDisposableStack) {
  const queue = newQueue();
  const consumer = startConsumer(queue);
  resources.defer(() => consumer.stop());
  const brokerProxy = await startProxy({ host: LINK, port: queue.port });
  resources.defer(() => brokerProxy.stop());
  const database = await createDatabase();
  const pool = openPool(database, createLogger('test', 'silent'));
  resources.defer(() => pool.end());
  const databaseProxy = await startProxy({ host: LINK, port: database.port });
  resources.defer(() => databaseProxy.stop());
  return {
    consumer,
    brokerProxy,
    database,
    pool,
    databaseProxy,
    withQueue: queueEnvironment({ ...queue, port: brokerProxy.port }),
    withDatabase: databaseEnvironment({ ...database, port: databaseProxy.port }),
  };
}

/** The broker is unavailable to the readers of this case. */
export const cutBroker = ({ brokerProxy }: ReaderCase) => cut(brokerProxy);
export const restoreBroker = ({ brokerProxy }: ReaderCase) => brokerProxy.refuse(false);

/** The database is unavailable to the readers of this case. */
export const cutDatabase = ({ databaseProxy }: ReaderCase) => cut(databaseProxy);
export const restoreDatabase = ({ databaseProxy }: ReaderCase) => databaseProxy.refuse(false);

async function cut(proxy: TcpProxy): Promise<void> {
  await proxy.refuse(true);
  proxy.cut();
}

/** Waits until the ledger holds exactly what happened. */
export function untilLedgerIsTrue({ cluster, pool }: ReaderCase): Promise<void> {
  return vi.waitFor(
    async () => expect(await judgeLedger(pool, cluster.truth.changes)).toEqual(TRUE_LEDGER),
    PATIENCE,
  );
}

/** Waits for a condition for as long as messages keep arriving, and then as long as for any other. */
export async function untilArrived<T>(
  { records }: Pick<ReaderCase, 'records'>,
  condition: () => T | Promise<T>,
  patience = SETTLING,
): Promise<T> {
  for (;;) {
    const arrived = records.length;
    try {
      return await vi.waitFor(condition, patience);
    } catch (err) {
      if (records.length === arrived) throw err;
    }
  }
}

/** Waits until the first list is recorded. Of what came and went before that, a successor of a reader that dies knows nothing. */
export function untilRecorded({ pool }: ReaderCase): Promise<void> {
  return vi.waitFor(async () => expect(await readPosition(pool)).toBeDefined(), PATIENCE);
}

/** Waits until a metric of the reader has reached a value. */
export function reached(reader: TestReader, name: string, value: number): Promise<void> {
  return vi.waitFor(async () => expect(await reader.metric(name)).toBeGreaterThanOrEqual(value), PATIENCE);
}

async function startTestReader(env: Environment, args: readonly string[]): Promise<TestReader> {
  const log = createLogger('reader', 'silent');
  const spies = [vi.spyOn(log, 'warn'), vi.spyOn(log, 'error')];
  const reader = await startReader(readReaderSettings(args, env), log);
  const url = `http://127.0.0.1:${reader.httpPort}`;
  let stopped: Promise<void> | undefined;
  return {
    metric: async (name) => parseMetrics(await reader.metrics()).get(`podips_reader_${name}`),
    async problems() {
      const response = await fetch(`${url}/readyz`);
      const answer: unknown = await response.json();
      if (response.status === 200) return undefined;
      expect(answer).toMatchObject({ status: 'not ready', problems: {} });
      // The line above has shown that they are there.
      return (answer as { problems: Record<string, string> }).problems;
    },
    logged: () => spies.flatMap((spy) => spy.mock.calls.map((call) => String(call.at(-1)))),
    stop() {
      stopped ??= reader.stop();
      return stopped;
    },
  };
}
