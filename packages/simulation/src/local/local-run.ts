import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_QUEUE_NAME, pause, type Running } from '@podips/shared';
import { startBroker } from '../broker/index.js';
import { type SimulatedCluster, startChurn, startCluster, startScenario } from '../cluster/index.js';
import { type LocalPostgres, startPostgres } from '../postgres.js';
import { type Sink, startSink } from '../sink/index.js';
import { runChaos, type Victim } from './chaos.js';
import { keepRunning } from './keep-running.js';
import { readMetrics } from './metrics.js';
import { type LocalServices, SERVICE_NAMES, startServices } from './services.js';
import { countMissing, describeSums, describeTally, type Tally } from './tally.js';
import { untilWatched } from './until-watched.js';

export interface LocalRunOptions {
  readonly seed: number;
  readonly changesPerSecond: number;
  readonly chaos: boolean;
  /** Without the workloads that are sick. */
  readonly calm: boolean;
  /** Port of the dashboard. */
  readonly port: number;
  readonly print: (line: string) => void;
}

export interface LocalRun extends Running {
  readonly monitorUrl: string;
  readonly recordsFile: string;
}

const TALLY_INTERVAL_MS = 5_000;
const CHAOS_DOWN_MS = 12_000;
const CHAOS_UP_MS = 12_000;
/** All of it has to end within 5 seconds of Ctrl-C, unless chaos has to start something again. */
const SERVICES_DEADLINE_MS = 3_000;
/** How long what is on its way at the end may take to arrive. */
const DRAIN_DEADLINE_MS = 2_000;

/** The stand-ins for the outside world. */
interface World {
  readonly cluster: SimulatedCluster;
  readonly postgres: LocalPostgres;
  readonly queue: Victim & { readonly port: number; readonly waiting: number };
  readonly sink: Sink;
}

/** Runs the whole of podips on this machine, against a simulated cluster and embedded stand-ins. */
export async function startLocalRun(options: LocalRunOptions): Promise<LocalRun> {
  const { print } = options;
  const log = (event: string) => print(`${new Date().toTimeString().slice(0, 8)}  ${event}`);
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-run-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const recordsFile = join(dir, 'records.ndjson');
  const world = await startWorld(options, dir, recordsFile, resources);
  // While they start and end they complain of each other.
  let quiet = true;
  const services = await startServices({
    clusterUrl: world.cluster.url,
    queueHost: '127.0.0.1',
    queuePort: world.queue.port,
    database: world.postgres.settings,
    logPort: world.sink.port,
    dir,
    monitorPort: options.port,
    env: { all: { LOG_LEVEL: 'warn' } },
    onLine: (service, line) => quiet || log(`${service}: ${shorten(line)}`),
  });
  quiet = false;
  const stopping = new AbortController();
  for (const name of SERVICE_NAMES) void keepRunning(services, name, log, stopping.signal);
  resources.defer(async () => {
    quiet = true;
    stopping.abort();
    await services.stop(SERVICES_DEADLINE_MS);
  });
  await untilWatched(world.cluster);
  resources.defer(async () => print(`\n  ${await sumsAtTheEnd(world, services)}`));
  // Pods without an owner come and go; what belongs to a workload does so only where there is a reason.
  const { seed, changesPerSecond } = options;
  const churn = startChurn(world.cluster, { seed, changesPerSecond, mix: { Bare: 1 }, evictShare: 0 });
  resources.defer(() => churn.stop());
  if (!options.calm) {
    const scenario = startScenario(world.cluster);
    resources.defer(() => scenario.stop());
  }
  const tally = setInterval(() => {
    void readTally(world, services).then((tally) => log(describeTally(tally)));
  }, TALLY_INTERVAL_MS);
  resources.defer(() => clearInterval(tally));
  if (options.chaos) letChaosReign(world, log, resources);
  print('');
  print(`  Dashboard  ${services.monitorUrl}/`);
  if (!options.calm)
    print(`  Workloads  ${services.monitorUrl}/workloads  (which are sick, and why: after two minutes)`);
  print(`  Records    ${recordsFile}  (deleted at the end)`);
  print(`  Terminal   ${terminalHint(services.monitorUrl)}`);
  print(
    `  Metrics    ${metricsUrl(services, 'reader')} (reader), ${metricsUrl(services, 'writer')} (writer)`,
  );
  print('');
  const running = resources.move();
  return { monitorUrl: services.monitorUrl, recordsFile, stop: () => running.disposeAsync() };
}

