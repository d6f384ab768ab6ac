import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventStreams } from './event-streams.js';
import { heartbeatOf, type Load, load } from './load.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { startMonitorProcess } from './monitor-process.js';

const CONNECTIONS = 20;
/** Who look at the dashboard, beside the event streams. */
const VIEWERS = 4;
const STREAMS_DEADLINE_MS = 60_000;
const EXPECTED_HEARTBEATS_PER_SECOND = 2_000;
const EXPECTED_P99_BELOW_MS = 50;
const EXPECTED_BELOW_MB = 200;

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
  run.print(
    `monitor: ${streamCount} event streams, ${seconds} s of heartbeats, ${seconds} s of page views, ${seconds} s of both`,
  );

  const all = { url: monitor.url, connections: CONNECTIONS, signal: run.signal };
  await load({ ...all, seconds: 1, requestOf: heartbeatOf });
  const heartbeats = await load({ ...all, seconds, requestOf: heartbeatOf });
  const viewOf = () => ({ method: 'GET', path: '/' }) as const;
  const views = await load({ ...all, seconds, requestOf: viewOf });
  const { heartbeatsPerSecond, viewsPerSecond } = run.scale.monitor;
  const [busy, viewed] = await Promise.all([
    load({ ...all, seconds, perSecond: heartbeatsPerSecond, requestOf: heartbeatOf }),
    load({ ...all, connections: VIEWERS, seconds, perSecond: viewsPerSecond, requestOf: viewOf }),
  ]);
  if (streams.open < streamCount) throw new Error(`only ${streams.open} event streams are still open`);
  run.print(`  the streams received ${Math.round(streams.receivedBytes / 1_000_000)} MB`);
  const peakMb = (await monitor.process.peakBytes()) / BYTES_PER_MB;
  return [
    ...toFigures(heartbeats, views, peakMb, streamCount),
    ...toFiguresOfBoth(busy, viewed, heartbeatsPerSecond),
  ];
}

function toFiguresOfBoth(heartbeats: Load, views: Load, perSecond: number): Figure[] {
  const meanwhile = `${views.perSecond.toFixed(0)} page views a second`;
  return [
    {
      name: 'monitor: heartbeats beside page views',
      value: heartbeats.perSecond,
      unit: '/s',
      // The load ends with the answers to its last requests.
      expectation: { atLeast: 0.99 * perSecond },
      meaning: `accepted per second of ${perSecond} that were sent, with ${meanwhile} and the same event streams`,
    },
    {
      name: 'monitor: heartbeats beside page views, p99',
      value: heartbeats.p99Ms,
      unit: 'ms',
      expectation: { below: EXPECTED_P99_BELOW_MS },
      meaning: '99 % of these heartbeats were answered within, counted from when they were due',
    },
    {
      name: 'monitor: page views beside heartbeats, p99',
      value: views.p99Ms,
      unit: 'ms',
      expectation: { below: EXPECTED_P99_BELOW_MS },
      meaning: `99 % of ${meanwhile} were answered within, counted from when they were due`,
    },
  ];
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
