import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSettings, DEFAULT_QUEUE_NAME, parseMessage, pause } from '@podips/shared';
import {
  type ChildProgram,
  databaseEnvironment,
  freePort,
  type RunningChurn,
  readMetrics,
  type SimulatedCluster,
  startChildProgram,
  startChurn,
  startCluster,
  startPostgres,
  startProxy,
  type TcpProxy,
} from '@podips/simulation';
import type { BenchRun, Figure } from './measurement.js';
import { openSession } from './messages.js';
import { until } from './until.js';

const EXPECTED_BELOW_MS = 15_000;
const DEADLINE_MS = 60_000;
const CHANGES_PER_SECOND = 20;
const PREFETCH = 100;
/** The leader renews the Lease this often, and the standby reads it this often. */
const RHYTHM_MS = 2_000;

/** A way in which the reader that leads dies. */
interface Death {
  readonly name: string;
  readonly how: string;
  /** @param routes the only ways of the leader to its API server and its database */
  strike(leader: ChildProgram, routes: readonly TcpProxy[]): void;
}

const DEATHS: readonly Death[] = [
  {
    name: 'killed',
    how: 'by SIGKILL, which ends its connections',
    strike: (leader) => leader.kill('SIGKILL'),
  },
  {
    name: 'frozen',
    how: 'by SIGSTOP, which leaves its connections open',
    strike: (leader) => leader.kill('SIGSTOP'),
  },
  {
    name: 'vanished',
    how: 'with its machine, of which neither API server nor database learns',
    strike(leader, routes) {
      for (const route of routes) route.halfOpen(true);
      leader.kill('SIGKILL');
    },
  },
];

/** From the death of one reader to what the other one does. */
interface Takeover {
  readonly leadsMs: number;
  readonly publishesMs: number;
}

/** The parts that all rounds share. */
interface Stage extends AsyncDisposable {
  readonly run: BenchRun;
  readonly cluster: SimulatedCluster;
  readonly churn: RunningChurn;
  readonly database: DatabaseSettings;
  /** Each reader gets a folder of its own in it. */
  readonly dir: string;
  /** Different messages that came out of the queue. */
  readonly arrived: number;
}

interface Reader {
  readonly child: ChildProgram;
  /** The value of `podips_reader_<name>`; 0 while it does not answer. @throws when it has ended */
  metric(name: string): Promise<number>;
  /** Whether it has seen that another one leads. */
  standsBy(): Promise<boolean>;
}

/** How long it takes from the death of the reader that leads until the one that stands by leads, and publishes. */
export async function measureTakeover(run: BenchRun): Promise<Figure[]> {
  const { deaths } = run.scale.takeover;
  await using stage = await openStage(run);
  const takeovers = new Map<Death, Takeover[]>(DEATHS.map((death) => [death, []]));
  for (let round = 0; round < deaths; round += 1) {
    for (const [death, before] of takeovers) {
      const takeover = await takeOver(stage, death, (RHYTHM_MS * round) / deaths);
      before.push(takeover);
      const { leadsMs, publishesMs } = takeover;
      run.print(
        `  takeover: ${death.name}, round ${round + 1} of ${deaths}: leads after ${format(leadsMs)} ms, first message after ${format(publishesMs)} ms`,
      );
    }
  }
  return [...takeovers].flatMap(([death, all]) => toFigures(death, all));
}

