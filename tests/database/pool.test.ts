import { createOutbox } from '@podips/reader';
import { configureSession, type DatabasePool, inTransaction, migrate } from '@podips/shared';
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
  it('has the server notice when the other end of a connection is gone', async () => {
    const pool = connect();
    const settings = [
      'idle_in_transaction_session_timeout',
      'statement_timeout',
      'tcp_keepalives_idle',
      'tcp_keepalives_interval',
      'tcp_keepalives_count',
      'tcp_user_timeout',
    ];
    const { rows } = await pool.query(
      'SELECT current_setting(name) AS value FROM unnest($1::text[]) AS name',
      [settings],
    );
    expect(rows.map(({ value }) => value)).toEqual(['10s', '10s', '5', '2', '3', '10000']);
  });

  it('connects to a server of a version that does not know every parameter', async () => {
    const pool = connect();
    await inTransaction(pool, (client) => configureSession(client, { from_the_future: 'on', geqo: 'off' }));
    expect((await pool.query('SHOW geqo')).rows).toEqual([{ geqo: 'off' }]);
  });

  it('whose connections may only read has every change refused', async () => {
    const pool = connect({ readOnly: true });
    await expect(pool.query('CREATE TABLE mine ()')).rejects.toMatchObject({ code: '25006' });
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
