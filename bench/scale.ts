import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSettings, pause } from '@podips/shared';
import {
  type ChildProgram,
  databaseEnvironment,
  freePort,
  readMetrics,
  startChildProgram,
  startPostgres,
} from '@podips/simulation';
import { INSPECTABLE, type Inspector, inspect } from './inspector.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { until } from './until.js';

const DEADLINE_MS = 600_000;
const START_DEADLINE_MS = 20_000;
const POLL_MS = 100;
const TICKS_PER_SECOND = 100;

interface Surroundings {
  readonly run: BenchRun;
  readonly database: DatabaseSettings;
  readonly dir: string;
  readonly server: ChildProcess;
  readonly url: string;
  readonly pods: number;
}

interface Reader {
  readonly child: ChildProgram;
  readonly inspector: Inspector;
  readonly startedMs: number;
  metric(name: string): Promise<number>;
  status(name: 'VmHWM' | 'VmRSS'): Promise<number>;
  cpuSeconds(): Promise<number>;
}

/** One phase of a reader's life. */
interface Phase {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly longestBlockMs: number;
}

/** A reader with the limits of our manifests lists ever larger clusters, lists them again, and is started again. */
export async function measureScale(run: BenchRun): Promise<Figure[]> {
  await using resources = new AsyncDisposableStack();
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const figures: Figure[] = [];
  let small: { readonly pods: number; readonly heap: number } | undefined;
  for (const pods of run.scale.scale.pods) {
    const { figures: more, heap } = await measureOne(run, postgres.settings, pods, small);
    figures.push(...more);
    small ??= { pods, heap };
  }
  return figures;
}

async function measureOne(
  run: BenchRun,
  database: DatabaseSettings,
  pods: number,
  small: { readonly pods: number; readonly heap: number } | undefined,
) {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const server = fork(new URL('pod-server.js', import.meta.url), [String(pods)]);
  resources.defer(() => void server.kill());
  const [{ port }] = (await once(server, 'message')) as [{ port: number }]; // its first message
  const around = { run, database, dir, server, url: `http://127.0.0.1:${port}`, pods };
  const name = (what: string) => `scale: ${pods.toLocaleString('en-US')} pods, ${what}`;
  const isLargest = pods >= 150_000;
  const figure = (
    what: string,
    value: number,
    unit: Figure['unit'],
    below: number | undefined,
    meaning: string,
  ): Figure => ({
    name: name(what),
    value,
    unit,
    ...(isLargest && below !== undefined && { expectation: { below } }),
    meaning,
  });

  let reader = await startReader(around);
  resources.defer(() => reader.child.stop());
  let firstMs = 0;
  const published = async () =>
    (await reader.metric('published_total')) + (await reader.metric('outbox_stored_total'));
  await waitFor(run, 'the first message is durable', async () => (await published()) > 0);
  firstMs = performance.now() - reader.startedMs;
  const first = await phase(run, reader, 0, async () => {
    const done = (await published()) >= pods && (await reader.metric('pending_leases')) === 0;
    return done && (await reader.metric('buffered_messages')) === 0 && (await isWatching(reader));
  });
  const ledgerFailures = await reader.metric('ledger_failures_total');
  await pause(run.scale.scale.settleMs, run.signal);
  const settledMb = (await reader.status('VmRSS')) / BYTES_PER_MB;
  const heap = await reader.inspector.usedHeap();
  run.print(
    `  ${name('')} first message ${firstMs.toFixed(0)} ms, all ${first.seconds.toFixed(1)} s, ${describe(first, pods)}`,
  );

  const before = await published();
  const beforeCpu = await reader.cpuSeconds();
  await resetPeak(reader);
  const relistedMs = performance.now();
  server.send('expire');
  await waitFor(
    run,
    'the list is over',
    async () => (await reader.metric('api_signals_total{what="list"}')) >= 2,
  );
  await waitFor(run, 'the watch is open', () => isWatching(reader));
  const relist = {
    seconds: (performance.now() - relistedMs) / 1_000,
    cpuSeconds: (await reader.cpuSeconds()) - beforeCpu,
    peakMb: (await reader.status('VmHWM')) / BYTES_PER_MB,
    longestBlockMs: await reader.inspector.longestBlockMs(),
  };
  const again = (await published()) - before;
  run.print(`  ${name('')} listed again in ${relist.seconds.toFixed(1)} s, ${describe(relist, pods)}`);

  reader.inspector[Symbol.dispose]();
  await reader.child.stop();
  reader = await startReader(around);
  await waitFor(run, 'the reader continues', () => isWatching(reader));
  const restartMs = performance.now() - reader.startedMs;
  const restartPeakMb = (await reader.status('VmHWM')) / BYTES_PER_MB;
  const restartBlockMs = await reader.inspector.longestBlockMs();
  const afterRestart = await published();
  run.print(
    `  ${name('')} restarted in ${restartMs.toFixed(0)} ms, peak ${restartPeakMb.toFixed(0)} MB, held up ${restartBlockMs.toFixed(0)} ms`,
  );
  reader.inspector[Symbol.dispose]();
  await reader.child.stop();

  const limits = 'of a reader with the limits of our images (old space 192 MB)';
  return {
    heap,
    figures: [
      figure('first message', firstMs, 'ms', 2_000, 'from the start of the process until the broker has one'),
      figure('all', first.seconds * 1_000, 'ms', 60_000, 'until all are durable and in the ledger'),
      figure(
        'list, CPU per pod',
        (first.cpuSeconds / pods) * 1e6,
        'us',
        undefined,
        'start, list, messages and ledger',
      ),
      figure('list, peak', first.peakMb, 'MB', 300, `largest resident set ${limits}`),
      figure('list, longest pause', first.longestBlockMs, 'ms', 50, 'longest time without the event loop'),
      figure('settled', settledMb, 'MB', 200, `resident set ${limits}, afterwards`),
      ...(small
        ? [
            figure(
              'heap per pod',
              (heap - small.heap) / (pods - small.pods),
              'bytes',
              600,
              'of the heap that is in use',
            ),
          ]
        : []),
      figure(
        'relist',
        relist.seconds * 1_000,
        'ms',
        30_000,
        'all pods compared after a 410, nothing changed',
      ),
      figure('relist, CPU per pod', (relist.cpuSeconds / pods) * 1e6, 'us', undefined, 'of that'),
      figure('relist, peak', relist.peakMb, 'MB', 300, `largest resident set ${limits}`),
      figure('relist, longest pause', relist.longestBlockMs, 'ms', 50, 'longest time without the event loop'),
      figure('restart', restartMs, 'ms', 5_000, 'from the start of the process until the watch is open'),
      figure('restart, peak', restartPeakMb, 'MB', 300, `largest resident set ${limits}`),
      figure(
        'false failures',
        ledgerFailures + again + afterRestart,
        'times',
        1,
        'failed writes of a ledger that works, and messages of a list or a start that found nothing new',
      ),
    ],
  };
}