/** A command to try; the monitor of the default port needs no address. */
function terminalHint(monitorUrl: string): string {
  const url = new URL(monitorUrl).port === '8080' ? '' : ` --url ${monitorUrl}`;
  return `npx podips workloads${url}  (npx podips --help)`;
}

async function startWorld(
  options: LocalRunOptions,
  dir: string,
  recordsFile: string,
  resources: AsyncDisposableStack,
): Promise<World> {
  const cluster = await startCluster({ seed: options.seed, bookmarkIntervalMs: 10_000 });
  resources.defer(() => cluster.stop());
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const queue = await startQueue(join(dir, 'queue.journal'));
  resources.defer(() => queue.stop());
  const sink = await startSink({ file: recordsFile });
  resources.defer(() => sink.stop());
  return { cluster, postgres, queue, sink };
}

/** A broker that can be stopped, and starts again on the same port with the same messages. */
async function startQueue(journalPath: string): Promise<World['queue']> {
  let broker = await startBroker({ journalPath });
  const { port } = broker;
  return {
    name: 'the queue',
    port,
    get waiting() {
      return broker.depth(DEFAULT_QUEUE_NAME);
    },
    stop: () => broker.stop(),
    async start() {
      broker = await startBroker({ journalPath, port });
    },
  };
}

function letChaosReign(
  { postgres, queue, sink }: World,
  log: (event: string) => void,
  resources: AsyncDisposableStack,
): void {
  const stopping = new AbortController();
  const chaos = runChaos({
    downMs: CHAOS_DOWN_MS,
    upMs: CHAOS_UP_MS,
    victims: [
      queue,
      { name: 'Fluentd', stop: () => sink.faults.refuse(true), start: () => sink.faults.refuse(false) },
      { name: 'the database', stop: () => postgres.stop(), start: () => postgres.start() },
    ],
    print: log,
    signal: stopping.signal,
  });
  resources.defer(async () => {
    stopping.abort();
    await chaos;
  });
}

async function readTally({ cluster, queue, sink }: World, services: LocalServices): Promise<Tally> {
  const metrics = await readMetrics(metricsUrl(services, 'reader'));
  return {
    happened: cluster.truth.changeCount,
    stored: metrics.get('podips_reader_outbox_messages'),
    queued: queue.waiting,
    arrived: sink.distinct,
    duplicates: sink.duplicates,
  };
}

/** Waits for what is on its way, when nothing happens any more, and compares what happened with what arrived. */
async function sumsAtTheEnd(world: World, services: LocalServices): Promise<string> {
  const { truth } = world.cluster;
  const missing = () => countMissing(truth, (id) => world.sink.has(id));
  const deadline = AbortSignal.timeout(DRAIN_DEADLINE_MS);
  const isWaiting = () => world.sink.distinct < truth.changeCount || (missing() ?? 0) > 0;
  while (isWaiting() && (await pause(20, deadline)));
  const tally = await readTally(world, services);
  return describeSums(tally, missing());
}

const metricsUrl = ({ httpPorts }: LocalServices, service: 'reader' | 'writer') =>
  `http://127.0.0.1:${httpPorts[service]}/metrics`;

/** A log line of a service as a person reads it. */
function shorten(line: string): string {
  try {
    const { level, msg, err } = JSON.parse(line);
    return `${level}: ${msg}${err?.message ? `: ${err.message}` : ''}`;
  } catch {
    return line; // not one of ours: a stack trace, or a warning of Node
  }
}
