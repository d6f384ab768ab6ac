import {
  type DatabaseClient,
  type DatabasePool,
  inTransaction,
  runStatement,
  type WithTables,
  withTablesOf,
} from '@podips/shared';

/** Messages that the queue did not accept, in PostgreSQL until it does. */
export interface Outbox {
  /** Resolves when the rows are committed. */
  store(bodies: readonly string[]): Promise<void>;
  /**
   * Hands rows to `send`, oldest first, and deletes them when it resolves, until there are none or the signal aborts.
   * Another reader may drain at the same time: rows are locked, not shared.
   * @returns how many rows were sent
   */
  drain(send: (bodies: readonly string[]) => Promise<void>, signal?: AbortSignal): Promise<number>;
  /** Whether there is no row, and none that the server is still storing, perhaps for a reader that died. */
  isEmpty(): Promise<boolean>;
  /** How many rows waited when the table was last looked at. */
  readonly rows: number;
}

export interface OutboxOptions {
  /** Makes or widens the table before it is used. */
  readonly withTables?: WithTables;
  /** Called with the number of rows that were deleted because there is no message in them. */
  readonly onEmpty?: (rows: number) => void;
  /** The server unlocks rows that have been with `send` for so long: their reader has vanished. */
  readonly maxSendMs?: number;
}

const DRAIN_BATCH = 500;
const MAX_SEND_MS = 20_000;

/** Any role may read all locks, and the query waits for none of them. */
const CHANGES_UNDER_WAY = `
  SELECT FROM pg_locks WHERE relation = 'messages'::regclass AND mode = 'RowExclusiveLock'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

export function createOutbox(pool: DatabasePool, options: OutboxOptions = {}): Outbox {
  const { withTables = withTablesOf(pool), onEmpty, maxSendMs = MAX_SEND_MS } = options;
  let rows = 0;
  const count = async () => {
    const result = await runStatement<{ count: number }>(pool, 'SELECT count(*)::int AS count FROM messages');
    rows = result.rows[0]?.count ?? 0;
  };
  return {
    get rows() {
      return rows;
    },
    store: (bodies) =>
      withTables(async () => {
        await runStatement(pool, 'INSERT INTO messages (message) SELECT unnest($1::text[])', [bodies]);
        rows += bodies.length;
      }),
    drain: (send, signal) =>
      withTables(async () => {
        // Counted before it is sent as well: the broker may not accept it.
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
    isEmpty: () =>
      withTables(async () => {
        const { rowCount } = await runStatement(pool, CHANGES_UNDER_WAY);
        // Afterwards: what was under way before is there by now.
        await count();
        return rowCount === 0 && rows === 0;
      }),
  };
}

async function drainBatch(
  pool: DatabasePool,
  maxSendMs: number,
  send: (bodies: readonly string[]) => Promise<void>,
): Promise<{ sent: number; empty: number }> {
  const work = async (client: DatabaseClient) => {
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
  };
  return inTransaction(pool, work, { idleMs: maxSendMs });
}
