import { existsSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Operation } from '@podips/shared';
import { expect, vi } from 'vitest';
import { startFakeMonitor } from '../support/fake-monitor.js';
import { EXACT, it, PATIENCE, type ReaderCase, reached } from '../support/reader-case.js';

const EPOCH = new Date(0);
/** A link that lives shows it every second. */
const HEARTBEAT = { QUEUE_HEARTBEAT_MS: '2000' };

const kubernetesStatus = ({ dir }: ReaderCase) => join(dir, 'kubernetes_status');
const queueStatus = ({ dir }: ReaderCase) => join(dir, 'queue_status');

/** Makes a status file look old, and waits until it is touched again. */
async function touchedAgain(path: string): Promise<void> {
  utimesSync(path, EPOCH, EPOCH);
  await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(0), PATIENCE);
}

it('touches its status files on a cluster and a queue where nothing happens', async ({ openCase }) => {
  const test = await openCase();
  const reader = await test.startReader(HEARTBEAT);
  await vi.waitFor(async () => expect(await reader.problems()).toBeUndefined(), PATIENCE);
  await Promise.all([touchedAgain(kubernetesStatus(test)), touchedAgain(queueStatus(test))]);
  await Promise.all([touchedAgain(kubernetesStatus(test)), touchedAgain(queueStatus(test))]);
  expect(test.records).toEqual([]);
  expect(await reader.metric('api_signals_total{what="bookmark"}')).toBeGreaterThan(0);
});

it('has no status files, and is not ready, before it has reached anything', async ({ openCase }) => {
  const test = await openCase();
  await test.brokerProxy.refuse(true);
  await test.cluster.stop();
  const reader = await test.startReader(HEARTBEAT);
  expect(Object.keys((await reader.problems()) ?? {})).toEqual(['kubernetes', 'queue']);
  expect(existsSync(kubernetesStatus(test))).toBe(false);
  expect(existsSync(queueStatus(test))).toBe(false);
});

it('removes the file of the operation that fails, and only that one, until it works again', async ({
  openCase,
}) => {
  const test = await openCase();
  const reader = await test.startReader(HEARTBEAT);
  expect(await test.caughtUp()).toEqual(EXACT);

  test.cluster.faults.refuseConnections();
  test.cluster.faults.dropConnections();
  await vi.waitFor(() => expect(existsSync(kubernetesStatus(test))).toBe(false), PATIENCE);
  await vi.waitFor(
    async () => expect(await reader.problems()).toEqual({ kubernetes: expect.any(String) }),
    PATIENCE,
  );
  await touchedAgain(queueStatus(test));
  await test.cluster.faults.acceptConnections();
  await vi.waitFor(() => expect(existsSync(kubernetesStatus(test))).toBe(true), PATIENCE);

  await test.brokerProxy.refuse(true);
  test.brokerProxy.cut();
  await vi.waitFor(() => expect(existsSync(queueStatus(test))).toBe(false), PATIENCE);
  await vi.waitFor(
    async () => expect(await reader.problems()).toEqual({ queue: expect.any(String) }),
    PATIENCE,
  );
  await touchedAgain(kubernetesStatus(test));
  await test.brokerProxy.refuse(false);
  await vi.waitFor(() => expect(existsSync(queueStatus(test))).toBe(true), PATIENCE);
  expect(await reader.problems()).toBeUndefined();
});

it('reports no failure of a link that is open again within seconds: one API server hands over to another', async ({
  openCase,
}) => {
  const monitor = await startFakeMonitor();
  await using resources = new AsyncDisposableStack();
  resources.defer(() => monitor.stop());
  const test = await openCase();
  const reader = await test.startReader({ ...HEARTBEAT, PODIPS_HOST: monitor.url });
  expect(await test.caughtUp()).toEqual(EXACT);
  test.cluster.faults.refuseConnections();
  test.cluster.faults.dropConnections();
  await reached(reader, 'api_failures_total{status="503"}', 2);
  expect(existsSync(kubernetesStatus(test))).toBe(true);
  await test.cluster.faults.acceptConnections();
  expect(await test.caughtUp()).toEqual(EXACT);
  expect(monitor.heartbeats('kubernetes').filter((heartbeat) => !heartbeat.startsWith('200/'))).toEqual([]);
});

it('lets the file of a link grow old that is dead though its socket is open', async ({ openCase }) => {
  const test = await openCase();
  await test.startReader(HEARTBEAT);
  expect(await test.caughtUp()).toEqual(EXACT);
  test.cluster.faults.freezeWatches();
  // Whatever was on its way comes within one turn of the other file.
  await touchedAgain(queueStatus(test));
  utimesSync(kubernetesStatus(test), EPOCH, EPOCH);
  await touchedAgain(queueStatus(test));
  await touchedAgain(queueStatus(test));
  expect(statSync(kubernetesStatus(test)).mtimeMs).toBe(0);
});

it('reports to the monitor how reading and publishing go', async ({ openCase }) => {
  const monitor = await startFakeMonitor();
  await using resources = new AsyncDisposableStack();
  resources.defer(() => monitor.stop());
  const test = await openCase();
  const { faults, workloads } = test.cluster;
  /** Waits until the newest heartbeat of an operation is like this. */
  const untilSent = (operation: Operation, pattern: RegExp) =>
    vi.waitFor(() => expect(monitor.heartbeats(operation).at(-1)).toMatch(pattern), PATIENCE);

  await test.startReader({ ...HEARTBEAT, PODIPS_HOST: monitor.url });
  await Promise.all([
    untilSent('kubernetes', /^200\/bookmark$/),
    untilSent('queue/write', /^200\/connected$/),
  ]);
  workloads.startBarePod('web');
  await untilSent('queue/write', /^200\/1 published$/);

  faults.forbid();
  faults.closeWatches();
  await untilSent('kubernetes', /^403\/.*forbidden/);
  await test.brokerProxy.refuse(true);
  test.brokerProxy.cut();
  await untilSent('queue/write', /^503\/.*failed/);

  faults.forbid(false);
  await test.brokerProxy.refuse(false);
  await Promise.all([untilSent('kubernetes', /^200\//), untilSent('queue/write', /^200\//)]);
});
