import pg from 'pg';
import { PodipsError } from '../errors.js';
import type { DatabaseClient, DatabasePool } from './pool.js';
import { DatabaseSetupError } from './trouble.js';

const ROLLBACK_TIMEOUT_MS = 1_000;
/** Longest pause between two statements of a transaction: a caller that vanished holds its locks for so long. */
const IDLE_IN_TRANSACTION_MS = 10_000;
/** The oldest version that the tests run with. */
const OLDEST_VERSION = 11;
const FEATURE_NOT_SUPPORTED = '0A000';

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
  return withServer(pool, async (client) => {
    // A server that lets us in and then says nothing is given up as one that does not let us in.
    const answers = await begin(client, {
      text: beginOf(pool, options),
      query_timeout: pool.connectTimeoutMs,
    });
    requireServer(pool, answers.at(-1), options);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  });
}

/**
 * Runs statements without parameters in a read-only transaction, all in one message to the server: with one for each, most of
 * the time of short ones passes between them.
 * @returns the rows of each, as arrays of their values
 */
export async function readAtOnce(
  pool: DatabasePool,
  statements: readonly string[],
): Promise<readonly (readonly unknown[][])[]> {
  const options = { readOnly: true };
  const first = beginOf(pool, options);
  return withServer(pool, async (client) => {
    const text = [first, ...statements, 'COMMIT'].join(';\n');
    const answers = await begin(client, { text });
    const own = answers.slice(0, -1 - statements.length);
    requireServer(pool, own.at(-1), options);
    return answers.slice(own.length, -1).map(({ rows }) => rows);
  });
}

/** The server is a standby, and that is not the one to use. Nothing was done. */
class StandbyError extends PodipsError {}

/** Runs `work` with a connection, and again with that of another server while they are standbys. */
async function withServer<T>(pool: DatabasePool, work: (client: DatabaseClient) => Promise<T>): Promise<T> {
  let routes: number | undefined;
  for (let tried = 1; ; tried += 1)
    try {
      return await attempt(pool, work);
    } catch (err) {
      if (!(err instanceof StandbyError)) throw err;
      routes ??= (await pool.countRoutes()) + pool.totalCount;
      if (tried >= routes) throw err;
    }
}

async function attempt<T>(pool: DatabasePool, work: (client: DatabaseClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let usable = true;
  // The pool only listens to idle connections. One that breaks between two statements would end the process;
  // the next statement fails anyway.
  const onError = () => {
    usable = false;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (err) {
    if (err instanceof StandbyError) {
      pool.avoid(client);
      usable = false;
    }
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

interface Statements {
  readonly text: string;
  /** Milliseconds. */
  readonly query_timeout?: number;
}

type Answer = pg.QueryArrayResult<unknown[]>;

/** Sends several statements, the first of which begin a transaction, in one message. @returns the answer to each */
async function begin(client: DatabaseClient, query: Statements): Promise<readonly Answer[]> {
  try {
    // pg answers several statements with an array, which its types do not say.
    return (await client.query({ ...query, rowMode: 'array' })) as unknown as readonly Answer[];
  } catch (err) {
    if (err instanceof pg.DatabaseError && err.code === FEATURE_NOT_SUPPORTED) throw standby();
    throw err;
  }
}

function requireServer(pool: DatabasePool, answer: Answer | undefined, options: TransactionOptions): void {
  const { readOnly = false } = options;
  const [version, isStandby] = answer?.rows[0] ?? [];
  if (typeof version !== 'number') throw new Error('a SELECT without FROM gave no row');
  if (Math.floor(version / 10_000) < OLDEST_VERSION)
    throw new DatabaseSetupError(
      'DATABASE_OLD',
      `PostgreSQL ${OLDEST_VERSION} or newer is needed, but the server has ${versionText(version)}`,
    );
  if (readOnly && isStandby === true && pool.wantsPrimary) throw standby();
}

const standby = () =>
  new StandbyError('DATABASE_STANDBY', 'the database server is a standby, which accepts no writes', {
    retryable: true,
  });

const versionText = (version: number) =>
  version < 100_000
    ? `${Math.floor(version / 10_000)}.${Math.floor(version / 100) % 100}`
    : `${Math.floor(version / 10_000)}.${version % 10_000}`;

/** Begins, and sets until the end what server, database and role may set for a session that would change what is read or written. */
function beginOf({ schema, statementTimeoutMs }: DatabasePool, options: TransactionOptions): string {
  const { readOnly = false, idleMs = IDLE_IN_TRANSACTION_MS } = options;
  const parameters = {
    search_path: `"${schema}"`,
    // In other styles times are read as nothing.
    DateStyle: 'ISO, YMD',
    TimeZone: 'UTC',
    // A table whose rows are hidden from us is an error, not an empty one.
    row_security: 'off',
    standard_conforming_strings: 'on',
    transform_null_equals: 'off',
    statement_timeout: String(statementTimeoutMs),
    lock_timeout: '0',
    idle_in_transaction_session_timeout: String(idleMs),
  };
  const set = (name: string, value: string) => `set_config('${name}', '${value}', true)`;
  const number = `current_setting('server_version_num')::int`;
  const begin = readOnly
    ? 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY'
    : 'BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE';
  // What is committed without waiting for the disk may be lost with the server.
  return `${begin};
    SELECT ${Object.entries(parameters).map(([name, value]) => set(name, value))},
      CASE current_setting('synchronous_commit') WHEN 'off' THEN ${set('synchronous_commit', 'on')} END,
      CASE WHEN ${number} >= 170000 THEN ${set('transaction_timeout', '0')} END;
    SELECT ${number}, pg_is_in_recovery()`;
}