async function openStage(run: BenchRun): Promise<Stage> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const cluster = await startCluster();
  resources.defer(() => cluster.stop());
  const churn = startChurn(cluster, { changesPerSecond: CHANGES_PER_SECOND });
  resources.defer(() => churn.stop());
  churn.paused = true;
  const session = await openSession(run.brokerPort);
  resources.defer(() => session.close());
  const arrived = new Set<unknown>();
  session.subscribe(DEFAULT_QUEUE_NAME, PREFETCH, (received) => {
    arrived.add(parseMessage(received.body).event_id);
    session.ack(received);
  });
  const owned = resources.move();
  return {
    run,
    cluster,
    churn,
    database: postgres.settings,
    dir,
    get arrived() {
      return arrived.size;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Lets one of two readers die while pods come and go. Starts and ends without readers and with an empty queue.
 * @param afterMs waited before the death, so that not all deaths fall on the same moment of the readers' rhythm
 */
async function takeOver(stage: Stage, death: Death, afterMs: number): Promise<Takeover> {
  const { cluster, churn, database } = stage;
  const { signal } = stage.run;
  const patience = { deadlineMs: DEADLINE_MS, signal };
  await using owner = new AsyncDisposableStack();
  const toApi = await startProxy({ host: '127.0.0.1', port: cluster.port });
  owner.defer(() => toApi.stop());
  const toDatabase = await startProxy(database);
  owner.defer(() => toDatabase.stop());
  const leader = await startReader(
    stage,
    { apiPort: toApi.port, database: { ...database, port: toDatabase.port } },
    owner,
  );
  await until('the first reader leads', patience, async () => (await leader.metric('leads')) === 1);
  const standby = await startReader(stage, { apiPort: cluster.port, database }, owner);
  await until('the second reader stands by', patience, standby.standsBy);
  churn.paused = false;
  // A reader that dies before its first write leaves no position from which another one could resume without a gap.
  const written = async () => (await leader.metric('ledger_written_total')) > 0;
  await until('the first reader writes the ledger', patience, written);
  await pause(afterMs, signal);

  const diedAtMs = performance.now();
  death.strike(leader.child, [toApi, toDatabase]);
  await until('the second reader leads', patience, async () => (await standby.metric('leads')) === 1);
  const leadsMs = performance.now() - diedAtMs;
  const publishes = async () => (await standby.metric('published_total')) > 0;
  await until('the second reader publishes', patience, publishes);
  const publishesMs = performance.now() - diedAtMs;

  churn.paused = true;
  await until('all changes arrived', patience, () => stage.arrived >= cluster.truth.changeCount);
  // Gracefully, so that the readers of the next round need not wait until its Lease has expired.
  await standby.child.stop();
  return { leadsMs, publishesMs };
}

/** How a reader reaches what it needs. */
interface Ways {
  readonly apiPort: number;
  readonly database: DatabaseSettings;
}

/** Starts a reader as a process of its own, with the intervals that it has in a cluster. */
async function startReader(
  { run, dir }: Stage,
  { apiPort, database }: Ways,
  owner: AsyncDisposableStack,
): Promise<Reader> {
  const ownDir = await mkdtemp(join(dir, 'reader-'));
  const httpPort = await freePort();
  const child = startChildProgram({
    name: 'reader',
    program: 'services/reader/dist/main.js',
    args: ['--incluster=false'],
    env: {
      ...databaseEnvironment(database),
      LOG_LEVEL: 'warn',
      LEASE_DURATION_S: String(run.scale.takeover.leaseSeconds),
      KUBE_APISERVER_URL: `http://127.0.0.1:${apiPort}`,
      QUEUE_HOST: '127.0.0.1',
      QUEUE_PORT: String(run.brokerPort),
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      STATUS_DIR: ownDir,
      CONFIG_DIR: ownDir,
      HOME: ownDir,
    },
  });
  // Not stopped gracefully: one that is frozen is not to thaw for it.
  owner.defer(async () => {
    if (child.running) child.kill('SIGKILL');
    await child.exited;
  });
  const metrics = async () => {
    if (!child.running) throw new Error(`the reader has ended:\n${child.output()}`);
    return await readMetrics(`http://127.0.0.1:${httpPort}/metrics`);
  };
  return {
    child,
    metric: async (name) => (await metrics()).get(`podips_reader_${name}`) ?? 0,
    // The file is there as soon as it knows.
    standsBy: async () =>
      (await metrics()).get('podips_reader_leads') === 0 && existsSync(join(ownDir, 'kubernetes_status')),
  };
}

function toFigures({ name, how }: Death, takeovers: readonly Takeover[]): Figure[] {
  const toFigure = (what: string, timesMs: readonly number[]): Figure => ({
    name: `takeover: ${name}, ${what}`,
    value: Math.max(...timesMs),
    unit: 'ms',
    expectation: { below: EXPECTED_BELOW_MS },
    meaning: `longest of ${timesMs.map(format).join(', ')} ms after a death ${how}; at ${CHANGES_PER_SECOND} changes a second, looked at every 50 ms`,
  });
  const leadsMs = takeovers.map((takeover) => takeover.leadsMs);
  const publishesMs = takeovers.map((takeover) => takeover.publishesMs);
  return [toFigure('leads', leadsMs), toFigure('first message', publishesMs)];
}

function format(ms: number): string {
  return ms.toFixed(0);
}
