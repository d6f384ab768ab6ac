import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { request } from 'undici';
import { useDatabase } from './database.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { type MonitorProcess, startMonitorProcess } from './monitor-process.js';
import { fillWorkloads, measureMigration, WORKLOADS } from './workloads-fill.js';

const EXPECTED_BELOW_MS = 300;
const COUNTED_DEADLINE_MS = 3_600_000;
const HEARTBEAT_REST_MS = 10;
const RANKING = '/api/v1/workloads?window=7d&limit=100';
const PAGE = '/workloads/team-7/Deployment/service-7?window=7d';
/** Says whether all is counted, and costs little. */
const CHANGES = '/api/v1/changes';

/** How long a monitor counts a large ledger at its start, and how quickly it ranks all workloads then, beside heartbeats. */
export async function measureWorkloads(run: BenchRun): Promise<Figure[]> {
  const { leases, rankings } = run.scale.workloads;
  await using resources = new AsyncDisposableStack();
  const settings = await useDatabase(run, resources);
  await fillWorkloads(settings, leases, run);
  const migrationMs = await measureMigration(settings);
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const startedMs = performance.now();
  const monitor = await startMonitorProcess(dir, databaseEnvironment(settings));
  resources.defer(() => monitor.process.stop());
  run.print('workloads: counting');
  const isCounted = async () => JSON.parse(await get(monitor, CHANGES)).countedUntil !== null;
  const counting = await beatUntil(monitor, run.signal, isCounted, 500);
  const count = { tookMs: performance.now() - startedMs, cpuMs: await monitor.process.cpuMs() };
  run.print(`workloads: ${rankings} rankings`);
  const ranking = await measurePath(monitor, run.signal, RANKING, rankings);
  const page = await measurePath(monitor, run.signal, PAGE, Math.ceil(rankings / 10));
  const of = `${leases} leases of ${WORKLOADS} workloads in seven days`;
  const peakMb = (await monitor.process.peakBytes()) / BYTES_PER_MB;
  return [
    ...times(
      'workloads: ranking',
      ranking.timesMs,
      `to rank seven days, ${rankings} times, ${of}`,
      EXPECTED_BELOW_MS,
    ),
    ...times(
      'workloads: heartbeats meanwhile',
      ranking.heartbeatsMs,
      'to answer a heartbeat while rankings follow each other',
    ),
    ...times('workloads: page of a workload', page.timesMs, 'to show the page of one of them'),
    {
      name: 'workloads: start',
      value: count.tookMs,
      unit: 'ms',
      meaning: `from the start of a monitor until all is counted, ${of}`,
    },
    {
      name: 'workloads: start, CPU',
      value: count.cpuMs,
      unit: 'ms',
      meaning: "time that the monitor's process had taken of a CPU by then",
    },
    ...times(
      'workloads: heartbeats at the start',
      counting,
      'to answer a heartbeat while the monitor counts',
    ),
    {
      name: 'workloads: memory, peak',
      value: peakMb,
      unit: 'MB',
      meaning: "largest resident set (VmHWM) of the monitor's process through all of this",
    },
    {
      name: 'workloads: migration',
      value: migrationMs,
      unit: 'ms',
      meaning: `008-workloads.sql on ${leases} leases, rolled back`,
    },
  ];
}

/** Median, 99 % and maximum of times in milliseconds. @param below the bound of the 99 % */
function times(name: string, timesMs: readonly number[], what: string, below?: number): Figure[] {
  const unit = 'ms';
  const bound = below === undefined ? {} : { expectation: { below } };
  return [
    {
      name: `${name}, p50`,
      value: percentile(timesMs, 0.5),
      unit,
      meaning: `half of ${timesMs.length} took at most, ${what}`,
    },
    { name: `${name}, p99`, value: percentile(timesMs, 0.99), unit, ...bound, meaning: '99 % of them' },
    { name: `${name}, max`, value: percentile(timesMs, 1), unit, meaning: 'the longest of them' },
  ];
}

/** Asks for a page again and again, beside heartbeats. */
async function measurePath(monitor: MonitorProcess, signal: AbortSignal, path: string, count: number) {
  const timesMs: number[] = [];
  const heartbeatsMs = await beatUntil(monitor, signal, async () => {
    const before = performance.now();
    await get(monitor, path);
    timesMs.push(performance.now() - before);
    return timesMs.length >= count;
  });
  return { timesMs, heartbeatsMs };
}

async function get({ url }: MonitorProcess, path: string): Promise<string> {
  const { statusCode, body } = await request(`${url}${path}`);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`the monitor answered ${statusCode}: ${text}`);
  return text;
}

/** Sends heartbeats until a condition holds, which is looked at all the while. @returns how long each took, in milliseconds */
async function beatUntil(
  { url }: MonitorProcess,
  signal: AbortSignal,
  isOver: () => Promise<boolean>,
  restMs = 0,
): Promise<number[]> {
  const timesMs: number[] = [];
  const beating = new AbortController();
  const beat = async () => {
    while (!beating.signal.aborted) {
      const sentMs = performance.now();
      const { body } = await request(`${url}/log/200/OK`, { method: 'POST' });
      await body.dump();
      timesMs.push(performance.now() - sentMs);
      await pause(HEARTBEAT_REST_MS, signal);
    }
  };
  const watch = async () => {
    const deadline = AbortSignal.timeout(COUNTED_DEADLINE_MS);
    try {
      while (!(await isOver())) {
        signal.throwIfAborted();
        deadline.throwIfAborted();
        if (restMs > 0) await pause(restMs, signal);
      }
    } finally {
      beating.abort();
    }
  };
  await Promise.all([beat(), watch()]);
  return timesMs;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
