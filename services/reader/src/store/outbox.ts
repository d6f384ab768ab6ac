import {
  type DatabaseClient,
  type DatabasePool,
  inTransaction,
  runStatement,
  type WithTables,
  withTablesOf,
} from '@podips/shared';
import type { CurrentTerm } from './term-writes.js';

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
  /**
   * Keeps in view what was stored before, or is being stored by now, by this process or for a reader that died.
   * @returns counts the rows that are left of it; undefined while some of it is still being stored
   */
  trackEarlier(): () => Promise<number | undefined>;
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
  /** The term in which rows are stored: by its count a reader notices that rows were lost that it had stored. */
  readonly current?: CurrentTerm;
}

const DRAIN_BATCH = 500;
const MAX_SEND_MS = 20_000;

/** Any role may read all locks, and the query waits for none of them. */
const WRITERS = `
  SELECT virtualtransaction AS writer FROM pg_locks WHERE relation = 'messages'::regclass AND mode = 'RowExclusiveLock'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const COUNT = `
  SELECT count(*)::int AS rows, count(*) FILTER (WHERE id <= coalesce($1, id))::int AS earlier, max(id) AS newest
  FROM messages`;

interface Count {
  readonly rows: number;
  /** Rows up to an id; all without one. */
  readonly earlier: number;
  /** Null without rows. */
  readonly newest: number | null;
}

export function createOutbox(pool: DatabasePool, options: OutboxOptions = {}): Outbox {
  const { withTables = withTablesOf(pool), onEmpty, maxSendMs = MAX_SEND_MS, current } = options;
  let rows = 0;
  const stores = new Set<Promise<void>>();
  const count = async (upTo: number | null = null) => {
    const [counted] = (await runStatement<Count>(pool, COUNT, [upTo])).rows;
    rows = counted?.rows ?? 0;
    return counted ?? { rows, earlier: 0, newest: null };
  };
  const insert = async (bodies: readonly string[]) => {
    const writes = current?.writes;
    const counted = await inTransaction(pool, async (client) => {
      const count = await writes?.count(client);
      await client.query('INSERT INTO messages (message) SELECT unnest($1::text[])', [bodies]);
      return count;
    });
    if (counted !== undefined) writes?.confirm(counted);
    rows += bodies.length;
  };
  return {
    get rows() {
      return rows;
    },
    async store(bodies) {
      const stored = withTables(() => insert(bodies));
      stores.add(stored);
      try {
        await stored;
      } finally {
        stores.delete(stored);
      }
    },
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
    trackEarlier() {
      // The server does not know yet of those that wait for a connection.
      const own = Promise.allSettled(stores);
      const countLeft = createCounter(pool, count);
      return async () => {
        await own;
        return withTables(countLeft);
      };
    },
  };
}

/** Counts the rows of those who write at its first call, and of all before them. Newer rows do not count. */
function createCounter(
  pool: DatabasePool,
  count: (upTo: number | null) => Promise<Count>,
): () => Promise<number | undefined> {
  let earlier: ReadonlySet<string> | undefined;
  let upTo: number | null = null;
  return async () => {
    const { rows } = await runStatement<{ writer: string }>(pool, WRITERS);
    const writers = rows.map(({ writer }) => writer);
    earlier ??= new Set(writers);
    const isStoring = upTo === null && writers.some((writer) => earlier?.has(writer));
    // Afterwards: what was being stored before is there by now.
    const counted = await count(upTo);
    if (isStoring) return undefined;
    upTo ??= counted.newest ?? 0;
    return counted.earlier;
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
