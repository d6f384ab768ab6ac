import { type DatabaseSettings, pause } from '@podips/shared';
import {
  type ChildProgram,
  databaseEnvironment,
  freePort,
  readMetrics,
  startChildProgram,
} from '@podips/simulation';
import { type Block, INSPECTABLE, type Inspector, inspect } from './inspector.js';
import type { BenchRun } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { cpuSeconds, residentBytes } from './process-usage.js';
import { until } from './until.js';

const DEADLINE_MS = 600_000;
const START_DEADLINE_MS = 20_000;
const POLL_MS = 100;

export interface Surroundings {
  readonly run: BenchRun;
  readonly database: DatabaseSettings;
  /** For its files. */
  readonly dir: string;
  readonly url: string;
  readonly pods: number;
}

/** A reader with the limits of our images, alone with its database and its broker. */
export interface ScaleReader {
  readonly child: ChildProgram;
  readonly inspector: Inspector;
  readonly startedMs: number;
  metric(name: string): Promise<number>;
  /** Messages that are durable. */
  published(): Promise<number>;
  isWatching(): Promise<boolean>;
  stop(): Promise<void>;
}

/** What a reader took for something. */
export interface Phase {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly longest: Block;
}

export async function startScaleReader({
  run,
  database,
  dir,
  url,
  pods,
}: Surroundings): Promise<ScaleReader> {
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
  const inspector = await inspect(child, run.signal);
  const metric = async (name: string) => {
    if (!child.running) throw new Error(`the reader has ended:\n${child.output()}`);
    return (await readMetrics(metricsUrl)).get(`podips_reader_${name}`) ?? 0;
  };
  return {
    child,
    inspector,
    startedMs,
    metric,
    published: async () => (await metric('published_total')) + (await metric('outbox_stored_total')),
    isWatching: async () => (await metric('api_signals_total{what="bookmark"}')) > 0,
    async stop() {
      inspector[Symbol.dispose]();
      await child.stop();
    },
  };
}

/** Waits until a condition holds. @returns what was taken since a time, and since so much of the processor was used */
export async function phaseUntil(
  { signal }: BenchRun,
  { child, inspector }: ScaleReader,
  since: { readonly startedMs: number; readonly cpuSeconds: number },
  what: string,
  condition: () => Promise<boolean>,
): Promise<Phase> {
  await waitFor(signal, what, condition);
  return {
    seconds: (performance.now() - since.startedMs) / 1_000,
    cpuSeconds: (await cpuSeconds(child)) - since.cpuSeconds,
    peakMb: (await residentBytes(child, 'VmHWM')) / BYTES_PER_MB,
    longest: await inspector.longestBlock(),
  };
}

export async function waitFor(
  signal: AbortSignal,
  what: string,
  condition: () => Promise<boolean>,
): Promise<void> {
  await until(what, { deadlineMs: DEADLINE_MS, signal }, async () => {
    const isMet = await condition();
    if (!isMet) await pause(POLL_MS, signal);
    return isMet;
  });
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
  } catch {
    return false; // asked again, within the caller's deadline
  }
}
