import { createOutbox } from '@podips/reader';
import { type DatabaseClient, type DatabasePool, inTransaction, migrate, runStatement } from '@podips/shared';
import { describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/reader-case.js';
import { log, useTestDatabases } from '../support/test-databases.js';

const databases = useTestDatabases();
const { connect } = databases;

const bodies = (count: number) => Array.from({ length: count }, (_, index) => `{"n":${index}}`);

async function stored(pool: DatabasePool): Promise<string[]> {
  const { rows } = await pool.query<{ message: string }>('SELECT message FROM messages ORDER BY id');
  return rows.map((row) => row.message);
}

describe('a pool', () => {
  it('sets the limits of a transaction for that transaction alone, so that a pooler cannot hand them on', async () => {
    const pool = connect({ maxConnections: 1, statementTimeoutMs: 7_000 });
    const limits = `SELECT current_setting('idle_in_transaction_session_timeout') AS idle,
      current_setting('statement_timeout') AS statement, current_setting('transaction_read_only') AS reads`;
    const outside = (await pool.query(limits)).rows;
    expect((await runStatement(pool, limits)).rows).toEqual([{ idle: '10s', statement: '7s', reads: 'off' }]);
    const read = (client: DatabaseClient) => client.query(limits);
    expect((await inTransaction(pool, read, { readOnly: true, idleMs: 500 })).rows).toEqual([
      { idle: '500ms', statement: '7s', reads: 'on' },
    ]);
    expect((await pool.query(limits)).rows).toEqual(outside);
  });

  it('has every change refused in a transaction that may only read', async () => {
    const change = (client: DatabaseClient) => client.query('CREATE TABLE mine ()');
    await expect(inTransaction(connect(), change, { readOnly: true })).rejects.toMatchObject({
      code: '25006',
    });
  });

  it('reads times whatever style the database has', async () => {
    const pool = connect({ maxConnections: 1 });
    await pool.query(`ALTER DATABASE ${databases.settings.database} SET datestyle = 'German'`);
    const { rows } = await runStatement(connect(), "SELECT timestamptz '2026-11-26 12:00:00Z' AS time");
    expect(rows).toEqual([{ time: new Date('2026-11-26T12:00:00Z') }]);
  });

  it('survives a restart of the server while its connections are idle', async () => {
    const pool = connect();
    const warn = vi.spyOn(log, 'warn');
    await Promise.all([pool.query('SELECT pg_sleep(0.05)'), pool.query('SELECT pg_sleep(0.05)')]);
    expect(pool.idleCount).toBe(2);
    await databases.postgres.stop();
    await vi.waitFor(() => expect(pool.totalCount).toBe(0), PATIENCE);
    expect(warn.mock.calls.map((call) => String(call.at(-1)))).toContain('idle database connection lost');
    warn.mockRestore();
    await databases.postgres.start();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('survives a stop of the server in the middle of a transaction, whose work is undone', async () => {
    const pool = connect();
    const outbox = createOutbox(pool);
    await outbox.store(bodies(3));
    const interrupted = outbox.drain(async () => {
      await databases.postgres.stop();
    });
    await expect(interrupted).rejects.toThrow(/terminat|not queryable|closed/i);
    await databases.postgres.start();
    expect(await stored(pool)).toEqual(bodies(3));
  });

  it('undoes the work of a transaction that failed, and its connections stay usable', async () => {
    const pool = connect();
    await migrate(pool);
    for (let attempt = 0; attempt < 10; attempt += 1)
      await expect(
        inTransaction(pool, async (client) => {
          await client.query("INSERT INTO messages (message) VALUES ('x')");
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
    expect(await stored(pool)).toEqual([]);
  });
});
