import { createLogger, type Environment, openPool } from '@podips/shared';
import { expect, vi } from 'vitest';
import {
  EXACT,
  it,
  PATIENCE,
  type ReaderCase,
  type TestReader,
  untilLedgerIsTrue,
} from '../support/reader-case.js';

const settings = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
  STANDBY_INTERVAL_MS: '100',
  DB_WAIT_MS: '0',
});

const leads = (reader: TestReader) =>
  vi.waitFor(async () => expect(await reader.metric('leads')).toBe(1), PATIENCE);

/** Process ids of the server's ends of the connections that hold a lock. */
async function holders({ pool }: ReaderCase): Promise<readonly number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows.map(({ pid }) => pid);
}

it('a reader whose own dead connection still holds the lock goes on leading', async ({ openCase }) => {
  const test = await openCase();
  const { databaseProxy: route } = test;
  const reader = await test.startReader(settings(test));
  await leads(reader);
  const before = await holders(test);
  expect(before).toHaveLength(1);
  // The reader ends the connection that does not answer, and the server does not hear of it.
  await route.refuse(true);
  route.halfOpen(true);
  await vi.waitFor(() => expect(reader.logged().join()).toContain('going on'), PATIENCE);
  expect(await holders(test)).toEqual(before);
  route.halfOpen(false);
  await route.refuse(false);
  await vi.waitFor(async () => {
    const now = await holders(test);
    expect(now).toHaveLength(1);
    expect(now).not.toEqual(before);
  }, PATIENCE);
  expect(reader.logged()).not.toContain('another reader leads');
});

it('a reader waits for a database that is slow, and tells nothing without its ledger', async ({
  openCase,
}) => {
  const test = await openCase();
  const first = await test.startReader(settings(test));
  test.cluster.workloads.scaleDeployment('web', 5);
  await untilLedgerIsTrue(test);
  await first.stop();
  const { databaseProxy: route } = test;
  // Each way: it takes seconds to ask all that must be asked to get the lock and the ledger.
  route.delayMs = 300;
  const second = await test.startReader(settings(test));
  await leads(second);
  expect(second.logged()).not.toContain('the database cannot be asked who leads');
  route.delayMs = 0;
  test.cluster.workloads.scaleDeployment('web', 7);
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
});

it('a reader whose ledger another took stands by when the database cannot be asked who leads', async ({
  openCase,
}) => {
  const test = await openCase();
  await using owner = new AsyncDisposableStack();
  const admin = openPool({ ...test.database, database: 'postgres' }, createLogger('test', 'silent'));
  owner.defer(() => admin.end());
  const allowConnections = async (allowed: boolean) => {
    await admin.query(`ALTER DATABASE ${test.database.database} ALLOW_CONNECTIONS ${allowed}`);
  };
  owner.defer(() => allowConnections(true));
  const reader = await test.startReader(settings(test));
  test.cluster.workloads.scaleDeployment('web', 5);
  await untilLedgerIsTrue(test);
  // Open connections stay, so the ledger can still answer.
  await allowConnections(false);
  await test.pool.query('UPDATE reader_terms SET term = term + 1');
  test.cluster.workloads.scaleDeployment('web', 10);
  await vi.waitFor(() => {
    const attempts = reader.logged().filter((line) => line === 'the database cannot be asked who leads');
    expect(attempts.length).toBeGreaterThan(2);
  }, PATIENCE);
  expect(await reader.metric('leads')).toBe(0);
  await allowConnections(true);
  await leads(reader);
  await untilLedgerIsTrue(test);
});
