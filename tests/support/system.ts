import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BrokerProcess,
  type ClusterOptions,
  type LocalPostgres,
  type LocalServices,
  readMetrics,
  type SimulatedCluster,
  type Sink,
  type Surroundings,
  startActiveMq,
  startCluster,
  startPostgres,
  startServices,
  startSink,
  untilWatched,
} from '@podips/simulation';
import { judge, type Verdict } from './truth.js';

/** The whole of podips: real services, a real broker and PostgreSQL, a simulated cluster, a Fluentd stand-in. */
export interface System {
  readonly cluster: SimulatedCluster;
  readonly postgres: LocalPostgres;
  readonly broker: Pick<BrokerProcess, 'port' | 'start' | 'stop' | 'destroy'>;
  readonly sink: Sink;
  readonly services: LocalServices;
  /** The monitor's answer to `GET /podips/<scope>`. */
  status(scope: 'read' | 'write' | 'all'): Promise<string>;
  readerMetrics(): Promise<ReadonlyMap<string, number>>;
  writerMetrics(): Promise<ReadonlyMap<string, number>>;
  /** Compares what the sink has with what happened in the cluster. */
  verdict(): Verdict;
  /** The output of the services, for the message of a failed test. */
  output(): string;
  destroy(): Promise<void>;
}

export interface SystemOptions {
  readonly cluster?: ClusterOptions;
  readonly env?: Surroundings['env'];
  /** Default: a real ActiveMQ. */
  readonly startBroker?: () => Promise<System['broker']>;
}

const KEPT_RECORDS = 200_000;

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-test-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const cluster = await startCluster({ bookmarkIntervalMs: 500, ...options.cluster });
  resources.defer(() => cluster.stop());
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const broker = await (options.startBroker ?? startActiveMq)();
  resources.defer(() => broker.destroy());
  const sink = await startSink({ keep: KEPT_RECORDS });
  resources.defer(() => sink.stop());
  const services = await startServices({
    clusterUrl: cluster.url,
    queueHost: '127.0.0.1',
    queuePort: broker.port,
    database: postgres.settings,
    logPort: sink.port,
    dir,
    ...(options.env ? { env: options.env } : {}),
  });
  resources.defer(() => services.stop());
  await untilWatched(cluster);
  const owned = resources.move();
  const names = ['monitor', 'reader', 'writer', 'cronjob'] as const;
  return {
    cluster,
    postgres,
    broker,
    sink,
    services,
    async status(scope) {
      const response = await fetch(`${services.monitorUrl}/podips/${scope}`);
      const answer: unknown = await response.json();
      return typeof answer === 'object' && answer !== null && 'status' in answer
        ? String(answer.status)
        : 'no status';
    },
    readerMetrics: () => readMetrics(`http://127.0.0.1:${services.httpPorts.reader}/metrics`),
    writerMetrics: () => readMetrics(`http://127.0.0.1:${services.httpPorts.writer}/metrics`),
    verdict: () => judge(cluster.truth.changes, sink.records),
    output: () => names.map((name) => `--- ${name}\n${services.process(name).output()}`).join('\n'),
    destroy: () => owned.disposeAsync(),
  };
}
