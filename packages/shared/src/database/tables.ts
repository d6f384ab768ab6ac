import pg from 'pg';
import {
  grantsOf,
  MIGRATIONS_TABLE,
  type Migration,
  readMigrations,
  schemaOf,
  tablesOf,
} from './migrations.js';
import type { DatabaseClient, DatabasePool } from './pool.js';
import { inTransaction } from './transaction.js';
import { DatabaseSetupError } from './trouble.js';

/** Any number, as long as every podips process uses the same; this one is "podips" in ASCII. */
const MIGRATION_LOCK = 0x706f64697073n;
const UNDEFINED_TABLE = '42P01';

/** Longest wait for a lock: whoever comes after it waits for as long. */
const LOCK_TIMEOUT_MS = 5_000;
/** Longest time of a migration: it may build an index of a large table. */
const MIGRATION_TIMEOUT_MS = 3_600_000;
/** Shutting down, starting, or a deadlock: the next attempt is another one. */
const PASSING = /^(08|40|57P)/;

/**
 * Applies the numbered SQL files that this database does not have yet, in one transaction and under a lock,
 * so that several processes may do so at once.
 * @param onMissing called before the first of them is applied
 * @returns names of the files that were applied
 * @throws {DatabaseSetupError} DATABASE_NEWER when the database has migrations that this version does not know;
 *   DATABASE_RIGHTS when the user may not do what is needed; DATABASE_SCHEMA when the tables are in another schema;
 *   DATABASE_MIGRATION when the server refuses a file or does not get done with it
 */
export async function migrate(pool: DatabasePool, dir?: string, onMissing?: () => void): Promise<string[]> {
  const migrations = await readMigrations(dir);
  return inTransaction(pool, async (client) => {
    await client.query(`SET LOCAL lock_timeout TO ${LOCK_TIMEOUT_MS}`);
    const lock = { text: 'SELECT pg_advisory_xact_lock($1)', values: [MIGRATION_LOCK] };
    await client.query(lock).catch(failedAt('the lock for migrations'));
    const missing = await inspect(client, pool, migrations);
    if (missing.length === 0) return [];
    onMissing?.();
    await client.query(schemaOf(pool.schema));
    await client.query(MIGRATIONS_TABLE);
    await client.query(`SET LOCAL statement_timeout TO ${MIGRATION_TIMEOUT_MS}`);
    for (const { name, sql } of missing) {
      // The server is the first to give up: its error leaves nothing that runs on.
      const query = { text: sql, query_timeout: MIGRATION_TIMEOUT_MS + LOCK_TIMEOUT_MS };
      await client.query(query).catch(failedAt(name));
      await client.query('INSERT INTO podips_migrations (name) VALUES ($1)', [name]);
    }
    return missing.map(({ name }) => name);
  });
}

/** There is neither outbox nor ledger until it succeeds. */
function failedAt(step: string) {
  return (err: unknown): never => {
    if (!(err instanceof pg.DatabaseError) || PASSING.test(err.code ?? '')) throw err;
    throw new DatabaseSetupError(
      'DATABASE_MIGRATION',
      `the tables cannot be migrated: ${step}: ${err.message}`,
      {
        cause: err,
      },
    );
  };
}

/** Finds out whether the database can be used, without changing it. @throws as {@link migrate} does */
export async function checkTables(pool: DatabasePool, dir?: string): Promise<void> {
  const migrations = await readMigrations(dir);
  await inTransaction(pool, (client) => inspect(client, pool, migrations));
}

/** @returns the migrations that the database does not have, all of which may be applied */
async function inspect(
  client: DatabaseClient,
  pool: DatabasePool,
  migrations: readonly Migration[],
): Promise<Migration[]> {
  const tables = tablesOf(migrations);
  const applied = await readApplied(client, pool, tables);
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new DatabaseSetupError(
      'DATABASE_NEWER',
      `the database was migrated by a newer podips: ${unknown.join(', ')}`,
    );
  const missing = migrations.filter(({ name }) => !applied.has(name));
  if (missing.length === 0) await checkRights(client, pool, tables);
  else await checkOwnership(client, pool, missing, tables);
  return missing;
}

