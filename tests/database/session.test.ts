import { createLedger, createOutbox, type LeaseRecord } from '@podips/reader';
import { type DatabasePool, type DatabaseSettings, migrate, openPool, runStatement } from '@podips/shared';
import { databaseEnvironment, type LocalPostgres, startPgBouncer, startPostgres } from '@podips/simulation';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { startMonitorProcess } from '../support/monitor-process.js';
import { log } from '../support/test-databases.js';

/** All that an administrator may set for sessions, and what would change what is read or written. */
const HOSTILE = {
  DateStyle: "'German, DMY'",
  TimeZone: "'Asia/Kathmandu'",
  IntervalStyle: 'sql_standard',
  extra_float_digits: '-15',
  bytea_output: 'escape',
  standard_conforming_strings: 'off',
  transform_null_equals: 'on',
  array_nulls: 'off',
  quote_all_identifiers: 'on',
  client_encoding: 'LATIN1',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'on',
  default_transaction_deferrable: 'on',
  search_path: 'elsewhere',
  row_security: 'on',
  synchronous_commit: 'off',
  lock_timeout: '1',
  idle_in_transaction_session_timeout: '50',
  transaction_timeout: '2000',
};

const STARTED = new Date('2026-03-29T00:59:59.999Z');
const ENDED = new Date('2026-10-25T01:30:00.001Z');
const CHECKPOINT = { resourceVersion: '7', knownAt: new Date('2026-11-04T05:06:07.089Z') };

const lease: LeaseRecord = {
  pod: {
    uid: 'uid-1',
    namespace: 'shop',
    name: 'cart-1',
    ownerKind: 'Job',
    ownerName: 'cart',
    node: 'node-1',
    hostNetwork: false,
  },
  ip: '10.0.0.1',
  occurrence: 0,
  startedAt: STARTED,
  startInferred: false,
  end: undefined,
};

let server: LocalPostgres;
let databases = 0;
let settings: DatabaseSettings;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server?.destroy());

/** A database that has the tables, and sets for each session what it can. */
beforeEach(async () => {
  databases += 1;
  const name = `hostile_${databases}`;
  const admin = openPool(server.settings, log);
  await admin.query(`CREATE DATABASE ${name}`);
  settings = { ...server.settings, database: name };
  const own = openPool(settings, log);
  // Tables of another program, under the names of ours.
  await own.query(
    'CREATE SCHEMA elsewhere; CREATE TABLE elsewhere.leases (); CREATE TABLE elsewhere.messages ()',
  );
  await own.end();
  for (const [parameter, value] of Object.entries(HOSTILE))
    await admin.query(`ALTER DATABASE ${name} SET ${parameter} = ${value}`);
  await admin.end();
});

const WAYS = {
  directly: async () => settings,
  'by PgBouncer in session mode': () => pooled('session'),
  'by PgBouncer in transaction mode': () => pooled('transaction'),
};

async function pooled(mode: 'session' | 'transaction'): Promise<DatabaseSettings> {
  const pooler = await startPgBouncer(settings, 6, mode);
  onTestFinished(() => pooler.stop());
  return pooler.settings;
}

function open(way: DatabaseSettings): DatabasePool {
  const pool = openPool(way, log);
  onTestFinished(() => pool.end());
  return pool;
}

describe.each(Object.entries(WAYS))(
  'whatever is set for its sessions, a database that is reached %s',
  (_, way) => {
    it('keeps and gives back the ledger as it is', async () => {
      const pool = open(await way());
      await migrate(pool);
      const ledger = createLedger(pool, 'default');
      const { term } = await ledger.load();
      const gap = { startedAt: STARTED, endedAt: ENDED, reason: 'late' };
      await ledger.write(term, { leases: [lease], gaps: [gap], checkpoint: CHECKPOINT });
      const loaded = await ledger.load();
      expect(loaded.checkpoint).toEqual(CHECKPOINT);
      expect(loaded.known.get('uid-1')?.leases).toMatchObject([
        { ip: '10.0.0.1', started: { best: STARTED.getTime() } },
      ]);
      const ended = { ...lease, end: { at: ENDED, reason: 'deleted', inferred: false } as const };
      await ledger.write(loaded.term, { leases: [ended], gaps: [], checkpoint: CHECKPOINT });
      const { rows } = await runStatement(pool, 'SELECT started_at, ended_at FROM leases');
      expect(rows).toEqual([{ started_at: STARTED, ended_at: ENDED }]);
      expect((await runStatement(pool, 'SELECT started_at, ended_at FROM gaps')).rows).toEqual([
        { started_at: STARTED, ended_at: ENDED },
      ]);
    });

    it('waits for a lock, and keeps nothing that the disk does not have', async () => {
      const [pool, other] = [open(await way()), open(settings)];
      await migrate(pool);
      const ledger = createLedger(pool, 'default');
      const { term } = await ledger.load();
      const holder = await other.connect();
      await holder.query(
        'BEGIN READ WRITE; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL transaction_timeout = 0',
      );
      await holder.query('LOCK TABLE public.leases');
      const written = ledger.write(term, { leases: [lease], gaps: [], checkpoint: CHECKPOINT });
      await holder.query('SELECT pg_sleep(0.2)');
      await holder.query('COMMIT');
      holder.release();
      await written;
      const { rows } = await runStatement(pool, "SELECT current_setting('synchronous_commit') AS commit");
      expect(rows).toEqual([{ commit: 'on' }]);
    });

    it('keeps and gives back messages as they are', async () => {
      const outbox = createOutbox(open(await way()));
      const bodies = ['{"pod":"grün ☸"}', 'NULL', 'a\\b\\\\"\'c'];
      await outbox.store(bodies);
      const sent: string[] = [];
      expect(await outbox.drain(async (batch) => void sent.push(...batch))).toBe(3);
      expect(sent).toEqual(bodies);
    });

    it('answers the monitor', async () => {
      const found = await way();
      const pool = open(found);
      await migrate(pool);
      const ledger = createLedger(pool, 'default');
      const { term } = await ledger.load();
      const start = { startedAt: undefined, endedAt: STARTED, reason: 'start' };
      await ledger.write(term, { leases: [lease], gaps: [start], checkpoint: CHECKPOINT });
      const monitor = await startMonitorProcess(databaseEnvironment(found));
      onTestFinished(() => monitor.destroy());
      const at = new Date(STARTED.getTime() + 60_000).toISOString();
      const { status, body } = await getFrom(monitor, `/api/v1/leases?ip=10.0.0.1&at=${at}`);
      expect(status).toBe(200);
      expect(JSON.parse(body).leases).toMatchObject([{ pod: 'cart-1', startedAt: STARTED.toISOString() }]);
    });
  },
);
