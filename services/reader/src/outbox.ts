import { type DatabasePool, inTransaction, migrateOnce } from '@podips/shared';

/** Messages that the queue did not take, in PostgreSQL until it does. */
export interface Outbox {
  /** Resolves when the rows are committed. */
  store(bodies: readonly string[]): Promise<void>;
  /**
   * Hands rows to `send`, oldest first, and deletes them when it resolves, until there are none or the signal aborts.
   * Another reader may drain at the same time: rows are locked, not shared.
   * @returns how many rows were sent
   */
  drain(send: (bodies: readonly string[]) => Promise<void>, signal?: AbortSignal): Promise<number>;
  /** How many rows waited when the table was last looked at. */
  readonly rows: number;
}

const DRAIN_BATCH = 500;

/**
 * @param ready makes or widens the table; called before each use
 * @param onEmpty called with the number of rows that were deleted because there is no message in them
 */
export function createOutbox(
  pool: DatabasePool,
  ready = migrateOnce(pool),
  onEmpty: (rows: number) => void = () => undefined,
): Outbox {
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
    async drain(send, signal) {
      await ready();
      // Told before it is sent as well: the broker may not take it.
      await count();
      let sent = 0;
      for (let taken = DRAIN_BATCH; taken === DRAIN_BATCH && !signal?.aborted; ) {
        const batch = await drainBatch(pool, send);
        taken = batch.sent + batch.empty;
        sent += batch.sent;
        if (batch.empty > 0) onEmpty(batch.empty);
      }
      if (rows > 0) await count();
      return sent;
    },
  };
}

async function drainBatch(
  pool: DatabasePool,
  send: (bodies: readonly string[]) => Promise<void>,
): Promise<{ sent: number; empty: number }> {
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
    return { sent: bodies.length, empty: rows.length - bodies.length };
  });
}
