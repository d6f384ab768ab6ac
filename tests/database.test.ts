import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOutbox } from '@podips/reader';
import { createLogger, type DatabasePool, inTransaction, migrate, openPool } from '@podips/shared';
import { type LocalPostgres, startPostgres } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from './support/reader-case.js';

const log = createLogger('test', 'silent');
/** The numbered SQL files of this version. */
let migrations: string[];

let postgres: LocalPostgres;
let database: string;
let tests = 0;
let pools: DatabasePool[] = [];

beforeAll(async () => {
  const names = await readdir(new URL('../packages/shared/sql/', import.meta.url));
  migrations = names.sort();
  postgres = await startPostgres();
});
afterAll(() => postgres?.destroy());
beforeEach(async () => {
  tests += 1;
  database = `test_${tests}`;
  const admin = openPool(postgres.settings, log);
  await admin.query(`CREATE DATABASE ${database}`);
  await admin.end();
});
afterEach(async () => {
  const ended = pools.map((pool) => pool.end());
  pools = [];
  await Promise.all(ended);
});

/** A pool as another process would have it, on this test's database. */
function connect(): DatabasePool {
  const pool = openPool({ ...postgres.settings, database }, log);
  pools.push(pool);
  return pool;
}

const bodies = (count: number) => Array.from({ length: count }, (_, index) => `{"n":${index}}`);

async function stored(pool: DatabasePool): Promise<string[]> {
  const { rows } = await pool.query<{ message: string }>('SELECT message FROM messages ORDER BY id');
  return rows.map((row) => row.message);
}

/** Takes what is drained, and can be told to fail or to wait. */
function createReceiver() {
  const received: string[] = [];
  const send = vi.fn(async (batch: readonly string[]) => void received.push(...batch));
  return { received, send };
}

describe('migrations', () => {
  it('are applied once when several pools begin at the same moment', async () => {
    const applied = await Promise.all(Array.from({ length: 8 }, () => migrate(connect())));
    expect(applied.flat()).toEqual(migrations);
    expect(await migrate(connect())).toEqual([]);
  });

  it('widen the table of podips 1.1, whose rows are then delivered in their order', async () => {
    const pool = connect();
    await pool.query('CREATE TABLE messages (id serial primary key, message varchar(1000))');
    await pool.query('INSERT INTO messages (message) SELECT unnest($1::text[])', [bodies(1_200)]);
    const outbox = createOutbox(pool);
    const long = JSON.stringify({ pod: 'x'.repeat(5_000) });
    await outbox.store([long]);
    const { received, send } = createReceiver();
    expect(await outbox.drain(send)).toBe(1_201);
    expect(received).toEqual([...bodies(1_200), long]);
    expect(outbox.rows).toBe(0);
  });

  it('are refused, and nothing is changed, when a newer version was here', async () => {
    const pool = connect();
    await migrate(pool);
    await pool.query("INSERT INTO podips_migrations (name) VALUES ('999-future.sql')");
    await expect(migrate(connect())).rejects.toMatchObject({
      code: 'DATABASE_NEWER',
      retryable: false,
      message: expect.stringContaining('999-future.sql'),
    });
    await expect(createOutbox(pool).store(['x'])).rejects.toMatchObject({ code: 'DATABASE_NEWER' });
    expect(await stored(pool)).toEqual([]);
  });

  it('are applied all or none', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'podips-migrations-'));
    await writeFile(join(dir, '001-fine.sql'), 'CREATE TABLE fine ()');
    await writeFile(join(dir, '002-broken.sql'), 'CREATE TABLE broken (');
    const pool = connect();
    await expect(migrate(pool, dir)).rejects.toThrow(/syntax error/);
    const { rows } = await pool.query("SELECT to_regclass('fine') AS fine");
    expect(rows).toEqual([{ fine: null }]);
    await rm(dir, { recursive: true });
  });
});

