import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type LocalServices,
  type SimulatedCluster,
  type Sink,
  type SinkRecord,
  type Surroundings,
  startPostgres,
  startServices,
  startSink,
} from '@podips/simulation';
import type { BenchRun } from './measurement.js';

/** All of podips, each service a process of its own, between a cluster and a sink. */
export interface Chain extends AsyncDisposable {
  readonly services: LocalServices;
  readonly sink: Sink;
}

export interface ChainOptions {
  readonly cluster: SimulatedCluster;
  /** Called for each record that the sink has stored. */
  readonly onRecord?: (record: SinkRecord) => void;
  /** Settings to add. */
  readonly env?: NonNullable<Surroundings['env']>;
}

/** Starts the services against a real broker and a real database. The cluster stays the caller's. */
export async function startChain(run: BenchRun, { cluster, onRecord, env }: ChainOptions): Promise<Chain> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const sink = await startSink(onRecord ? { onRecord } : {});
  resources.defer(() => sink.stop());
  const services = await startServices({
    clusterUrl: cluster.url,
    queueHost: '127.0.0.1',
    queuePort: run.brokerPort,
    database: postgres.settings,
    logPort: sink.port,
    dir,
    ...(env && { env }),
  });
  resources.defer(() => services.stop());
  const owned = resources.move();
  return { services, sink, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
