import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOutbox } from '@podips/reader';
import { type DatabasePool, inTransaction, migrate, setupProblem } from '@podips/shared';
import { startProxy } from '@podips/simulation';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/reader-case.js';
import { emptyDatabase, useTestDatabases } from '../support/test-databases.js';

/** The numbered SQL files of this version. */
let migrations: string[];

const MIGRATIONS = new URL('../../packages/shared/sql/', import.meta.url);

const databases = useTestDatabases();
const { connect } = databases;
beforeAll(async () => {
  const names = await readdir(MIGRATIONS);
  migrations = names.sort();
});

const bodies = (count: number) => Array.from({ length: count }, (_, index) => `{"n":${index}}`);

async function stored(pool: DatabasePool): Promise<string[]> {
  const { rows } = await pool.query<{ message: string }>('SELECT message FROM messages ORDER BY id');
  return rows.map((row) => row.message);
}

/** Accepts what is drained, and can be made to fail or to wait. */
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

  it('say up to when leases were deleted before that was written down', async () => {
    const before = await mkdtemp(join(tmpdir(), 'podips-migrations-'));
    for (const name of migrations.filter((each) => each < '018'))
      await copyFile(new URL(name, MIGRATIONS), join(before, name));
    const pool = connect();
    await migrate(pool, before);
    await pool.query(
      `INSERT INTO reader_positions (cluster, resource_version, known_at)
         SELECT cluster, '1', '2026-11-20Z' FROM unnest('{whole,old,emptied}'::text[]) AS cluster;
       INSERT INTO gaps (cluster, started_at, ended_at, reason)
         VALUES ('whole', NULL, '2026-11-01Z', 'start'), ('old', '2026-11-01Z', '2026-11-02Z', 'start');
       INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network, started_at,
         start_inferred, ended_at, end_reason, end_inferred)
       SELECT cluster, 'uid', '10.0.0.1', n, 'shop', 'cart-1', '', '', 'node-1', false, '2026-11-03Z', false, ended_at, 'deleted', false
       FROM unnest('{whole,old}'::text[]) AS cluster,
         (VALUES (0, timestamptz '2026-11-05Z'), (1, '2026-11-04Z')) AS ends (n, ended_at)`,
    );
    await migrate(connect());
    const { rows } = await pool.query(
      'SELECT cluster, deleted_before AS at FROM reader_positions ORDER BY cluster',
    );
    expect(rows).toEqual([
      { cluster: 'emptied', at: new Date('2026-11-20T00:00:00Z') },
      { cluster: 'old', at: new Date('2026-11-04T00:00:00Z') },
      { cluster: 'whole', at: null },
    ]);
    await rm(before, { recursive: true });
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

  it('of a large table may take longer than other statements', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'podips-migrations-'));
    await writeFile(join(dir, '001-slow.sql'), 'CREATE TABLE slow AS SELECT 1 AS one FROM pg_sleep(3)');
    expect(await migrate(connect({ statementTimeoutMs: 2_000 }), dir)).toEqual(['001-slow.sql']);
    await rm(dir, { recursive: true });
  });

  it('that wait for a lock in vain are a problem to be seen', async () => {
    const pool = connect();
    await pool.query('CREATE TABLE messages (id serial primary key, message varchar(1000))');
    await inTransaction(pool, async (client) => {
      await client.query('LOCK TABLE messages');
      const failure = await migrate(connect()).catch((err: unknown) => err);
      expect(setupProblem(failure)).toMatch(/cannot be migrated: 001-messages.sql: .*lock timeout/);
    });
    expect(await migrate(connect())).toEqual(migrations);
  });
});

describe('the outbox', () => {
  it('returns in order what it stored, whatever the characters', async () => {
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
    // Neither may wait for the rows that the other one has locked.
    const began = [one, other].map(({ received, send }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      send.mockImplementationOnce(async (batch) => {
        resolve();
        await Promise.all(began);
        received.push(...batch);
      });
      return promise;
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

  it('deletes rows without a message, which cannot be sent, and returns their number', async () => {
    const pool = connect();
    const onEmpty = vi.fn();
    const outbox = createOutbox(pool, { onEmpty });
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

  it('makes its table again in a database that came back empty', async () => {
    const pool = connect();
    const outbox = createOutbox(pool);
    await outbox.store(bodies(1));
    await emptyDatabase(pool);
    await expect(outbox.store(bodies(2))).rejects.toMatchObject({ code: '42P01' });
    await outbox.store(bodies(2));
    expect(await stored(pool)).toEqual(bodies(2));
  });

  it('is not empty of earlier rows while one is being stored, and newer ones do not count', async () => {
    const pool = connect();
    const outbox = createOutbox(pool);
    expect(await outbox.trackEarlier()()).toBe(0);
    const { received, send } = createReceiver();
    const countEarlier = outbox.trackEarlier();
    const other = connect();
    await inTransaction(other, async (client) => {
      await client.query(`INSERT INTO messages (message) VALUES ('late')`);
      expect(await outbox.drain(send)).toBe(0);
      expect(await countEarlier()).toBeUndefined();
    });
    await inTransaction(other, async (client) => {
      expect(await countEarlier()).toBe(1);
      await client.query(`INSERT INTO messages (message) VALUES ('newer')`);
      expect(await outbox.drain(send)).toBe(1);
      expect(await countEarlier()).toBe(0);
    });
    expect(received).toEqual(['late']);
    expect([await countEarlier(), await outbox.trackEarlier()()]).toEqual([0, 1]);
  });

  it('is not empty of earlier rows while this process has yet to begin storing one', async () => {
    const pool = connect({ maxConnections: 1 });
    await migrate(pool);
    const begin = Promise.withResolvers<void>();
    let calls = 0;
    const outbox = createOutbox(pool, {
      async withTables(work) {
        calls += 1;
        if (calls === 1) await begin.promise;
        return work();
      },
    });
    const storing = outbox.store(['late']);
    const counted = outbox.trackEarlier()();
    // A look at the table that does not wait is over before this one, which has more statements.
    expect(await outbox.drain(createReceiver().send)).toBe(0);
    begin.resolve();
    expect(await counted).toBe(1);
    await storing;
  });

  it('gets back the rows that a reader held when its machine vanished', async () => {
    const route = await startProxy({ host: '127.0.0.1', port: databases.settings.port });
    const lost = connect({}, { port: route.port });
    const outbox = createOutbox(connect());
    await outbox.store(bodies(3));
    const vanished = Promise.withResolvers<void>();
    const sending = Promise.withResolvers<void>();
    const interrupted = createOutbox(lost, { maxSendMs: 5_000 }).drain(async () => {
      route.halfOpen(true);
      sending.resolve();
      await vanished.promise;
      throw new Error('the machine vanished');
    });
    await sending.promise;
    const { received, send } = createReceiver();
    expect(await outbox.drain(send)).toBe(0);
    await vi.waitFor(async () => expect(await outbox.drain(send)).toBe(3), PATIENCE);
    expect(received).toEqual(bodies(3));
    vanished.resolve();
    await expect(interrupted).rejects.toThrow('the machine vanished');
    await route.stop();
  });

  it('works as soon as a database that was unavailable at the start is back', async () => {
    const outbox = createOutbox(connect());
    await databases.postgres.stop();
    await expect(outbox.store(['{"n":0}'])).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await databases.postgres.start();
    await outbox.store(['{"n":0}']);
    expect(outbox.rows).toBe(1);
  });
});
