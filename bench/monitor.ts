import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { OPERATIONS } from '@podips/shared';
import { Pool } from 'undici';
import { openEventStreams } from './event-streams.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { startMonitorProcess } from './monitor-process.js';

const CONNECTIONS = 20;
/** One of this many heartbeats reports a failure, the next one its end: lights and history change. */
const HEARTBEATS_PER_FAILURE = 1_000;
const STREAMS_DEADLINE_MS = 60_000;
const EXPECTED_HEARTBEATS_PER_SECOND = 2_000;
const EXPECTED_P99_BELOW_MS = 50;
const EXPECTED_BELOW_MB = 200;
const US_PER_MS = 1_000;

interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Heartbeats and page views per second of the monitor while many dashboards are open, and its memory. */
export async function measureMonitor(run: BenchRun): Promise<Figure[]> {
  const { streams: streamCount, seconds } = run.scale.monitor;
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const monitor = await startMonitorProcess(dir);
  resources.defer(() => monitor.process.stop());
  const patience = { deadlineMs: STREAMS_DEADLINE_MS, signal: run.signal };
  const streams = await openEventStreams(monitor.port, streamCount, patience);
  resources.defer(() => streams.close());
  run.print(`monitor: ${streamCount} event streams, ${seconds} s of heartbeats, ${seconds} s of page views`);

  await load(monitor.url, 1, run.signal, heartbeatOf);
  const heartbeats = await load(monitor.url, seconds, run.signal, heartbeatOf);
  const pages = await load(monitor.url, seconds, run.signal, () => ({ method: 'GET', path: '/' }));
  if (streams.open < streamCount) throw new Error(`only ${streams.open} event streams are still open`);
  run.print(`  the streams received ${Math.round(streams.receivedBytes / 1_000_000)} MB`);
  return toFigures(heartbeats, pages, (await monitor.process.peakBytes()) / BYTES_PER_MB, streamCount);
}

interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

function heartbeatOf(n: number): Request {
  const operation = OPERATIONS[n % OPERATIONS.length];
  const code = n % HEARTBEATS_PER_FAILURE === 0 ? 503 : 200;
  return { method: 'POST', path: `/${operation}/${code}/heartbeat%20${n}` };
}

/** Sends as many requests as the monitor answers, over {@link CONNECTIONS} connections. @throws for any answer but 200 */
async function load(
  url: string,
  seconds: number,
  signal: AbortSignal,
  requestOf: (n: number) => Request,
): Promise<Load> {
  await using pool = destroyedAtEnd(new Pool(url, { connections: CONNECTIONS, pipelining: 1 }));
  const histogram = createHistogram();
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let sent = 0;
  const client = async () => {
    while (performance.now() < endMs) {
      signal.throwIfAborted();
      const sentMs = performance.now();
      sent += 1;
      const { statusCode, body } = await pool.request({ ...requestOf(sent), signal });
      await body.dump();
      if (statusCode !== 200) throw new Error(`the monitor answered ${statusCode}`);
      histogram.record(Math.max(1, Math.round((performance.now() - sentMs) * US_PER_MS)));
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  const tookMs = performance.now() - startedMs;
  return { perSecond: (histogram.count * 1_000) / tookMs, p99Ms: histogram.percentile(99) / US_PER_MS };
}

function destroyedAtEnd(pool: Pool): Pool & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.destroy() });
}

function toFigures(heartbeats: Load, pages: Load, peakMb: number, streams: number): Figure[] {
  const meanwhile = `over ${CONNECTIONS} connections, with ${streams} event streams open`;
  return [
    {
      name: 'monitor: heartbeats',
      value: heartbeats.perSecond,
      unit: '/s',
      expectation: { atLeast: EXPECTED_HEARTBEATS_PER_SECOND },
      meaning: `heartbeats that the monitor, a process of its own, accepts per second ${meanwhile}`,
    },
    {
      name: 'monitor: heartbeats, p99',
      value: heartbeats.p99Ms,
      unit: 'ms',
      expectation: { below: EXPECTED_P99_BELOW_MS },
      meaning: '99 % of these heartbeats were answered within',
    },
    {
      name: 'monitor: page views',
      value: pages.perSecond,
      unit: '/s',
      meaning: `dashboards that it serves per second ${meanwhile}`,
    },
    {
      name: 'monitor: page views, p99',
      value: pages.p99Ms,
      unit: 'ms',
      meaning: '99 % of these dashboards were answered within',
    },
    {
      name: 'monitor: memory, peak',
      value: peakMb,
      unit: 'MB',
      expectation: { below: EXPECTED_BELOW_MB },
      meaning: "largest resident set (VmHWM) of the monitor's process through all of this",
    },
  ];
}