describe('the outbox', () => {
  it('gives back in order what it took, whatever the characters', async () => {
    const outbox = createOutbox(connect());
    const texts = ['{"pod":"grün ☸ \\u0000"}', `{"quote":"'\\"{}, NULL"}`, ...bodies(700)];
    await outbox.store(texts.slice(0, 2));
    await outbox.store(texts.slice(2));
    expect(outbox.rows).toBe(texts.length);
    const { received, send } = createReceiver();
    expect(await outbox.drain(send)).toBe(texts.length);
    expect(received).toEqual(texts);
    expect(await outbox.drain(send)).toBe(0);
    expect(outbox.rows).toBe(0);
  });

  it('is shared by two drains at once, each row delivered by one of them', async () => {
    const first = createOutbox(connect());
    const second = createOutbox(connect());
    await first.store(bodies(1_500));
    const one = createReceiver();
    const other = createReceiver();
    const otherBegan = new Promise<void>((resolve) => {
      other.send.mockImplementationOnce(async (batch) => {
        other.received.push(...batch);
        resolve();
      });
    });
    one.send.mockImplementationOnce(async (batch) => {
      await otherBegan; // it must not wait for the rows that are locked here
      one.received.push(...batch);
    });
    const sent = await Promise.all([first.drain(one.send), second.drain(other.send)]);
    expect(sent[0] + sent[1]).toBe(1_500);
    expect(Math.min(...sent)).toBeGreaterThanOrEqual(500);
    expect([...one.received, ...other.received].sort()).toEqual(bodies(1_500).sort());
  });

  it('keeps its rows when sending fails, and sends the same ones next time', async () => {
    const pool = connect();
    const outbox = createOutbox(pool);
    await outbox.store(bodies(20));
    const { received, send } = createReceiver();
    send.mockRejectedValueOnce(new Error('no broker'));
    await expect(outbox.drain(send)).rejects.toThrow('no broker');
    expect(await stored(pool)).toEqual(bodies(20));
    expect(await outbox.drain(send)).toBe(20);
    expect(received).toEqual(bodies(20));
  });

  it('deletes rows without a message, which nobody could send, and tells their number', async () => {
    const pool = connect();
    const onEmpty = vi.fn();
    const outbox = createOutbox(pool, undefined, onEmpty);
    await outbox.store(['{"n":0}']);
    await pool.query('INSERT INTO messages (message) SELECT NULL FROM generate_series(1, 600)');
    await outbox.store(['{"n":1}']);
    const { received, send } = createReceiver();
    expect(await outbox.drain(send)).toBe(2);
    expect(received).toEqual(['{"n":0}', '{"n":1}']);
    expect(onEmpty.mock.calls).toEqual([[499], [101]]);
    expect(await stored(pool)).toEqual([]);
    expect(outbox.rows).toBe(0);
  });

  it('works as soon as a database that was away at the start is there', async () => {
    const outbox = createOutbox(connect());
    await postgres.stop();
    await expect(outbox.store(['{"n":0}'])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await postgres.start();
    await outbox.store(['{"n":0}']);
    expect(outbox.rows).toBe(1);
  });
});

describe('a pool', () => {
  it('survives a restart of the server while its connections are idle', async () => {
    const pool = connect();
    const warn = vi.spyOn(log, 'warn');
    await Promise.all([pool.query('SELECT pg_sleep(0.05)'), pool.query('SELECT pg_sleep(0.05)')]);
    expect(pool.idleCount).toBe(2);
    await postgres.stop();
    await vi.waitFor(() => expect(pool.totalCount).toBe(0), PATIENCE);
    expect(warn.mock.calls.map((call) => String(call.at(-1)))).toContain('idle database connection lost');
    warn.mockRestore();
    await postgres.start();
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('survives a stop of the server in the middle of a transaction, whose work is undone', async () => {
    const pool = connect();
    const outbox = createOutbox(pool);
    await outbox.store(bodies(3));
    const interrupted = outbox.drain(async () => {
      await postgres.stop();
    });
    await expect(interrupted).rejects.toThrow(/terminat|not queryable|closed/i);
    await postgres.start();
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
