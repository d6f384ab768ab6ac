import type { Environment } from '@podips/shared';
import { startChurn, untilWatched } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { check } from '../faults/check.js';
import { judgeLedger, readGaps, readLedger, readPosition } from '../support/ledger.js';
import {
  COMPLETE,
  cutDatabase,
  it,
  LONG_HISTORY,
  PATIENCE,
  type ReaderCase,
  restoreDatabase,
  untilLedgerIsTrue,
} from '../support/reader-case.js';

const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
});

/** Waits until the ledger has open exactly what the cluster has. */
async function untilOpenIsTrue({ cluster, pool }: ReaderCase): Promise<void> {
  const held = cluster.truth.openLeases().map(({ podUid, ip }) => `${podUid} ${ip}`);
  await vi.waitFor(async () => {
    const open = (await readLedger(pool)).filter((lease) => lease.open);
    expect(open.map(({ uid, ip }) => `${uid} ${ip}`).sort()).toEqual(held.sort());
  }, PATIENCE);
}

it('names as a gap all the time of a backlog that the cluster forgot while it was read', async ({
  openCase,
}) => {
  const test = await openCase();
  const { pods } = test.cluster;
  const reader = await test.startReader({
    ...database(test),
    READER_BUFFER_MESSAGES: '100',
    OUTBOX_INTERVAL_MS: '500',
  });
  await test.caughtUp();
  await cutDatabase(test);
  await test.brokerProxy.refuse(true);
  test.brokerProxy.cut();
  for (let n = 0; n < 150; n += 1) pods.start({ name: `fill-${n}` });
  await vi.waitFor(async () => expect(await reader.metric('full_total')).toBe(1), PATIENCE);
  for (let n = 0; n < 300; n += 1) pods.start({ name: `kept-${n}` });
  for (let n = 0; n < 100; n += 1) pods.delete(pods.start({ name: `brief-${n}` }));
  // Slow enough that the buffer is full again long before all of that is published.
  test.brokerProxy.delayMs = 300;
  await test.brokerProxy.refuse(false);
  await vi.waitFor(async () => expect(await reader.metric('full_total')).toBeGreaterThan(1), PATIENCE);
  pods.compact();
  test.brokerProxy.delayMs = 0;
  await restoreDatabase(test);
  await vi.waitFor(
    async () => expect(await reader.metric('lists_total{reason="expired"}')).toBe(1),
    PATIENCE,
  );
  await vi.waitFor(async () => {
    const verdict = await check(test.cluster, test.records, test.pool);
    expect(verdict).toMatchObject({ ...COMPLETE, excused: 200, ledger: [] });
  }, PATIENCE);
});

it('has a gap when a reader published changes without it, and ended before it could write them', async ({
  openCase,
}) => {
  const test = await openCase({ ipPoolSize: 1 });
  const { pods, workloads } = test.cluster;
  const first = await test.startReader(database(test));
  const gone = workloads.startBarePod('gone');
  await untilLedgerIsTrue(test);
  await first.stop();
  const before = await readPosition(test.pool);

  await cutDatabase(test);
  // The API says times to the second: without its ledger a reader cannot tell which of two starts in one came first.
  const startedMs = Date.now();
  await vi.waitFor(() => expect(Date.now() - startedMs).toBeGreaterThan(2_000), PATIENCE);
  pods.delete(gone);
  workloads.startBarePod('next');
  const second = await test.startReader({ ...database(test), DB_WAIT_MS: '0' });
  const published = () => test.records.map(({ record }) => `${record.pod_ip_status} ${record.pod}`);
  await vi.waitFor(() => expect(published()).toContain('alreadyRunning next'), PATIENCE);
  await second.stop();

  await restoreDatabase(test);
  const third = await test.startReader(database(test));
  await vi.waitFor(async () => {
    const verdict = await check(test.cluster, test.records, test.pool);
    expect(verdict).toMatchObject({ ...COMPLETE, excused: 0, ledger: [] });
  }, PATIENCE);
  await third.stop();
  const gaps = [
    { startedAt: null, endedAt: expect.any(Date), reason: 'start' },
    { startedAt: before?.knownAt, endedAt: expect.any(Date), reason: 'late' },
  ];
  expect(await readGaps(test.pool)).toEqual(gaps);
  await test.startReader(database(test));
  await untilWatched(test.cluster);
  await untilLedgerIsTrue(test);
  expect(await readGaps(test.pool)).toEqual(gaps);
});

it('is loaded again by a reader that was fenced off', async ({ openCase }) => {
  const test = await openCase();
  const reader = await test.startReader(database(test));
  await test.caughtUp();
  await vi.waitFor(async () => expect(await readPosition(test.pool)).toBeDefined(), PATIENCE);
  await test.pool.query('UPDATE reader_terms SET term = term + 1');
  test.cluster.workloads.scaleDeployment('web', 20);
  await vi.waitFor(
    () => expect(reader.logged()).toContain('fenced off: another reader owns the ledger'),
    PATIENCE,
  );
  await untilLedgerIsTrue(test);
  test.cluster.workloads.scaleDeployment('web', 5);
  expect(await test.caughtUp()).toMatchObject(COMPLETE);
  await untilOpenIsTrue(test);
  expect(await reader.metric('leads')).toBe(1);
});

it('is complete again after changes were dropped, while the cluster is never quiet', async ({ openCase }) => {
  const test = await openCase(LONG_HISTORY);
  const reader = await test.startReader({ ...database(test), LEDGER_BUFFER_LEASES: '200' });
  await untilWatched(test.cluster);
  await test.caughtUp();
  // Nothing is known of the time before the first checkpoint: changes that are dropped in it lie in the gap of the start.
  await vi.waitFor(async () => expect(await readPosition(test.pool)).toBeDefined(), PATIENCE);
  // With this there is always something on its way to the broker.
  test.brokerProxy.delayMs = 30;
  const churn = startChurn(test.cluster, { seed: 1, changesPerSecond: 100, pods: 100 });
  await cutDatabase(test);
  const dropped = 'ledger backlog full; nothing is recorded until the ledger can be written';
  await vi.waitFor(() => expect(reader.logged()).toContain(dropped), PATIENCE);
  await restoreDatabase(test);
  await vi.waitFor(() => expect(reader.logged()).toContain('restarting from the ledger'), PATIENCE);
  churn.stop();
  expect(await test.caughtUp()).toMatchObject(COMPLETE);
  await untilOpenIsTrue(test);
  const { untrue, overlapping } = await judgeLedger(test.pool, test.cluster.truth.changes);
  expect({ untrue, overlapping }).toEqual({ untrue: [], overlapping: 0 });
});
