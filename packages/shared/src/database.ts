import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PodipsError } from './errors.js';
import type { Logger } from './logger.js';
import type { DatabaseSettings } from './settings.js';

export type DatabasePool = pg.Pool;
export type DatabaseClient = pg.PoolClient;

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 4;

/** A pool whose every connection attempt and statement has a deadline, and that survives the server's restart. */
export function openPool(settings: DatabaseSettings, log: Logger): DatabasePool {
  const pool = new pg.Pool({
    ...settings,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'podips',
  });
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (err) => log.warn({ err }, 'idle database connection lost'));
  return pool;
}

/** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. */
export async function inTransaction<T>(
  pool: DatabasePool,
  work: (client: DatabaseClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failure: unknown;
  // The pool only listens to idle connections. One that breaks between two statements would end the process;
  // the next statement fails anyway.
  const onError = (err: Error) => {
    failure = err;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (err) {
    failure = err;
    throw err;
  } finally {
    // A connection in an unknown state is thrown away, which also rolls back.
    client.release(failure !== undefined);
    client.off('error', onError);
  }
}

const MIGRATIONS_DIR = fileURLToPath(new URL('../sql/', import.meta.url));
const MIGRATION_NAME = /^(\d{3})-[a-z0-9-]+\.sql$/;
/** Any number will do, as long as every podips process uses the same; this one is "podips" in ASCII. */
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

/**
 * A function that applies the migrations at its first call, and again after a failure; so that a service can start
 * while the database is away.
 */
export function migrateOnce(pool: DatabasePool): () => Promise<void> {
  let done: Promise<unknown> | undefined;
  return async () => {
    done ??= migrate(pool).catch((err) => {
      done = undefined;
      throw err;
    });
    await done;
  };
}
