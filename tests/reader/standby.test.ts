import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@podips/shared';
import { startChurn } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import { startFakeMonitor } from '../support/fake-monitor.js';
import { readGaps } from '../support/ledger.js';
import {
  COMPLETE,
  cutDatabase,
  EXACT,
  it,
  LONG_HISTORY,
  PATIENCE,
  type ReaderCase,
  restoreDatabase,
  untilLedgerIsTrue,
} from '../support/reader-case.js';
import { type ReaderProcess, startReaderProcess } from '../support/reader-process.js';

const EPOCH = new Date(0);
const LOCKS = `
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const settings = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
  STANDBY_INTERVAL_MS: '500',
});

interface Pair {
  readonly leader: ReaderProcess;
  readonly standby: ReaderProcess;
}

const leads = async (reader: ReaderProcess) => (await reader.metric('leads')) === 1;
const standsBy = async (reader: ReaderProcess) => (await reader.metric('leads')) === 0;
const until = (condition: () => Promise<boolean>) =>
  vi.waitFor(async () => expect(await condition()).toBe(true), PATIENCE);

/** Starts two readers, one after the other. */
async function startPair(
  test: ReaderCase,
  owner: AsyncDisposableStack,
  more: Environment = {},
): Promise<Pair> {
  const leader = await startReaderProcess(test, owner, 'first', { ...settings(test), ...more });
  await until(() => leads(leader));
  const standby = await startReaderProcess(test, owner, 'second', { ...settings(test), ...more });
  await vi.waitFor(async () => expect(await standby.readiness()).toBe(200), PATIENCE);
  return { leader, standby };
}

/** Waits until all that happened was told, and the ledger knows it. */
async function untilTold(test: ReaderCase): Promise<void> {
  await vi.waitFor(() => expect(test.verdict()).toMatchObject(COMPLETE), PATIENCE);
  await untilLedgerIsTrue(test);
}

async function touchedAgain(path: string): Promise<void> {
  utimesSync(path, EPOCH, EPOCH);
  await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(0), PATIENCE);
}

describe('the second of two readers', () => {
  it('is ready and publishes nothing', async ({ openCase }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const monitor = await startFakeMonitor();
    owner.defer(() => monitor.stop());
    const leader = await startReaderProcess(test, owner, 'first', settings(test));
    await until(() => leads(leader));
    const standby = await startReaderProcess(test, owner, 'second', {
      ...settings(test),
      PODIPS_HOST: monitor.url,
    });
    await vi.waitFor(async () => expect(await standby.readiness()).toBe(200), PATIENCE);
    test.cluster.workloads.scaleDeployment('web', 50);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    for (const name of ['kubernetes_status', 'queue_status'])
      await touchedAgain(join(standby.statusDir, name));
    expect(await leads(leader)).toBe(true);
    expect(await standsBy(standby)).toBe(true);
    expect(await standby.metric('published_total')).toBe(0);
    expect(monitor.heartbeats('kubernetes')).toEqual([]);
    expect(monitor.heartbeats('queue/write')).toEqual([]);
    expect(test.verdict()).toEqual(EXACT);
  });

  it('takes over when the first one is killed, and nothing is lost', async ({ openCase }) => {
    const test = await openCase(LONG_HISTORY);
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner);
    const churn = startChurn(test.cluster, { seed: 8, changesPerSecond: 200, pods: 100 });
    owner.defer(() => churn.stop());
    await vi.waitFor(() => expect(test.records.length).toBeGreaterThan(300), PATIENCE);
    leader.child.kill('SIGKILL');
    await until(() => leads(standby));
    const due = churn.changes + 200;
    await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(due), PATIENCE);
    churn.stop();
    await untilTold(test);
    expect(test.records.filter(({ record }) => record.inferred)).toEqual([]);
    expect(await readGaps(test.pool)).toHaveLength(1);
  });

  it('takes over when the first one is stopped, and nothing is told twice', async ({ openCase }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner);
    test.cluster.workloads.scaleDeployment('web', 50);
    await untilTold(test);
    leader.child.kill('SIGTERM');
    expect(await leader.child.exited).toBe(0);
    test.cluster.workloads.scaleDeployment('web', 20);
    await until(() => leads(standby));
    await untilTold(test);
    expect(test.verdict()).toEqual(EXACT);
  });
});

it('the second takes over when the machine of the first vanishes, of which the database never hears', async ({
  openCase,
}) => {
  const test = await openCase();
  await using owner = new AsyncDisposableStack();
  const leader = await startReaderProcess(test, owner, 'first', settings(test));
  await until(() => leads(leader));
  const direct = { ...settings(test), DB_PORT: String(test.database.port) };
  const standby = await startReaderProcess(test, owner, 'second', direct);
  await vi.waitFor(async () => expect(await standby.readiness()).toBe(200), PATIENCE);
  test.cluster.workloads.scaleDeployment('web', 20);
  await untilTold(test);
  // From here on the server's end of each connection stays open, and what answers its keepalives is the proxy.
  test.databaseProxy.halfOpen(true);
  leader.child.kill('SIGKILL');
  await leader.child.exited;
  test.cluster.workloads.scaleDeployment('web', 5);
  expect(test.databaseProxy.connections).toBeGreaterThan(0);
  await until(() => leads(standby));
  await untilTold(test);
});

describe('of two readers at most one leads', () => {
  it('while the database is away, even when the container of the second is restarted', async ({
    openCase,
  }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner);
    await cutDatabase(test);
    for (const name of ['kubernetes_status', 'queue_status'])
      await touchedAgain(join(standby.statusDir, name));
    standby.child.kill('SIGTERM');
    expect(await standby.child.exited).toBe(0);
    const restarted = await startReaderProcess(test, owner, 'second', { ...settings(test), DB_WAIT_MS: '0' });
    await vi.waitFor(async () => expect(await restarted.readiness()).toBe(200), PATIENCE);
    for (const name of ['kubernetes_status', 'queue_status'])
      await touchedAgain(join(restarted.statusDir, name));
    test.cluster.workloads.scaleDeployment('web', 20);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    expect(await leads(leader)).toBe(true);
    expect(await standsBy(restarted)).toBe(true);
    await restoreDatabase(test);
    // Whichever asks first has the lock; the second tells again what the ledger does not know.
    await untilTold(test);
    await until(async () => (await leads(leader)) !== (await leads(restarted)));
  });

  it('after the database was restarted, and the first goes on publishing meanwhile', async ({ openCase }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner);
    test.cluster.workloads.scaleDeployment('web', 20);
    await untilTold(test);
    await cutDatabase(test);
    test.cluster.workloads.scaleDeployment('more', 20);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    expect(await leads(leader)).toBe(true);
    await restoreDatabase(test);
    test.cluster.workloads.scaleDeployment('web', 5);
    await untilTold(test);
    // Each asks the database until it has an answer.
    await vi.waitFor(async () => {
      const { rows } = await test.pool.query(LOCKS);
      expect(rows).toHaveLength(1);
    }, PATIENCE);
    await until(async () => (await leads(leader)) !== (await leads(standby)));
    test.cluster.workloads.scaleDeployment('more', 5);
    await untilTold(test);
  });

  it('after the first was frozen so long that the database gave up on it', async ({ openCase }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner);
    test.cluster.workloads.scaleDeployment('web', 20);
    await untilTold(test);
    leader.child.kill('SIGSTOP');
    test.cluster.workloads.scaleDeployment('web', 10);
    await until(() => leads(standby));
    await untilTold(test);
    leader.child.kill('SIGCONT');
    await until(() => standsBy(leader));
    expect(await leads(standby)).toBe(true);
    await vi.waitFor(async () => expect(await leader.readiness()).toBe(200), PATIENCE);
    test.cluster.workloads.scaleDeployment('web', 0);
    await untilTold(test);
  });
});
