import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSettings, pause } from '@podips/shared';
import { startPostgres } from '@podips/simulation';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { startPodServer } from './pod-server-process.js';
import { cpuSeconds, resetPeak, residentBytes } from './process-usage.js';
import {
  type Phase,
  phaseUntil,
  type ScaleReader,
  type Surroundings,
  startScaleReader,
  waitFor,
} from './scale-reader.js';

/** All that is measured with one size of a cluster. */
interface Measured {
  readonly pods: number;
  readonly firstMs: number;
  readonly list: Phase;
  readonly settledMb: number;
  /** Bytes of heap that are in use. */
  readonly heap: number;
  readonly relist: Phase;
  readonly restart: Phase;
  /** Failed writes, and messages about nothing new. */
  readonly falseFailures: number;
}

/** Clusters of this size have expectations: it is the largest that Kubernetes supports. */
const LARGEST = 150_000;

/** A reader with the limits of our manifests lists ever larger clusters, lists them again, and is started again. */
export async function measureScale(run: BenchRun): Promise<Figure[]> {
  await using resources = new AsyncDisposableStack();
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const all: Measured[] = [];
  for (const pods of run.scale.scale.pods) {
    const measured = await measureOne(run, postgres.settings, pods);
    print(run, measured);
    all.push(measured);
  }
  return all.flatMap((measured) => toFigures(measured, all[0]));
}

async function measureOne(run: BenchRun, database: DatabaseSettings, pods: number): Promise<Measured> {
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const server = await startPodServer(pods);
  resources.defer(() => server.stop());
  const around = { run, database, dir, url: server.url, pods };
  const first = await measureFirst(around, server.expire);
  const reader = await startScaleReader(around);
  resources.defer(() => reader.stop());
  const since = { startedMs: reader.startedMs, cpuSeconds: 0 };
  const restart = await phaseUntil(run, reader, since, 'the reader continues', reader.isWatching);
  return {
    ...first,
    pods,
    restart,
    falseFailures: first.falseFailures + (await reader.published()),
  };
}

/** The first start, and a list again. */
async function measureFirst(
  around: Surroundings,
  expire: () => void,
): Promise<Omit<Measured, 'pods' | 'restart'>> {
  const { run, pods } = around;
  await using resources = new AsyncDisposableStack();
  const reader = await startScaleReader(around);
  resources.defer(() => reader.stop());
  const { published, metric, startedMs } = reader;
  await waitFor(run.signal, 'the first message is durable', async () => (await published()) > 0);
  const firstMs = performance.now() - startedMs;
  const since = { startedMs, cpuSeconds: 0 };
  const list = await phaseUntil(run, reader, since, 'everything is durable and recorded', async () => {
    const isRecorded = (await published()) >= pods && (await metric('pending_leases')) === 0;
    return isRecorded && (await metric('buffered_messages')) === 0 && (await reader.isWatching());
  });
  const failures = await metric('ledger_failures_total');
  await pause(run.scale.scale.settleMs, run.signal);
  const settledMb = (await residentBytes(reader.child, 'VmRSS')) / BYTES_PER_MB;
  const heap = await reader.inspector.usedHeap();
  // What the inspector's own collection held up does not count.
  await reader.inspector.longestBlockMs();
  const before = await published();
  const relist = await measureRelist(run, reader, expire);
  const falseFailures = failures + (await published()) - before;
  return { firstMs, list, settledMb, heap, relist, falseFailures };
}

async function measureRelist(run: BenchRun, reader: ScaleReader, expire: () => void): Promise<Phase> {
  await resetPeak(reader.child);
  const since = { startedMs: performance.now(), cpuSeconds: await cpuSeconds(reader.child) };
  const bookmarks = () => reader.metric('api_signals_total{what="bookmark"}');
  const lists = () => reader.metric('api_signals_total{what="list"}');
  expire();
  await waitFor(run.signal, 'the list is over', async () => (await lists()) >= 2);
  const seen = await bookmarks();
  return phaseUntil(run, reader, since, 'the watch is open', async () => (await bookmarks()) > seen);
}

function print(run: BenchRun, { pods, firstMs, list, relist, restart }: Measured): void {
  const describe = ({ seconds, cpuSeconds: cpu, peakMb, longestBlockMs }: Phase) =>
    `${seconds.toFixed(1)} s, ${((cpu / pods) * 1e6).toFixed(0)} us CPU per pod, peak ${peakMb.toFixed(0)} MB, held up ${longestBlockMs.toFixed(0)} ms`;
  const name = `  scale: ${pods.toLocaleString('en-US')} pods,`;
  run.print(`${name} first message ${firstMs.toFixed(0)} ms, all ${describe(list)}`);
  run.print(`${name} listed again: ${describe(relist)}`);
  run.print(`${name} restarted: ${describe(restart)}`);
}

function toFigures(measured: Measured, smallest: Measured | undefined): Figure[] {
  const { pods, list, relist, restart } = measured;
  const figure = (
    what: string,
    value: number,
    unit: Figure['unit'],
    below: number | undefined,
    meaning: string,
  ): Figure => ({
    name: `scale: ${pods.toLocaleString('en-US')} pods, ${what}`,
    value,
    unit,
    ...(pods >= LARGEST && below !== undefined && { expectation: { below } }),
    meaning,
  });
  const perPod = ({ cpuSeconds: cpu }: Phase) => (cpu / pods) * 1e6;
  const limits = 'of a reader with the limits of our images (old space 192 MB)';
  const blocked = 'longest time without the event loop';
  const heapPerPod = smallest && (measured.heap - smallest.heap) / (pods - smallest.pods);
  const heap = [figure('heap per pod', heapPerPod ?? 0, 'bytes', 600, 'of the heap that is in use')];
  return [
    figure(
      'first message',
      measured.firstMs,
      'ms',
      2_000,
      'from the start of the process until the broker has one',
    ),
    figure('all', list.seconds * 1_000, 'ms', 60_000, 'until all are durable and in the ledger'),
    figure('list, CPU per pod', perPod(list), 'us', undefined, 'start, list, messages and ledger'),
    figure('list, peak', list.peakMb, 'MB', 300, `largest resident set ${limits}`),
    figure('list, longest pause', list.longestBlockMs, 'ms', 50, blocked),
    figure('settled', measured.settledMb, 'MB', 200, `resident set ${limits}, afterwards`),
    ...(pods === smallest?.pods ? [] : heap),
    figure('relist', relist.seconds * 1_000, 'ms', 30_000, 'all pods compared after a 410, nothing changed'),
    figure('relist, CPU per pod', perPod(relist), 'us', undefined, 'of that'),
    figure('relist, peak', relist.peakMb, 'MB', 300, `largest resident set ${limits}`),
    figure('relist, longest pause', relist.longestBlockMs, 'ms', 50, blocked),
    figure(
      'restart',
      restart.seconds * 1_000,
      'ms',
      5_000,
      'from the start of the process until the watch is open',
    ),
    figure('restart, peak', restart.peakMb, 'MB', 300, `largest resident set ${limits}`),
    figure('restart, longest pause', restart.longestBlockMs, 'ms', 50, blocked),
    figure(
      'false failures',
      measured.falseFailures,
      'times',
      1,
      'failed writes of a ledger that works, and messages of a list or a start that found nothing new',
    ),
  ];
}
