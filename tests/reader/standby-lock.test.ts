import { createLogger, type Environment, openPool } from '@podips/shared';
import { startProxy } from '@podips/simulation';
import { beforeEach, expect, it, vi } from 'vitest';
import {
  EXACT,
  openReaderCase,
  PATIENCE,
  type TestReader,
  untilLedgerIsTrue,
  useReaderStage,
  withDatabase,
} from '../support/reader-case.js';

const stage = useReaderStage();
let env: Environment;
beforeEach(() => {
  env = { ...withDatabase(stage), LEDGER_INTERVAL_MS: '20', STANDBY_INTERVAL_MS: '100', DB_WAIT_MS: '0' };
});

const leads = (reader: TestReader) =>
  vi.waitFor(async () => expect(await reader.metric('leads')).toBe(1), PATIENCE);

/** Process ids of the server's ends of the connections that hold a lock. */
async function holders(): Promise<readonly number[]> {
  const { rows } = await stage.database.query<{ pid: number }>(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted",
  );
  return rows.map(({ pid }) => pid);
}

it('a reader whose own dead connection still holds the lock goes on leading', async () => {
  await using test = await openReaderCase(stage);
  await using owner = new AsyncDisposableStack();
  const route = await startProxy({ host: '127.0.0.1', port: stage.postgres.settings.port });
  owner.defer(() => route.stop());
  const reader = await test.startReader({ ...env, DB_PORT: String(route.port) });
  await leads(reader);
  const before = await holders();
  expect(before).toHaveLength(1);
  // The reader ends the connection that does not answer, and the server does not hear of it.
  await route.refuse(true);
  route.halfOpen(true);
  await vi.waitFor(() => expect(reader.logged().join()).toContain('going on'), PATIENCE);
  expect(await holders()).toEqual(before);
  route.halfOpen(false);
  await route.refuse(false);
  await vi.waitFor(async () => {
    const now = await holders();
    expect(now).toHaveLength(1);
    expect(now).not.toEqual(before);
  }, PATIENCE);
  expect(reader.logged()).not.toContain('another reader leads');
});

it('a reader waits for a database that is slow, and tells nothing without its ledger', async () => {
  await using test = await openReaderCase(stage);
  await using owner = new AsyncDisposableStack();
  const first = await test.startReader(env);
  test.cluster.workloads.scaleDeployment('web', 5);
  await untilLedgerIsTrue(stage, test);
  await first.stop();
  const route = await startProxy({ host: '127.0.0.1', port: stage.postgres.settings.port });
  owner.defer(() => route.stop());
  // Each way: it takes seconds to ask all that must be asked to get the lock and the ledger.
  route.delayMs = 300;
  const second = await test.startReader({ ...env, DB_PORT: String(route.port) });
  await leads(second);
  expect(second.logged()).not.toContain('the database cannot be asked who leads');
  route.delayMs = 0;
  test.cluster.workloads.scaleDeployment('web', 7);
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
});

it('a reader whose ledger another took stands by when the database cannot be asked who leads', async () => {
  await using test = await openReaderCase(stage);
  await using owner = new AsyncDisposableStack();
  const { settings } = stage.postgres;
  const admin = openPool({ ...settings, database: 'postgres' }, createLogger('test', 'silent'));
  owner.defer(() => admin.end());
  const allowConnections = async (allowed: boolean) => {
    await admin.query(`ALTER DATABASE ${settings.database} ALLOW_CONNECTIONS ${allowed}`);
  };
  owner.defer(() => allowConnections(true));
  const reader = await test.startReader(env);
  test.cluster.workloads.scaleDeployment('web', 5);
  await untilLedgerIsTrue(stage, test);
  // Open connections stay, so the ledger can still answer.
  await allowConnections(false);
  await stage.database.query('UPDATE reader_terms SET term = term + 1');
  test.cluster.workloads.scaleDeployment('web', 10);
  await vi.waitFor(() => {
    const attempts = reader.logged().filter((line) => line === 'the database cannot be asked who leads');
    expect(attempts.length).toBeGreaterThan(2);
  }, PATIENCE);
  expect(await reader.metric('leads')).toBe(0);
  await allowConnections(true);
  await leads(reader);
  await untilLedgerIsTrue(stage, test);
});