async function startReader({ run, database, dir, url, pods }: Surroundings): Promise<Reader> {
  const httpPort = await freePort();
  const startedMs = performance.now();
  const child = startChildProgram({
    name: 'reader',
    program: 'services/reader/dist/main.js',
    args: ['--incluster=false'],
    env: {
      ...databaseEnvironment(database),
      NODE_OPTIONS: INSPECTABLE,
      KUBE_APISERVER_URL: url,
      CLUSTER_NAME: `scale-${pods}`,
      QUEUE_HOST: '127.0.0.1',
      QUEUE_PORT: String(run.brokerPort),
      // Left to the broker's end: to consume them would take the processor that the reader needs.
      QUEUE_NAME: `/queue/podips-scale-${pods}`,
      LEADER_ELECTION: 'false',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      STATUS_DIR: dir,
      CONFIG_DIR: dir,
      HOME: dir,
      LOG_LEVEL: 'warn',
    },
  });
  const metricsUrl = `http://127.0.0.1:${httpPort}/metrics`;
  await until('the reader answers', { deadlineMs: START_DEADLINE_MS, signal: run.signal }, () => {
    if (!child.running) throw new Error(`the reader has ended:\n${child.output()}`);
    return answers(metricsUrl);
  });
  const proc = (file: string) => readFile(`/proc/${child.pid}/${file}`, 'utf8');
  return {
    child,
    inspector: await inspect(child, run.signal),
    startedMs,
    async metric(name) {
      if (!child.running) throw new Error(`the reader has ended:\n${child.output()}`);
      return (await readMetrics(metricsUrl)).get(`podips_reader_${name}`) ?? 0;
    },
    async status(name) {
      const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(await proc('status'))?.[1];
      return Number(kib) * 1_024;
    },
    async cpuSeconds() {
      const fields = (await proc('stat')).split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    },
  };
}

/** From the start of a reader until the condition holds. */
async function phase(
  run: BenchRun,
  reader: Reader,
  cpuBefore: number,
  condition: () => Promise<boolean>,
): Promise<Phase> {
  await waitFor(run, 'everything is durable and recorded', condition);
  return {
    seconds: (performance.now() - reader.startedMs) / 1_000,
    cpuSeconds: (await reader.cpuSeconds()) - cpuBefore,
    peakMb: (await reader.status('VmHWM')) / BYTES_PER_MB,
    longestBlockMs: await reader.inspector.longestBlockMs(),
  };
}

async function waitFor(run: BenchRun, what: string, condition: () => Promise<boolean>): Promise<void> {
  await until(what, { deadlineMs: DEADLINE_MS, signal: run.signal }, async () => {
    const isMet = await condition();
    if (!isMet) await pause(POLL_MS, run.signal);
    return isMet;
  });
}

const isWatching = async (reader: Reader) => (await reader.metric('api_signals_total{what="bookmark"}')) > 0;

/** The largest resident set is counted from now on. */
function resetPeak({ child }: Reader): Promise<void> {
  return writeFile(`/proc/${child.pid}/clear_refs`, '5');
}

function describe({ cpuSeconds, peakMb, longestBlockMs }: Phase, pods: number): string {
  return `${((cpuSeconds / pods) * 1e6).toFixed(0)} us CPU per pod, peak ${peakMb.toFixed(0)} MB, held up ${longestBlockMs.toFixed(0)} ms`;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false; // asked again, within the caller's deadline
  }
}
