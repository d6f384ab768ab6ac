import { statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '@podips/shared';
import { startChurn, startProxy } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import { startFakeMonitor } from '../support/fake-monitor.js';
import { readGaps } from '../support/ledger.js';
import {
  EXACT,
  it,
  LONG_HISTORY,
  PATIENCE,
  type ReaderCase,
  untilLedgerIsTrue,
  untilRecorded,
} from '../support/reader-case.js';
import {
  FAILURES_OF_STEADY_LEASE,
  LONG_LEASE,
  leads,
  SHORT_LEASE,
  STEADY_LEASE,
  standsBy,
  startPair,
  until,
  untilAllArrived,
} from '../support/reader-pair.js';
import { type ReaderProcess, startReaderProcess } from '../support/reader-process.js';

const EPOCH = new Date(0);
const EVENTS = 'api_signals_total{what="event"}';
const BOOKMARKS = 'api_signals_total{what="bookmark"}';

const settings = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  ...SHORT_LEASE,
  LEDGER_INTERVAL_MS: '20',
});

async function touchedAgain(path: string): Promise<void> {
  utimesSync(path, EPOCH, EPOCH);
  await vi.waitFor(() => expect(statSync(path).mtimeMs).toBeGreaterThan(0), PATIENCE);
}

/** Waits for a bookmark, which comes after all events so far. @returns how many events there were */
async function readAllEvents(reader: ReaderProcess): Promise<number | undefined> {
  const bookmarks = (await reader.metric(BOOKMARKS)) ?? 0;
  await vi.waitFor(async () => expect(await reader.metric(BOOKMARKS)).toBeGreaterThan(bookmarks), PATIENCE);
  return reader.metric(EVENTS);
}

describe('the second of two readers', () => {
  it('is ready and publishes nothing', async ({ openCase }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const monitor = await startFakeMonitor();
    owner.defer(() => monitor.stop());
    const leader = await startReaderProcess(test, owner, 'first', { ...settings(test), ...LONG_LEASE });
    await until(() => leads(leader));
    const standby = await startReaderProcess(test, owner, 'second', {
      ...settings(test),
      ...LONG_LEASE,
      PODIPS_HOST: monitor.url,
    });
    await until(() => standsBy(standby));
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
    const { leader, standby } = await startPair(test, owner, settings(test));
    await untilRecorded(test);
    const churn = startChurn(test.cluster, { seed: 8, changesPerSecond: 200, pods: 100 });
    owner.defer(() => churn.stop());
    await vi.waitFor(() => expect(test.records.length).toBeGreaterThan(300), PATIENCE);
    leader.child.kill('SIGKILL');
    await until(() => leads(standby));
    const due = churn.changes + 200;
    await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(due), PATIENCE);
    churn.stop();
    expect((await untilAllArrived(test)).excused).toBe(0);
    expect(test.records.filter(({ record }) => record.inferred)).toEqual([]);
    expect(await readGaps(test.pool)).toHaveLength(1);
  });

  it('takes over when the first one is stopped, which gives the Lease up, and nothing is delivered twice', async ({
    openCase,
  }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner, { ...settings(test), ...LONG_LEASE });
    test.cluster.workloads.scaleDeployment('web', 50);
    await untilLedgerIsTrue(test);
    leader.child.kill('SIGTERM');
    expect(await leader.child.exited).toBe(0);
    test.cluster.workloads.scaleDeployment('web', 20);
    await until(() => leads(standby));
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await untilLedgerIsTrue(test);
  });

  it('takes over when the machine of the first vanishes, of which neither API server nor database learns', async ({
    openCase,
  }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const api = await startProxy({ host: '127.0.0.1', port: test.cluster.port });
    owner.defer(() => api.stop());
    const direct = { ...settings(test), DB_PORT: String(test.database.port) };
    const { leader, standby } = await startPair(test, owner, direct, {
      DB_PORT: settings(test).DB_PORT,
      KUBE_APISERVER_URL: `http://127.0.0.1:${api.port}`,
    });
    test.cluster.workloads.scaleDeployment('web', 20);
    await untilLedgerIsTrue(test);
    // From here on the servers' ends of its connections stay open, and what answers their keepalives is the proxy.
    test.databaseProxy.halfOpen(true);
    api.halfOpen(true);
    leader.child.kill('SIGKILL');
    await leader.child.exited;
    test.cluster.workloads.scaleDeployment('web', 5);
    await until(() => leads(standby));
    await untilAllArrived(test);
  });

  it('takes over when the first one is frozen, which thaws, asks for the Lease and accepts nothing', async ({
    openCase,
  }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner, settings(test));
    test.cluster.workloads.scaleDeployment('web', 20);
    await untilLedgerIsTrue(test);
    const events = await readAllEvents(leader);
    leader.child.kill('SIGSTOP');
    test.cluster.workloads.scaleDeployment('web', 10);
    await until(() => leads(standby));
    await untilAllArrived(test);
    leader.child.kill('SIGCONT');
    await until(() => standsBy(leader));
    expect(await leader.metric(EVENTS)).toBe(events);
    expect(await leads(standby)).toBe(true);
    test.cluster.workloads.scaleDeployment('web', 0);
    await untilAllArrived(test);
  });
});

