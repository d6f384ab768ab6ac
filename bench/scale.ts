import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSettings, pause } from '@podips/shared';
import { startPostgres } from '@podips/simulation';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { type PodServerProcess, startPodServer } from './pod-server-process.js';
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
  /** As `relist`, where a third of all pods are others. */
  readonly others: Phase;
  readonly restart: Phase;
  /** Failed writes, and messages about nothing new, or none about something new. */
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
  const first = await measureFirst(around, server);
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

/** The first start, and lists again. */
async function measureFirst(
  around: Surroundings,
  server: PodServerProcess,
): Promise<Omit<Measured, 'pods' | 'restart'>> {
  const { run, pods } = around;
  await using resources = new AsyncDisposableStack();
  const reader = await startScaleReader(around);
  resources.defer(() => reader.stop());
  const { published, metric, startedMs } = reader;
  await waitFor(run.signal, 'the first message is durable', async () => (await published()) > 0);
  const firstMs = performance.now() - startedMs;
  const isRecorded = async (messages: number) =>
    (await published()) >= messages &&
    (await metric('pending_leases')) === 0 &&
    (await metric('buffered_messages')) === 0;
  const since = { startedMs, cpuSeconds: 0 };
  const list = await phaseUntil(
    run,
    reader,
    since,
    'everything is durable and recorded',
    async () => (await isRecorded(pods)) && (await reader.isWatching()),
  );
  await pause(run.scale.scale.settleMs, run.signal);
  const settledMb = (await residentBytes(reader.child, 'VmRSS')) / BYTES_PER_MB;
  const heap = await reader.inspector.usedHeap();
  // What the inspector's own collection held up does not count.
  await reader.inspector.longestBlock();
  const before = await published();
  const relist = await measureRelist(run, reader, () => server.expire());
  const superfluous = (await published()) - before;
  const expected = before + 2 * Math.ceil(pods / 3);
  const replace = () => server.replaceThird();
  const others = await measureRelist(run, reader, replace, () => isRecorded(expected));
  const missing = Math.abs((await published()) - superfluous - expected);
  const falseFailures = (await metric('ledger_failures_total')) + superfluous + missing;
  return { firstMs, list, settledMb, heap, relist, others, falseFailures };
}

/** @param change makes the API server forget all versions */
async function measureRelist(
  run: BenchRun,
  reader: ScaleReader,
  change: () => void,
  isRecorded: () => Promise<boolean> = async () => true,
): Promise<Phase> {
  await resetPeak(reader.child);
  const since = { startedMs: performance.now(), cpuSeconds: await cpuSeconds(reader.child) };
  const bookmarks = () => reader.metric('api_signals_total{what="bookmark"}');
  const lists = () => reader.metric('lists_total{reason="expired"}');
  const before = await lists();
  change();
  await waitFor(run.signal, 'the list has begun', async () => (await lists()) > before);
  const seen = await bookmarks();
  return phaseUntil(
    run,
    reader,
    since,
    'the watch is open',
    async () => (await bookmarks()) > seen && (await isRecorded()),
  );
}

function print(run: BenchRun, { pods, firstMs, list, relist, others, restart }: Measured): void {
  const describe = ({ seconds, cpuSeconds: cpu, peakMb, longest }: Phase) => {
    const { pauseMs, workMs, collectionMs } = longest;
    const [pause, work, collection] = [pauseMs, workMs, collectionMs].map((ms) => ms.toFixed(0));
    const held = `held up ${pause} ms (at most ${work} ms of work, ${collection} ms of garbage collection)`;
    return `${seconds.toFixed(1)} s, ${((cpu / pods) * 1e6).toFixed(0)} us CPU per pod, peak ${peakMb.toFixed(0)} MB, ${held}`;
  };
  const name = `  scale: ${pods.toLocaleString('en-US')} pods,`;
  run.print(`${name} first message ${firstMs.toFixed(0)} ms, all ${describe(list)}`);
  run.print(`${name} listed again: ${describe(relist)}`);
  run.print(`${name} listed with a third of others: ${describe(others)}`);
  run.print(`${name} restarted: ${describe(restart)}`);
}

function toFigures(measured: Measured, smallest: Measured | undefined): Figure[] {
  const { pods, list, relist, others, restart } = measured;
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
  const ofPhase = (what: string, { peakMb, longest }: Phase) => [
    figure(`${what}, peak`, peakMb, 'MB', 300, `largest resident set ${limits}`),
    figure(`${what}, longest pause`, longest.pauseMs, 'ms', 50, 'longest time without the event loop'),
    figure(
      `${what}, longest work`,
      longest.workMs,
      'ms',
      undefined,
      'time of the processor within the longest turn of the event loop: a longer pause waited for one',
    ),
    figure(`${what}, longest collection`, longest.collectionMs, 'ms', undefined, 'of garbage, one step'),
  ];
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
    ...ofPhase('list', list),
    figure('settled', measured.settledMb, 'MB', 200, `resident set ${limits}, afterwards`),
    ...(pods === smallest?.pods ? [] : heap),
    figure('relist', relist.seconds * 1_000, 'ms', 30_000, 'all pods compared after a 410, nothing changed'),
    figure('relist, CPU per pod', perPod(relist), 'us', undefined, 'of that'),
    ...ofPhase('relist', relist),
    figure(
      'relist of others',
      others.seconds * 1_000,
      'ms',
      undefined,
      'the same where a third are others, with the addresses of those before, until all of that is recorded',
    ),
    figure('relist of others, CPU per pod', perPod(others), 'us', undefined, 'of that'),
    ...ofPhase('relist of others', others),
    figure(
      'restart',
      restart.seconds * 1_000,
      'ms',
      5_000,
      'from the start of the process until the watch is open',
    ),
    ...ofPhase('restart', restart),
    figure(
      'false failures',
      measured.falseFailures,
      'times',
      1,
      'failed writes of a ledger that works, messages about nothing new, and none about something new',
    ),
  ];
}
