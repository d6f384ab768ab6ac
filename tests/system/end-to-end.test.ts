import { startChurn } from '@podips/simulation';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type System, startSystem } from '../support/system.js';

/** How long to wait for a condition; the test ends as soon as it holds. */
const PATIENCE = { timeout: 60_000, interval: 100 };
const CHANGES_PER_SECOND = 40;
const CHANGES = 600;
const OUTBOX_MESSAGES = 100;

let system: System;
beforeAll(async () => {
  system = await startSystem({ cluster: { ipPoolSize: 150 } });
});
afterAll(() => system?.destroy());

const outboxRows = async () => (await system.readerMetrics()).get('podips_reader_outbox_messages');
const stored = async () => (await system.readerMetrics()).get('podips_reader_outbox_stored_total') ?? 0;

it('delivers every change through a broker that is killed and a Fluentd that is gone, and nothing else', async () => {
  const { cluster, sink, broker } = system;
  const churn = startChurn(cluster, {
    seed: 7,
    changesPerSecond: CHANGES_PER_SECOND,
    pods: 100,
    hostNetworkShare: 0.5,
  });
  try {
    await vi.waitFor(() => expect(sink.distinct).toBeGreaterThan(150), PATIENCE);
    await vi.waitFor(async () => expect(await system.status('all')).toBe('success'), PATIENCE);

    await broker.stop('SIGKILL');
    await vi.waitFor(async () => expect(await system.status('read')).toBe('fail'), PATIENCE);
    await vi.waitFor(async () => expect(await stored()).toBeGreaterThan(OUTBOX_MESSAGES), PATIENCE);
    await broker.start();
    await vi.waitFor(async () => expect(await outboxRows()).toBe(0), PATIENCE);
    await vi.waitFor(async () => expect(await system.status('all')).toBe('success'), PATIENCE);

    await sink.faults.refuse(true);
    await vi.waitFor(async () => expect(await system.status('write')).toBe('fail'), PATIENCE);
    await sink.faults.refuse(false);
    await vi.waitFor(async () => expect(await system.status('all')).toBe('success'), PATIENCE);

    await vi.waitFor(() => expect(cluster.truth.changeCount).toBeGreaterThan(CHANGES), PATIENCE);
  } finally {
    churn.stop();
  }
  await vi.waitFor(() => expect(system.verdict().missing).toEqual([]), PATIENCE);
  expect(system.verdict()).toMatchObject({ missing: [], untrue: [], contradicting: [], overlapping: [] });
  expect(reusedAddresses()).toBeGreaterThan(0);
  expect(await system.status('all')).toBe('success');
});

/** Addresses that several pods had one after the other: without them the test would prove little. */
function reusedAddresses(): number {
  const holders = new Map<string, Set<string>>();
  for (const { ip, podUid, hostNetwork } of system.cluster.truth.changes) {
    if (hostNetwork) continue;
    const pods = holders.get(ip) ?? new Set();
    holders.set(ip, pods.add(podUid));
  }
  return [...holders.values()].filter((pods) => pods.size > 1).length;
}