it('the leader continues its watch while the API server accepts no writes, and the standby does not take over', async ({
  openCase,
}) => {
  const test = await openCase();
  await using owner = new AsyncDisposableStack();
  const { leader, standby } = await startPair(test, owner, { ...settings(test), ...STEADY_LEASE });
  test.cluster.faults.failNext({ status: 500, on: 'lease', count: 1_000_000 });
  const failed = 'api_failures_total{status="500"}';
  for (const reader of [leader, standby])
    await vi.waitFor(
      async () => expect(await reader.metric(failed)).toBeGreaterThan(FAILURES_OF_STEADY_LEASE),
      PATIENCE,
    );
  test.cluster.workloads.scaleDeployment('web', 20);
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
  expect(await leads(leader)).toBe(true);
  expect(await leads(standby)).toBe(false);
  expect(await leader.readiness()).toBe(200);
  expect(await standby.readiness()).toBe(503);
  test.cluster.faults.clear();
  await until(async () => (await leads(leader)) !== (await leads(standby)));
  await untilAllArrived(test);
});

describe('a reader', () => {
  it('whose ledger another one took asks for the Lease before it continues', async ({ openCase }) => {
    const test = await openCase();
    const reader = await test.startReader(settings(test));
    test.cluster.workloads.scaleDeployment('web', 5);
    await untilLedgerIsTrue(test);
    test.cluster.faults.failNext({ status: 503, on: 'lease', count: 1_000_000 });
    await test.pool.query('UPDATE reader_terms SET term = term + 1');
    test.cluster.workloads.scaleDeployment('web', 10);
    await vi.waitFor(async () => expect(await reader.metric('leads')).toBe(0), PATIENCE);
    const requests = test.cluster.requests.length;
    const due = ((await reader.metric('api_failures_total{status="503"}')) ?? 0) + 30;
    await vi.waitFor(
      async () => expect(await reader.metric('api_failures_total{status="503"}')).toBeGreaterThan(due),
      PATIENCE,
    );
    expect(await reader.metric('leads')).toBe(0);
    expect((await reader.problems())?.kubernetes).toMatch(/leader lease.*503/);
    expect(test.cluster.requests).toHaveLength(requests);
    test.cluster.faults.clear();
    await vi.waitFor(async () => expect(await reader.metric('leads')).toBe(1), PATIENCE);
    await untilLedgerIsTrue(test);
    await vi.waitFor(async () => expect(await reader.problems()).toBeUndefined(), PATIENCE);
  });

  it('that has no right to the Lease says which one is missing, and publishes when it has it', async ({
    openCase,
  }) => {
    const test = await openCase();
    test.cluster.faults.forbidLeases();
    const monitor = await startFakeMonitor();
    await using owner = new AsyncDisposableStack();
    owner.defer(() => monitor.stop());
    const reader = await test.startReader({ ...settings(test), PODIPS_HOST: monitor.url });
    await vi.waitFor(
      async () =>
        expect((await reader.problems())?.kubernetes).toMatch(
          /get, create and update.*LEADER_ELECTION=false/,
        ),
      PATIENCE,
    );
    await vi.waitFor(
      () => expect(monitor.heartbeats('kubernetes').at(-1)).toMatch(/^403\/.*get, create and update/),
      PATIENCE,
    );
    expect(await reader.metric('leads')).toBe(0);
    test.cluster.faults.forbidLeases(false);
    test.cluster.workloads.scaleDeployment('web', 5);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await vi.waitFor(async () => expect(await reader.problems()).toBeUndefined(), PATIENCE);
  });

  it('that is the only one leads without a Lease', async ({ openCase }) => {
    const test = await openCase();
    test.cluster.faults.forbidLeases();
    await test.startReader({ ...settings(test), LEADER_ELECTION: 'false' });
    test.cluster.workloads.scaleDeployment('web', 5);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    expect(test.cluster.leases.get('default', 'podips-reader')).toBeUndefined();
  });
});
