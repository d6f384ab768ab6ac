import type { Environment } from '@podips/shared';
import { expect, vi } from 'vitest';
import { readLedger } from '../support/ledger.js';
import {
  COMPLETE,
  cutBroker,
  cutDatabase,
  EXACT,
  it,
  PATIENCE,
  type ReaderCase,
  reached,
  restoreBroker,
  restoreDatabase,
  untilLedgerIsTrue,
} from '../support/reader-case.js';
import { emptyDatabase } from '../support/test-databases.js';

// The outbox is not looked at by itself within a test, but where it says so.
const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  OUTBOX_INTERVAL_MS: '3600000',
});

it('sends to the broker while the database is unavailable, and what is in there once it is back', async ({
  openCase,
}) => {
  const test = await openCase();
  await cutBroker(test);
  test.cluster.workloads.scaleDeployment('web', 600);
  const reader = await test.startReader({ ...database(test), OUTBOX_INTERVAL_MS: '100' });
  await reached(reader, 'outbox_stored_total', 600);
  await cutDatabase(test);
  await restoreBroker(test);
  test.cluster.workloads.scaleDeployment('more', 20);
  await reached(reader, 'published_total', 20);
  await reached(reader, 'outbox_failures_total', 1);
  await vi.waitFor(() => expect(test.verdict().missing).toHaveLength(600), PATIENCE);
  await restoreDatabase(test);
  expect(await test.caughtUp()).toEqual(EXACT);
});

it('makes the tables again, for messages and for the ledger, when the database came back empty', async ({
  openCase,
}) => {
  const test = await openCase();
  const reader = await test.startReader({ ...database(test), LEDGER_INTERVAL_MS: '20' });
  test.cluster.workloads.scaleDeployment('web', 5);
  expect(await test.caughtUp()).toEqual(EXACT);
  await emptyDatabase(test.pool);
  await cutBroker(test);
  test.cluster.workloads.scaleDeployment('web', 20);
  await reached(reader, 'outbox_stored_total', 15);
  await restoreBroker(test);
  expect(await test.caughtUp()).toMatchObject(COMPLETE);
  await vi.waitFor(async () => {
    const open = (await readLedger(test.pool)).filter((lease) => lease.open);
    expect(open).toHaveLength(test.cluster.pods.all().length);
  }, PATIENCE);
});

it('continues with the ledger when its route is lost in the middle of a write, which the server never learns', async ({
  openCase,
}) => {
  // No bookmarks: nothing but leases makes it write.
  const test = await openCase({ bookmarkIntervalMs: 3_600_000 });
  const reader = await test.startReader({ ...database(test), LEDGER_INTERVAL_MS: '20' });
  expect(await test.caughtUp()).toEqual(EXACT);
  await untilLedgerIsTrue(test);
  const rest = await test.pool.connect();
  try {
    // The last that a write changes: it rests there, after the leases.
    await rest.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE reader_positions');
    test.cluster.workloads.scaleDeployment('web', 20);
    await vi.waitFor(async () => {
      const { rows } = await test.pool.query(CHANGES_LEASES_AND_WAITS);
      expect(rows).toHaveLength(1);
    }, PATIENCE);
    test.databaseProxy.halfOpen(true);
  } finally {
    rest.release(true);
  }
  await reached(reader, 'ledger_failures_total', 1);
  test.databaseProxy.halfOpen(false);
  await untilLedgerIsTrue(test);
  await reader.stop();
});

const CHANGES_LEASES_AND_WAITS = `
  SELECT FROM pg_locks WHERE relation = 'leases'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid IN (SELECT pid FROM pg_locks WHERE NOT granted)`;
