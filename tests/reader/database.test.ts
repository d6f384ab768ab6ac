import type { Environment } from '@podips/shared';
import { startProxy } from '@podips/simulation';
import { beforeEach, expect, it, vi } from 'vitest';
import { readLedger } from '../support/ledger.js';
import {
  COMPLETE,
  cutBroker,
  EXACT,
  openReaderCase,
  PATIENCE,
  reached,
  restoreBroker,
  untilLedgerIsTrue,
  useReaderStage,
  withDatabase,
} from '../support/reader-case.js';
import { emptyDatabase } from '../support/test-databases.js';

const stage = useReaderStage();
let database: Environment;
beforeEach(() => {
  // The outbox is not looked at by itself within a test, but where it says so.
  database = { ...withDatabase(stage), OUTBOX_INTERVAL_MS: '3600000' };
});

it('sends to the broker while the database is away, and what is in there once it is back', async () => {
  await using test = await openReaderCase(stage);
  await cutBroker(test);
  test.cluster.workloads.scaleDeployment('web', 600);
  const reader = await test.startReader({ ...database, OUTBOX_INTERVAL_MS: '100' });
  await reached(reader, 'outbox_stored_total', 600);
  await stage.postgres.stop();
  await restoreBroker(test);
  test.cluster.workloads.scaleDeployment('more', 20);
  await reached(reader, 'published_total', 20);
  await reached(reader, 'outbox_failures_total', 1);
  await vi.waitFor(() => expect(test.verdict().missing).toHaveLength(600), PATIENCE);
  await stage.postgres.start();
  expect(await test.caughtUp()).toEqual(EXACT);
});

it('makes the tables again, for messages and for the ledger, when the database came back empty', async () => {
  await using test = await openReaderCase(stage);
  const reader = await test.startReader({ ...database, LEDGER_INTERVAL_MS: '20' });
  test.cluster.workloads.scaleDeployment('web', 5);
  expect(await test.caughtUp()).toEqual(EXACT);
  await emptyDatabase(stage.database);
  await cutBroker(test);
  test.cluster.workloads.scaleDeployment('web', 20);
  await reached(reader, 'outbox_stored_total', 15);
  await restoreBroker(test);
  expect(await test.caughtUp()).toMatchObject(COMPLETE);
  await vi.waitFor(async () => {
    const open = (await readLedger(stage.database)).filter((lease) => lease.open);
    expect(open).toHaveLength(test.cluster.pods.all().length);
  }, PATIENCE);
});

it('goes on with the ledger when its route is lost in the middle of a write, of which the server never hears', async () => {
  // No bookmarks: nothing but leases makes it write.
  await using test = await openReaderCase(stage, { bookmarkIntervalMs: 3_600_000 });
  const route = await startProxy({ host: '127.0.0.1', port: stage.postgres.settings.port });
  await using owner = new AsyncDisposableStack();
  owner.defer(() => route.stop());
  const env = { ...database, DB_PORT: String(route.port), LEDGER_INTERVAL_MS: '20' };
  const reader = await test.startReader(env);
  expect(await test.caughtUp()).toEqual(EXACT);
  await untilLedgerIsTrue(stage, test);
  const rest = await stage.database.connect();
  try {
    // The last that a write changes: it rests there, after the leases.
    await rest.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE reader_positions');
    test.cluster.workloads.scaleDeployment('web', 20);
    await vi.waitFor(async () => {
      const { rows } = await stage.database.query(CHANGES_LEASES_AND_WAITS);
      expect(rows).toHaveLength(1);
    }, PATIENCE);
    route.halfOpen(true);
  } finally {
    rest.release(true);
  }
  await reached(reader, 'ledger_failures_total', 1);
  route.halfOpen(false);
  await untilLedgerIsTrue(stage, test);
  await reader.stop();
});

const CHANGES_LEASES_AND_WAITS = `
  SELECT FROM pg_locks WHERE relation = 'leases'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND pid IN (SELECT pid FROM pg_locks WHERE NOT granted)`;
