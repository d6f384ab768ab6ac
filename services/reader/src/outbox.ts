import { type DatabasePool, inTransaction, migrate } from '@podips/shared';

/** Messages that the queue did not take, in PostgreSQL until it does. */
export interface Outbox {
  /** Resolves when the rows are committed. */
  store(bodies: readonly string[]): Promise<void>;
  /**
   * Hands rows to `send`, oldest first, and deletes them when it resolves, until there are none.
   * Another reader may drain at the same time: rows are locked, not shared.
   * @returns how many rows were sent
   */
  drain(send: (bodies: readonly string[]) => Promise<void>): Promise<number>;
  /** How many rows waited when the table was last looked at. */
  readonly rows: number;
}

const DRAIN_BATCH = 500;

/** The table is made or widened at the first use, so that a reader can start while the database is away. */
export function createOutbox(pool: DatabasePool): Outbox {
  let migrated: Promise<unknown> | undefined;
  const ready = () => {
    migrated ??= migrate(pool).catch((err) => {
      migrated = undefined;
      throw err;
    });
    return migrated;
  };
  let rows = 0;
  const count = async () => {
    const result = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM messages');
    rows = result.rows[0]?.count ?? 0;
  };
  return {
    get rows() {
      return rows;
    },
    async store(bodies) {
      await ready();
      await pool.query('INSERT INTO messages (message) SELECT unnest($1::text[])', [bodies]);
      rows += bodies.length;
    },
    async drain(send) {
      await ready();
      let sent = 0;
      for (let taken = DRAIN_BATCH; taken === DRAIN_BATCH; sent += taken)
        taken = await drainBatch(pool, send);
      await count();
      return sent;
    },
  };
}

async function drainBatch(
  pool: DatabasePool,
  send: (bodies: readonly string[]) => Promise<void>,
): Promise<number> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ id: number; message: string | null }>(
      `DELETE FROM messages WHERE id IN (
         SELECT id FROM messages ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
       ) RETURNING id, message`,
      [DRAIN_BATCH],
    );
    const bodies = rows
      .sort((a, b) => a.id - b.id)
      .flatMap((row) => (row.message === null ? [] : [row.message]));
    if (bodies.length > 0) await send(bodies);
    return rows.length;
  });
}
