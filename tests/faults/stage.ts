import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createLogger,
  type DatabasePool,
  type Environment,
  OPERATIONS,
  type Operation,
  openPool,
  pause,
} from '@podips/shared';
import {
  type ActiveMq,
  freePort,
  type LocalPostgres,
  type LocalServices,
  type RunningChurn,
  readMetrics,
  type ServiceName,
  type SimulatedCluster,
  type Sink,
  startActiveMq,
  startChurn,
  startCluster,
  startPostgres,
  startProxy,
  startServices,
  startSink,
  type TcpProxy,
  untilWatched,
} from '@podips/simulation';

/** The whole of podips as processes, with everything around it that can be made to fail, and a busy cluster. */
export interface Stage {
  readonly cluster: SimulatedCluster;
  readonly churn: RunningChurn;
  readonly broker: ActiveMq;
  /** Between the services and the broker. */
  readonly brokerProxy: TcpProxy;
  readonly postgres: LocalPostgres;
  /** Between the reader and the database. */
  readonly databaseProxy: TcpProxy;
  /** The tests' own way to the database. */
  readonly database: DatabasePool;
  readonly sink: Sink;
  /** Between reader and writer and the monitor. */
  readonly monitorProxy: TcpProxy;
  readonly services: LocalServices;
  /** Says how far the services' clocks are off, in milliseconds, if they can jump; read at SIGUSR2. */
  readonly clockFile: string;
  /** The light of each operation now; undefined while the monitor is unavailable. */
  lights(): Promise<Readonly<Record<Operation, string | undefined>>>;
  /** Failures that were reported to the monitor so far, as operations. */
  readonly failures: readonly Operation[];
  readerMetric(name: string): Promise<number | undefined>;
  /** The largest resident set of each service so far, since its last start. */
  peakBytes(): Promise<ReadonlyMap<ServiceName, number>>;
  /** The last output of the services, for the message of a failed test. */
  output(): string;
  destroy(): Promise<void>;
}

export interface StageOptions {
  readonly changesPerSecond: number;
  readonly pods: number;
  readonly seed?: number;
  /** Settings to add for services. */
  readonly env?: Partial<Record<ServiceName, Environment>>;
  readonly token?: string;
  /** How far the clocks of the four nodes are ahead, in milliseconds. */
  readonly nodeClocksAheadMs?: readonly number[];
  /** Whether the clocks of the services can be made to jump. */
  readonly clockJumps?: boolean;
}

const START_DEADLINE_MS = 60_000;
const POLL_MS = 50;
const KEPT_RECORDS = 1_000_000;
const HISTORY = 100_000;
/** Enough for some restarts and disruptions during each fault. */
const TROUBLE_SHARE = 0.2;
const LINK = '127.0.0.1';
const JUMPING_CLOCK = '--import=./tests/faults/jumping-clock.mjs';

/** Short deadlines, so that a fault is noticed and got over within seconds. */
const ENV = {
  all: { LOG_LEVEL: 'warn', QUEUE_HEARTBEAT_MS: '1000', QUEUE_RECEIPT_TIMEOUT_MS: '3000' },
  reader: {
    KUBE_WATCH_IDLE_MS: '3000',
    DB_WAIT_MS: '3000',
    OUTBOX_INTERVAL_MS: '2000',
    LEASE_DURATION_S: '3',
    STANDBY_INTERVAL_MS: '500',
  },
  writer: { LOG_ACK_TIMEOUT_MS: '2000', LOG_PROBE_INTERVAL_MS: '2000' },
  // Its log is where this program reads which failures were reported.
  monitor: { LOG_LEVEL: 'debug', AGE_LIMIT_MS: '6000' },
} satisfies Partial<Record<ServiceName | 'all', Environment>>;

