import { randomUUID } from 'node:crypto';
import { createLedger, createOutbox } from '@podips/reader';
import {
  createLogger,
  type DatabaseClient,
  type DatabasePool,
  inTransaction,
  migrate,
  openPool,
  runStatement,
} from '@podips/shared';
import { type LocalPostgres, type PgBouncer, startPgBouncer, startPostgres } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyDatabase } from '../support/test-databases.js';

const log = createLogger('test', 'silent');
let postgres: LocalPostgres;
let pgbouncer: PgBouncer;
let pools: DatabasePool[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
  // Fewer than clients: each transaction runs on a connection that another client has just used.
  pgbouncer = await startPgBouncer(postgres.settings, 2);
});
afterAll(async () => {
  await pgbouncer?.stop();
  await postgres?.destroy();
});
beforeEach(async () => {
  const direct = openPool(postgres.settings, log);
  await emptyDatabase(direct);
  await direct.end();
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.end()));
  pools = [];
});

const connect = (): DatabasePool => {
  const pool = openPool(pgbouncer.settings, log);
  pools.push(pool);
  return pool;
};
const settingsOf = (pool: DatabasePool) =>
  pool.query(`SELECT current_setting('statement_timeout') AS statement,
    current_setting('idle_in_transaction_session_timeout') AS idle,
    current_setting('default_transaction_read_only') AS reads`);

describe('behind PgBouncer in transaction mode', () => {
  it('nothing that is set for one transaction reaches another one', async () => {
    const [reader, monitor] = [connect(), connect()];
    const before = (await settingsOf(reader)).rows;
    await migrate(reader);
    const look = (client: DatabaseClient) => client.query('SELECT count(*) FROM messages');
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([
        inTransaction(monitor, look, { readOnly: true, idleMs: 500 }),
        inTransaction(monitor, look, { readOnly: true }),
      ]);
      await runStatement(reader, "INSERT INTO messages (message) VALUES ('{}')");
      expect((await settingsOf(reader)).rows).toEqual(before);
    }
  });

  it('migrations are applied once when several processes begin at the same moment', async () => {
    const applied = await Promise.all(Array.from({ length: 6 }, () => migrate(connect())));
    expect(new Set(applied.flat()).size).toBe(applied.flat().length);
    expect(applied.flat()).not.toEqual([]);
  });

  it('two readers share the outbox, each row sent by one of them', async () => {
    const [one, other] = [createOutbox(connect()), createOutbox(connect())];
    const bodies = Array.from({ length: 1_500 }, () => randomUUID());
    await one.store(bodies);
    const sent: string[] = [];
    const send = async (batch: readonly string[]) => void sent.push(...batch);
    await Promise.all([one.drain(send), other.drain(send)]);
    expect(sent.toSorted()).toEqual(bodies.toSorted());
    expect(await one.trackEarlier()()).toBe(0);
  });

  it('a drain that fails gives its rows back', async () => {
    const outbox = createOutbox(connect());
    await outbox.store(['a', 'b']);
    await expect(outbox.drain(() => Promise.reject(new Error('no broker')))).rejects.toThrow('no broker');
    const sent: string[] = [];
    expect(await outbox.drain(async (batch) => void sent.push(...batch))).toBe(2);
    expect(sent).toEqual(['a', 'b']);
  });

  it('a reader of an earlier term cannot write the ledger', async () => {
    const [first, second] = [connect(), connect()];
    await migrate(first);
    const [one, other] = [createLedger(first, 'default'), createLedger(second, 'default')];
    const checkpoint = { resourceVersion: '7', knownAt: new Date('2026-11-26T12:00:00Z') };
    const { term } = await one.load();
    await one.write(term, { leases: [], gaps: [], checkpoint });
    const loaded = await other.load();
    expect(loaded).toMatchObject({ term: term + 1, checkpoint });
    await expect(one.write(term, { leases: [], gaps: [], checkpoint })).rejects.toMatchObject({
      code: 'LEDGER_TAKEN',
    });
    await other.write(loaded.term, { leases: [], gaps: [], checkpoint });
  });
});
