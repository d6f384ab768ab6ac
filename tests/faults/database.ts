import type { DatabasePool } from '@podips/shared';
import pg from 'pg';
import type { Fault } from './fault.js';
import { heldBack, readerCounts } from './felt.js';
import type { Stage } from './stage.js';

const DATABASE = { part: 'database', lights: {}, felt: readerCounts('ledger_failures_total') } as const;
const RED = { 'queue/write': 'red', 'queue/read': 'red' } as const;

const WRITTEN = ['messages', 'leases', 'gaps', 'reader_positions', 'reader_terms'];
const REFUSE = `
  CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'cannot execute % in a read-only transaction', TG_OP USING ERRCODE = '25006';
  END $$`;

/** Every change is refused, as by a standby server; a default of sessions would not keep the reader from it. */
async function setReadOnly(database: DatabasePool, on: boolean): Promise<void> {
  await database.query(REFUSE);
  // One after the other: a transaction that locks several could wait for a reader that waits for it.
  for (const table of WRITTEN)
    await database.query(
      on
        ? `CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON ${table} EXECUTE FUNCTION refuse()`
        : `DROP TRIGGER IF EXISTS refuse ON ${table}`,
    );
}

/** Takes every connection that the server has to give, those of the reader too. */
async function takeConnections({ postgres }: Stage): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  const takeOne = async () => {
    const client = new pg.Client(postgres.settings);
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch {
      return false; // none is left, which is the aim
    }
    taken.push(client);
    return true;
  };
  while (await takeOne());
  if (taken.length === 0) throw new Error('the database gave no connection');
  // A client that is disconnected reconnects at once: attempts of this test wait for its place already.
  for (let left = 1; left > 0; ) {
    let ended = false;
    const waiting = Array.from({ length: 4 }, async () => {
      while (!ended) await takeOne();
    });
    try {
      const answer = await taken[0]?.query(
        `SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'podips%'`,
      );
      left = answer?.rowCount ?? 0;
    } finally {
      ended = true;
      await Promise.all(waiting);
    }
  }
  return taken;
}

const connections = new WeakMap<Stage, pg.Client[]>();

/** The database fails, alone or together with the broker. */
export const DATABASE_FAULTS: readonly Fault[] = [
  {
    ...DATABASE,
    name: 'database stopped',
    begin: ({ postgres }) => postgres.stop(),
    end: ({ postgres }) => postgres.start(),
  },
  {
    ...DATABASE,
    name: 'database half-open',
    // The ends of the connections that are open now do not reach each other again, as when a route has vanished.
    begin: ({ databaseProxy }) => databaseProxy.halfOpen(true),
    end: ({ databaseProxy }) => databaseProxy.halfOpen(false),
  },
  {
    ...DATABASE,
    name: 'database slow',
    felt: heldBack('databaseProxy'),
    begin({ databaseProxy }) {
      databaseProxy.delayMs = 500;
    },
    end({ databaseProxy }) {
      databaseProxy.delayMs = 0;
    },
  },
  {
    ...DATABASE,
    name: 'database read-only',
    begin: ({ database }) => setReadOnly(database, true),
    end: ({ database }) => setReadOnly(database, false),
  },
  {
    ...DATABASE,
    name: 'database out of connections',
    async begin(stage) {
      connections.set(stage, await takeConnections(stage));
    },
    async end(stage) {
      await Promise.all((connections.get(stage) ?? []).map((client) => client.end()));
    },
  },
  {
    ...DATABASE,
    name: 'broker and database stopped together',
    alone: true,
    lights: RED,
    felt: readerCounts('full_total'),
    begin: ({ broker, postgres }) =>
      Promise.all([broker.stop('SIGKILL'), postgres.stop()]).then(() => undefined),
    end: ({ broker, postgres }) => Promise.all([broker.start(), postgres.start()]).then(() => undefined),
  },
  {
    ...DATABASE,
    name: 'database read-only while the broker is unavailable',
    alone: true,
    lights: RED,
    felt: readerCounts('outbox_failures_total'),
    async begin({ broker, database }) {
      await setReadOnly(database, true);
      await broker.stop('SIGKILL');
    },
    async end({ broker, database }) {
      await setReadOnly(database, false);
      await broker.start();
    },
  },
];