/** Starts everything, and waits until the reader watches the cluster and has written that to the ledger. */
export async function startStage(options: StageOptions): Promise<Stage> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-faults-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const clockFile = join(dir, 'clock');
  const cluster = await startCluster({
    bookmarkIntervalMs: 500,
    ipPoolSize: options.pods * 2,
    historyLimit: HISTORY,
    nodeClocksAheadMs: options.nodeClocksAheadMs ?? [],
    ...(options.token === undefined ? {} : { token: options.token }),
  });
  resources.defer(() => cluster.stop());
  const around = await startSurroundings(resources);
  const failures: Operation[] = [];
  const monitorPort = await freePort();
  const monitorProxy = await startProxy({ host: LINK, port: monitorPort });
  resources.defer(() => monitorProxy.stop());
  const monitor = { PODIPS_HOST: `http://${LINK}:${monitorProxy.port}` };
  const services = await startServices({
    clusterUrl: cluster.url,
    ...(options.token === undefined ? {} : { clusterToken: options.token }),
    queueHost: LINK,
    queuePort: around.brokerProxy.port,
    database: { ...around.postgres.settings, port: around.databaseProxy.port },
    logPort: around.sink.port,
    monitorPort,
    dir,
    env: {
      all: options.clockJumps ? { ...ENV.all, NODE_OPTIONS: JUMPING_CLOCK, CLOCK_FILE: clockFile } : ENV.all,
      monitor: { ...ENV.monitor, ...options.env?.monitor },
      reader: { ...ENV.reader, ...monitor, ...options.env?.reader },
      writer: { ...ENV.writer, ...monitor, ...options.env?.writer },
    },
    onLine: (service, line) => {
      const failed = service === 'monitor' ? failureIn(line) : undefined;
      if (failed) failures.push(failed);
    },
  });
  resources.defer(() => services.stop());
  const names = ['monitor', 'reader', 'writer'] as const;
  const output = () =>
    names.map((name) => `--- ${name}\n${lastLines(services.process(name).output())}`).join('\n');
  const withOutput = (err: Error) => {
    throw new Error(`${err.message}\n${output()}`, { cause: err });
  };
  await untilWatched(cluster).catch(withOutput);
  const churn = startChurn(cluster, { ...options, troubleShare: TROUBLE_SHARE });
  resources.defer(() => churn.stop());
  await untilRecorded(around.database).catch(withOutput);
  const owned = resources.move();
  return {
    cluster,
    churn,
    ...around,
    monitorProxy,
    services,
    clockFile,
    failures,
    lights: () => readLights(services.monitorUrl),
    readerMetric: async (name) =>
      (await readMetrics(`http://${LINK}:${services.httpPorts.reader}/metrics`)).get(`podips_reader_${name}`),
    peakBytes: async () =>
      new Map(
        await Promise.all(
          names.map(async (name) => [name, await services.process(name).peakBytes()] as const),
        ),
      ),
    output,
    destroy: () => owned.disposeAsync(),
  };
}

async function startSurroundings(resources: AsyncDisposableStack) {
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const { port } = postgres.settings;
  const databaseProxy = await startProxy({ host: LINK, port });
  resources.defer(() => databaseProxy.stop());
  const database = openPool(postgres.settings, createLogger('test', 'silent'));
  resources.defer(() => database.end());
  const broker = await startActiveMq();
  resources.defer(() => broker.destroy());
  const brokerProxy = await startProxy({ host: LINK, port: broker.port });
  resources.defer(() => brokerProxy.stop());
  const sink = await startSink({ keep: KEPT_RECORDS });
  resources.defer(() => sink.stop());
  return { postgres, databaseProxy, database, broker, brokerProxy, sink };
}

/** Resolves when the ledger has its first position, and with it the gap before the start: no fault explains that one. */
async function untilRecorded(database: DatabasePool): Promise<void> {
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  for (;;) {
    const { rowCount } = await database.query('SELECT FROM reader_positions');
    if (rowCount) return;
    if (deadline.aborted) throw new Error('the reader has written no position');
    await pause(POLL_MS);
  }
}

/** The operation whose failure a line of the monitor's log reports. */
function failureIn(line: string): Operation | undefined {
  if (!line.includes('"heartbeat":')) return undefined;
  const { heartbeat } = JSON.parse(line);
  return heartbeat.code === 200 ? undefined : heartbeat.operation;
}

async function readLights(monitorUrl: string) {
  const metrics = await readMetrics(`${monitorUrl}/metrics`);
  const lightOf = (operation: Operation) =>
    ['green', 'yellow', 'red', 'grey'].find(
      (light) => metrics.get(`podips_operation_light{operation="${operation}",light="${light}"}`) === 1,
    );
  return Object.fromEntries(OPERATIONS.map((operation) => [operation, lightOf(operation)])) as Record<
    Operation,
    // Object.fromEntries forgets which keys there are.
    string | undefined
  >;
}

const SHOWN_LINES = 30;
const SHOWN_CHARACTERS = 300;

function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => !line.includes('"heartbeat":'));
  return lines
    .slice(-SHOWN_LINES)
    .map((line) => line.slice(0, SHOWN_CHARACTERS))
    .join('\n');
}
