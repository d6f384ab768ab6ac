import { type DatabasePool, inTransaction, type WithTables, withTablesOf } from '@podips/shared';

/** Messages that the queue did not take, in PostgreSQL until it does. */
export interface Outbox {
  /** Resolves when the rows are committed. */
  store(bodies: readonly string[]): Promise<void>;
  /**
   * Waits for rows that are being stored just now, by whoever: the server may still be at work for a reader that died.
   * Rejects when that takes too long.
   */
  settled(): Promise<void>;
  /**
   * Hands rows to `send`, oldest first, and deletes them when it resolves, until there are none or the signal aborts.
   * Another reader may drain at the same time: rows are locked, not shared.
   * @returns how many rows were sent
   */
  drain(send: (bodies: readonly string[]) => Promise<void>, signal?: AbortSignal): Promise<number>;
  /** How many rows waited when the table was last looked at. */
  readonly rows: number;
}

export interface OutboxOptions {
  /** Makes or widens the table before it is used. */
  readonly withTables?: WithTables;
  /** Called with the number of rows that were deleted because there is no message in them. */
  readonly onEmpty?: (rows: number) => void;
  /** The server gives rows free that have been with `send` for so long: whoever took them vanished. */
  readonly maxSendMs?: number;
}

const DRAIN_BATCH = 500;
const MAX_SEND_MS = 20_000;
/** What comes after waits as well. */
const MAX_SETTLE_MS = 2_000;

export function createOutbox(pool: DatabasePool, options: OutboxOptions = {}): Outbox {
  const { withTables = withTablesOf(pool), onEmpty, maxSendMs = MAX_SEND_MS } = options;
  let rows = 0;
  const count = async () => {
    const result = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM messages');
    rows = result.rows[0]?.count ?? 0;
  };
  return {
    get rows() {
      return rows;
    },
    store: (bodies) =>
      withTables(async () => {
        await pool.query('INSERT INTO messages (message) SELECT unnest($1::text[])', [bodies]);
        rows += bodies.length;
      }),
    settled: () =>
      withTables(() =>
        inTransaction(pool, async (client) => {
          await client.query(`SELECT set_config('lock_timeout', $1, true)`, [String(MAX_SETTLE_MS)]);
          await client.query('LOCK TABLE messages IN SHARE MODE');
        }),
      ),
    drain: (send, signal) =>
      withTables(async () => {
        // Told before it is sent as well: the broker may not take it.
        await count();
        let sent = 0;
        for (let taken = DRAIN_BATCH; taken === DRAIN_BATCH && !signal?.aborted; ) {
          const batch = await drainBatch(pool, maxSendMs, send);
          taken = batch.sent + batch.empty;
          sent += batch.sent;
          if (batch.empty > 0) onEmpty?.(batch.empty);
        }
        if (rows > 0) await count();
        return sent;
      }),
  };
}

async function drainBatch(
  pool: DatabasePool,
  maxSendMs: number,
  send: (bodies: readonly string[]) => Promise<void>,
): Promise<{ sent: number; empty: number }> {
  return inTransaction(pool, async (client) => {
    await client.query(`SELECT set_config('idle_in_transaction_session_timeout', $1, true)`, [
      String(maxSendMs),
    ]);
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
