import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PodipsError } from './errors.js';
import type { Logger } from './logger.js';
import type { DatabaseSettings } from './settings/database-settings.js';

export type DatabasePool = pg.Pool;
export type DatabaseClient = pg.PoolClient;

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const ROLLBACK_TIMEOUT_MS = 1_000;
const MAX_CONNECTIONS = 4;
/** Longest pause between two statements of a transaction: a caller that vanished holds its locks for so long. */
const IDLE_IN_TRANSACTION_MS = 10_000;

export interface PoolOptions {
  readonly maxConnections?: number;
  /** Deadline for a connection, which may have to wait for another caller's; once more for the start of a transaction. */
  readonly connectTimeoutMs?: number;
  /** Deadline for a statement, at the server and here. */
  readonly statementTimeoutMs?: number;
}

/**
 * A pool whose every connection attempt and statement has a deadline, and that survives the server's restart. It sets nothing
 * that lasts longer than a transaction: behind PgBouncer in transaction mode the next one may run on another connection, and
 * a setting that stays would reach another client.
 */
export function openPool(settings: DatabaseSettings, log: Logger, options: PoolOptions = {}): DatabasePool {
  const {
    maxConnections = MAX_CONNECTIONS,
    connectTimeoutMs = CONNECT_TIMEOUT_MS,
    statementTimeoutMs = STATEMENT_TIMEOUT_MS,
  } = options;
  const pool = new pg.Pool({
    ...settings,
    max: maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: statementTimeoutMs,
    keepAlive: true,
    application_name: 'podips',
  });
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (err) => {
    // pg hangs the whole connection on it, with the key by which its statements can be cancelled.
    Reflect.deleteProperty(err, 'client');
    log.warn({ err }, 'idle database connection lost');
  });
  return pool;
}

export interface TransactionOptions {
  /** The server refuses every change, and all that is read is of one moment. */
  readonly readOnly?: boolean;
  /** The longest rest between two statements; after it the server undoes everything. */
  readonly idleMs?: number;
}

/** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. */
export async function inTransaction<T>(
  pool: DatabasePool,
  work: (client: DatabaseClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const client = await pool.connect();
  let usable = true;
  // The pool only listens to idle connections. One that breaks between two statements would end the process;
  // the next statement fails anyway.
  const onError = () => {
    usable = false;
  };
  client.on('error', onError);
  try {
    await client.query(beginOf(pool, options));
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (err) {
    usable &&= await rollBack(client);
    throw err;
  } finally {
    // A connection in an unknown state is discarded, which also rolls back, as soon as the server notices.
    client.release(!usable);
    client.off('error', onError);
  }
}

/** @returns whether the server has undone everything */
async function rollBack(client: DatabaseClient): Promise<boolean> {
  try {
    const query = { text: 'ROLLBACK', query_timeout: ROLLBACK_TIMEOUT_MS };
    await client.query(query);
    return true;
  } catch {
    return false; // the caller throws the error that came before it
  }
}

/** Runs a single statement, with the deadlines that a transaction has at the server. */
export async function runStatement<R extends pg.QueryResultRow>(
  pool: DatabasePool,
  text: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<R>> {
  return inTransaction(pool, (client) => client.query<R>(text, [...values]));
}

/** Begins, and sets what holds until the end of the transaction, in one message to the server. */
function beginOf(
  { options }: DatabasePool,
  { readOnly, idleMs = IDLE_IN_TRANSACTION_MS }: TransactionOptions,
) {
  const text = [
    readOnly ? 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY' : 'BEGIN',
    `SET LOCAL statement_timeout = ${options.query_timeout ?? STATEMENT_TIMEOUT_MS}`,
    `SET LOCAL idle_in_transaction_session_timeout = ${idleMs}`,
    // In the styles that a server, a database or a user may have as defaults, times are read as nothing.
    "SET LOCAL datestyle = 'ISO'",
  ].join('; ');
  // A server that lets us in and then says nothing is given up as one that does not let us in.
  return { text, query_timeout: options.connectionTimeoutMillis };
}

const MIGRATIONS_DIR = fileURLToPath(new URL('../sql/', import.meta.url));
const MIGRATION_NAME = /^(\d{3})-[a-z0-9-]+\.sql$/;
/** Any number, as long as every podips process uses the same; this one is "podips" in ASCII. */
const MIGRATION_LOCK = 0x706f64697073n;

/**
 * Applies the numbered SQL files that this database does not have yet, in one transaction and under a lock,
 * so that several processes may do so at once.
 * @returns names of the files that were applied
 * @throws {PodipsError} DATABASE_NEWER when the database has migrations that this version does not know
 */
export async function migrate(pool: DatabasePool, dir = MIGRATIONS_DIR): Promise<string[]> {
  const files = (await readdir(dir)).filter((name) => MIGRATION_NAME.test(name)).sort();
  return inTransaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      'CREATE TABLE IF NOT EXISTS podips_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const { rows } = await client.query<{ name: string }>('SELECT name FROM podips_migrations');
    const applied = new Set(rows.map((row) => row.name));
    const unknown = [...applied].filter((name) => !files.includes(name));
    if (unknown.length > 0)
      throw new PodipsError(
        'DATABASE_NEWER',
        `the database was migrated by a newer podips: ${unknown.join(', ')}`,
      );
    const missing = files.filter((name) => !applied.has(name));
    for (const name of missing) {
      await client.query(await readFile(`${dir}/${name}`, 'utf8'));
      await client.query('INSERT INTO podips_migrations (name) VALUES ($1)', [name]);
    }
    return missing;
  });
}

const UNDEFINED_TABLE = '42P01';

/** Runs work that needs the tables. */
export type WithTables = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Applies the migrations before the first use, so that a service can start while the database is unavailable; and again after
 * a failure, or when a table is missing because the database came back empty.
 */
export function withTablesOf(pool: DatabasePool): WithTables {
  let done: Promise<unknown> | undefined;
  return async (work) => {
    done ??= migrate(pool);
    const migrated = done;
    const retryMigration = () => {
      if (done === migrated) done = undefined;
    };
    await migrated.catch((err) => {
      retryMigration();
      throw err;
    });
    try {
      return await work();
    } catch (err) {
      if (err instanceof pg.DatabaseError && err.code === UNDEFINED_TABLE) retryMigration();
      throw err;
    }
  };
}
