import { DEFAULT_QUEUE_NAME } from '@podips/shared';
import type { ServiceName, SimulatedCluster } from '@podips/simulation';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { enqueue, podMessages } from '../support/pod-queue.js';
import { COMPLETE } from '../support/reader-case.js';
import { type System, startSystem } from '../support/system.js';

/** How long to wait for a condition; a test continues as soon as it holds. */
const PATIENCE = { timeout: 240_000, interval: 100 };
const TEST_TIMEOUT_MS = 600_000;
const LIMIT_BYTES = 300_000_000;
const PODS = 10_000;
/** Each ends a lease and starts one: together more than the reader's default bound of 20,000 messages. */
const UPDATES = 12_000;
const UPDATES_AT_ONCE = 500;
const BACKLOG = 20_000;

let system: System;
let uids: readonly string[];
beforeAll(async () => {
  system = await startSystem({
    cluster: { managedFields: true, historyLimit: 4 * PODS },
  });
  uids = fill(system.cluster);
  await vi.waitFor(() => expect(system.sink.distinct).toBe(PODS), PATIENCE);
}, TEST_TIMEOUT_MS);
afterAll(() => system?.destroy());

function fill({ pods }: SimulatedCluster): string[] {
  return Array.from({ length: PODS }, (_, n) => pods.start({ name: `pod-${n}` }).metadata.uid);
}

const readerMetric = async (name: string) => (await system.readerMetrics()).get(`podips_reader_${name}`) ?? 0;

const peakBytes = (name: ServiceName) => system.services.process(name).peakBytes();

async function changeAddresses(): Promise<void> {
  for (let made = 0; made < UPDATES; made += UPDATES_AT_ONCE) {
    for (const n of Array(UPDATES_AT_ONCE).keys())
      system.cluster.pods.changeIp(uids[(made + n) % PODS] ?? '');
    const buffered = 2 * (made + UPDATES_AT_ONCE);
    // Not all at once: a real API server cuts off who cannot follow.
    await vi.waitFor(async () => {
      if ((await readerMetric('full_total')) === 0)
        expect(await readerMetric('buffered_messages')).toBeGreaterThanOrEqual(buffered);
    }, PATIENCE);
  }
}

it('the reader stays below 300 MB while it holds all that it may, and while it catches up', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  await Promise.all([system.broker.stop(), system.postgres.stop()]);
  await changeAddresses();
  expect(await readerMetric('full_total')).toBeGreaterThan(0);
  expect(await readerMetric('buffered_messages')).toBe(20_000);
  await Promise.all([system.broker.start(), system.postgres.start()]);
  await vi.waitFor(() => expect(system.sink.distinct).toBe(PODS + 2 * UPDATES), PATIENCE);
  await vi.waitFor(async () => expect(await readerMetric('pending_leases')).toBe(0), PATIENCE);
  expect(system.verdict()).toMatchObject(COMPLETE);
  expect(await peakBytes('reader')).toBeLessThan(LIMIT_BYTES);
});

it('the writer stays below 300 MB while the queue fills up without it, and while it catches up', {
  timeout: TEST_TIMEOUT_MS,
}, async () => {
  const { sink, broker } = system;
  const before = sink.distinct;
  await sink.faults.refuse(true);
  await vi.waitFor(async () => expect(await system.status('write')).toBe('fail'), PATIENCE);
  await enqueue({ port: broker.port, name: DEFAULT_QUEUE_NAME }, podMessages(BACKLOG));
  await sink.faults.refuse(false);
  await vi.waitFor(() => expect(sink.distinct).toBe(before + BACKLOG), PATIENCE);
  expect(await peakBytes('writer')).toBeLessThan(LIMIT_BYTES);
});

it('so does the monitor', async () => {
  expect(await peakBytes('monitor')).toBeLessThan(LIMIT_BYTES);
});
