import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReaderSettings, startReader } from '@podips/reader';
import {
  createLogger,
  type DatabasePool,
  DEFAULT_QUEUE_NAME,
  type Environment,
  openPool,
  type QueueSettings,
  type Running,
} from '@podips/shared';
import {
  type ActiveMq,
  type ClusterOptions,
  type LocalPostgres,
  readMetrics,
  type SimulatedCluster,
  type SinkRecord,
  startActiveMq,
  startCluster,
  startPostgres,
  startProxy,
  type TcpProxy,
} from '@podips/simulation';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { startConsumer } from './consumer.js';
import { judgeLedger, TRUE_LEDGER } from './ledger.js';
import { takeAll } from './pod-queue.js';
import { emptyDatabase } from './test-databases.js';
import { judge, type Verdict } from './truth.js';

/** How long to wait for a condition; a test goes on as soon as it holds. */
export const PATIENCE = { timeout: 30_000, interval: 20 };
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
/** As {@link EXACT}, where a connection was cut and nobody can know what the broker has. */
export const COMPLETE: Partial<Verdict> = { missing: [], untrue: [], contradicting: [], overlapping: [] };

/** The servers that all tests of a file share. */
export interface ReaderStage {
  readonly broker: ActiveMq;
  readonly postgres: LocalPostgres;
  readonly database: DatabasePool;
}

/** Starts the servers before the first test of the file that calls it, and destroys them after the last. */
export function useReaderStage(): ReaderStage {
  let open: (ReaderStage & { destroy(): Promise<void> }) | undefined;
  beforeAll(async () => {
    open = await startReaderStage();
  });
  afterAll(() => open?.destroy());
  const stage = () => {
    if (open === undefined) throw new Error('the servers are there in hooks and tests only');
    return open;
  };
  return {
    get broker() {
      return stage().broker;
    },
    get postgres() {
      return stage().postgres;
    },
    get database() {
      return stage().database;
    },
  };
}

async function startReaderStage(): Promise<ReaderStage & { destroy(): Promise<void> }> {
  await using resources = new AsyncDisposableStack();
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const database = openPool(postgres.settings, createLogger('test', 'silent'));
  resources.defer(() => database.end());
  const broker = await startActiveMq();
  resources.defer(() => broker.destroy());
  const owned = resources.move();
  return { postgres, database, broker, destroy: () => owned.disposeAsync() };
}

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

/** A cluster, an empty queue and an empty outbox of one test's own. */
export interface ReaderCase extends AsyncDisposable {
  readonly cluster: SimulatedCluster;
  /** Stands between the reader and the broker. */
  readonly brokerProxy: TcpProxy;
  /** For files of this test; also the reader's STATUS_DIR and HOME. */
  readonly dir: string;
  /** What came out of the queue so far. */
  readonly records: readonly SinkRecord[];
  startReader(env?: Environment, args?: readonly string[]): Promise<TestReader>;
  verdict(): Verdict;
  /** Starts one more pod, waits until its message and all before it have come, receipts too, and judges then. */
  caughtUp(): Promise<Verdict>;
  /** Bodies in the outbox, oldest first. */
  outbox(): Promise<readonly string[]>;
}

/** A reader with a database gets the settings of `withDatabase`. */
export function withDatabase({ postgres: { settings } }: ReaderStage): Environment {
  const { host, port, user, password, database } = settings;
  return { DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: database };
}

export async function openReaderCase(stage: ReaderStage, options: ClusterOptions = {}): Promise<ReaderCase> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-reader-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const cluster = await startCluster({ bookmarkIntervalMs: 100, ...options });
  resources.defer(() => cluster.stop());
  await takeAll(stage.broker.port, DEFAULT_QUEUE_NAME);
  await emptyDatabase(stage.database);
  const brokerProxy = await startProxy({ host: '127.0.0.1', port: stage.broker.port });
  resources.defer(() => brokerProxy.stop());
  const consumer = startConsumer(queueSettings(stage.broker.port));
  resources.defer(() => consumer.stop());
  const verdict = () => judge(cluster.truth.changes, consumer.records);
  const readers: TestReader[] = [];
  let markers = 0;
  const owned = resources.move();
  return {
    cluster,
    brokerProxy,
    dir,
    records: consumer.records,
    async startReader(env = {}, args = ['--incluster=false']) {
      const defaults = {
        KUBE_APISERVER_URL: cluster.url,
        QUEUE_HOST: '127.0.0.1',
        QUEUE_PORT: String(brokerProxy.port),
        HTTP_HOST: '127.0.0.1',
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
      await vi.waitFor(() => expect(verdict().missing).toEqual([]), PATIENCE);
      // A test that cuts connections next must not lose a receipt that is still on its way.
      for (const reader of readers)
        await vi.waitFor(async () => expect(await reader.metric('buffered_messages')).toBe(0), PATIENCE);
      return verdict();
    },
    async outbox() {
      const sql = 'SELECT message FROM messages ORDER BY id';
      return (await stage.database.query<{ message: string }>(sql)).rows.map(({ message }) => message);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The broker is away for the readers of this case. */
export async function cutBroker({ brokerProxy }: ReaderCase): Promise<void> {
  await brokerProxy.refuse(true);
  brokerProxy.cut();
}

export const restoreBroker = ({ brokerProxy }: ReaderCase) => brokerProxy.refuse(false);

/** Waits until the ledger holds exactly what happened. */
export function untilLedgerIsTrue({ database }: ReaderStage, { cluster }: ReaderCase): Promise<void> {
  return vi.waitFor(
    async () => expect(await judgeLedger(database, cluster.truth.changes)).toEqual(TRUE_LEDGER),
    PATIENCE,
  );
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
    metric: async (name) =>
      (await readMetrics(`${url}/metrics`, PATIENCE.timeout)).get(`podips_reader_${name}`),
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

function queueSettings(port: number): QueueSettings {
  return {
    servers: [{ host: '127.0.0.1', port }],
    name: DEFAULT_QUEUE_NAME,
    username: '',
    password: '',
    heartbeatMs: 5_000,
    connectTimeoutMs: 30_000,
    receiptTimeoutMs: 30_000,
  };
}