async function readApplied(
  client: DatabaseClient,
  pool: DatabasePool,
  tables: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = await findMigrations(client);
  if (found) {
    if (!found.isReadable) await checkRights(client, pool, tables);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM podips_migrations');
    return new Set(rows.map((row) => row.name));
  }
  // Earlier versions took the first schema of the search path that the server, the database or the role sets.
  if (pool.settings.schema === undefined) {
    await client.query('SET LOCAL search_path TO DEFAULT');
    const schema = (await findMigrations(client))?.schema;
    await client.query(`SET LOCAL search_path TO "${pool.schema}"`);
    // Another process has made the tables since the first look.
    if (schema === pool.schema) return readApplied(client, pool, tables);
    if (schema !== undefined)
      throw new DatabaseSetupError(
        'DATABASE_SCHEMA',
        `the tables of podips are in the schema ${schema}: set DB_SCHEMA=${schema}, for the monitor as well`,
      );
  }
  return new Set();
}

interface FoundMigrations {
  readonly schema: string;
  readonly isReadable: boolean;
}

/** @returns the table of the migrations, if a schema in the search path has it */
async function findMigrations(client: DatabaseClient): Promise<FoundMigrations | undefined> {
  const { rows } = await client.query<FoundMigrations>(
    `SELECT nspname AS schema, has_table_privilege(pg_class.oid, 'SELECT') AS "isReadable" FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE pg_class.oid = to_regclass('podips_migrations')`,
  );
  return rows[0];
}

/** Who owns the tables has all rights; who does not needs those that the reader uses. */
async function checkRights(
  client: DatabaseClient,
  pool: DatabasePool,
  tables: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ lacks: string }>(
    `SELECT right_name || ' on ' || name AS lacks
     FROM unnest($1::text[]) WITH ORDINALITY AS tables (name, place),
       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS right_name
     WHERE NOT coalesce(has_table_privilege(to_regclass(name), right_name), true)
     UNION ALL
     SELECT 'SELECT on podips_migrations' WHERE NOT has_table_privilege('podips_migrations', 'SELECT')
     UNION ALL
     SELECT 'USAGE on ' || sequence FROM pg_get_serial_sequence('messages', 'id') AS sequence
     WHERE NOT has_sequence_privilege(sequence, 'USAGE')`,
    [tables],
  );
  if (rows.length === 0) return;
  const lacks = rows.map((row) => row.lacks).join(', ');
  const user = pool.settings.user;
  throw rights(`the user ${user} lacks ${lacks}: ${grantsOf(pool.schema, user).join('; ')}`);
}

/** To apply migrations takes a user who may create tables, and owns those that are there. */
async function checkOwnership(
  client: DatabaseClient,
  pool: DatabasePool,
  missing: readonly Migration[],
  tables: readonly string[],
): Promise<void> {
  const { rows } = await client.query<{ may: boolean }>(
    `SELECT coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1),
         has_database_privilege(current_database(), 'CREATE'))
       AND NOT EXISTS (SELECT FROM pg_class WHERE oid IN (SELECT to_regclass(name) FROM unnest($2::text[]) AS name)
         AND NOT pg_has_role(relowner, 'USAGE')) AS may`,
    [pool.schema, [...tables, 'podips_migrations']],
  );
  if (rows[0]?.may) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw rights(
    `the user ${pool.settings.user} may not create and change the tables in the schema ${pool.schema}, which lacks ${names}: ` +
      'run "reader --migrate" as a user who may, or apply what "reader --print-sql" prints',
  );
}

const rights = (text: string) => new DatabaseSetupError('DATABASE_RIGHTS', text);

/** Runs work that needs the tables. */
export type WithTables = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Applies the migrations before the first use, so that a service can start while the database is unavailable; and again after
 * a failure, or when a table is missing because the database came back empty.
 * @param onMigrating called when migrations begin, and when they have ended
 */
export function withTablesOf(pool: DatabasePool, onMigrating?: (isRunning: boolean) => void): WithTables {
  let done: Promise<unknown> | undefined;
  return async (work) => {
    done ??= migrate(pool, undefined, () => onMigrating?.(true)).finally(() => onMigrating?.(false));
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
