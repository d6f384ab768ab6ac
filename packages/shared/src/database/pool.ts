import pg from 'pg';
import { PodipsError, toError } from '../errors.js';
import { FailureLog } from '../failure-log.js';
import type { Logger } from '../logger.js';
import type { DatabaseSettings } from '../settings/database-settings.js';
import { placeOf, type Route, Routes } from './routes.js';
import { codeOf, DatabaseSetupError, isOfTls, setupProblem } from './trouble.js';

export type DatabaseClient = pg.PoolClient;

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** As long as a connection is kept of which nothing is asked. */
const IDLE_MS = 30_000;
const MAX_CONNECTIONS = 4;
const DEFAULT_SCHEMA = 'public';

export interface PoolOptions {
  readonly maxConnections?: number;
  /** Deadline for a connection, which may have to wait for another caller's; once more for the start of a transaction. */
  readonly connectTimeoutMs?: number;
  /** Deadline for a statement, at the server and here. */
  readonly statementTimeoutMs?: number;
  /** Gives the addresses of a name. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

/**
 * A pool whose every connection attempt and statement has a deadline, and that survives the server's restart. It sets nothing
 * that lasts longer than a transaction: behind PgBouncer in transaction mode the next one may run on another connection, and
 * a setting that stays would reach another client.
 */
export function openPool(settings: DatabaseSettings, log: Logger, options: PoolOptions = {}): DatabasePool {
  const pool = new DatabasePool(settings, options);
  const failures = new FailureLog(log, {
    failed: 'idle database connection lost',
    worked: 'connected to the database again',
  });
  pool.on('connect', () => failures.worked());
  // Without a listener an idle connection that breaks ends the process.
  pool.on('error', (err) => {
    // pg hangs the whole connection on it, with the key by which its statements can be cancelled.
    Reflect.deleteProperty(err, 'client');
    failures.failed(err);
  });
  return pool;
}

/** A pool that tries the routes to its database in turn. */
export class DatabasePool extends pg.Pool {
  readonly settings: DatabaseSettings;
  readonly schema: string;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly #routes: Routes;
  readonly #max: number;

  constructor(settings: DatabaseSettings, options: PoolOptions) {
    const { maxConnections = MAX_CONNECTIONS, connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
    const { statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
    const { user, password, database, schema = DEFAULT_SCHEMA } = settings;
    super({
      user,
      password,
      database,
      max: maxConnections,
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: statementTimeoutMs,
      keepAlive: true,
      // Longer than from one regular look to the next: a new connection costs more than a look.
      idleTimeoutMillis: IDLE_MS,
      application_name: 'podips',
    });
    this.settings = settings;
    this.schema = schema;
    this.connectTimeoutMs = connectTimeoutMs;
    this.statementTimeoutMs = statementTimeoutMs;
    this.#routes = new Routes(settings, options.resolve);
    this.#max = maxConnections;
  }

  /** Whether a standby server is of no use even to one who only reads, because another host may be primary. */
  get wantsPrimary(): boolean {
    return this.#routes.wantsPrimary;
  }

  /** The server of this connection is not the one to use: others are tried before it. */
  avoid({ host, port }: DatabaseClient): void {
    this.#routes.failed({ address: host, port });
  }

  /** How many routes there may be to try. */
  async countRoutes(): Promise<number> {
    return (await this.#routes.inOrder()).length;
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(
    callback: (err?: Error, client?: pg.PoolClient, done?: (release?: unknown) => void) => void,
  ): void;
  override connect(
    callback?: (err?: Error, client?: pg.PoolClient, done?: (release?: unknown) => void) => void,
  ): Promise<pg.PoolClient> | undefined {
    const connected = this.#connect();
    if (callback === undefined) return connected;
    connected.then(
      (client) => callback(undefined, client, (release) => client.release(release !== undefined)),
      (err) => callback(toError(err)),
    );
    return undefined;
  }

  async #connect(): Promise<pg.PoolClient> {
    // No connection would be opened: waits for one.
    if (this.idleCount > 0 || this.totalCount >= this.#max) return super.connect();
    const failures: Failure[] = [];
    const routes = await this.#routes.inOrder();
    for (const route of routes) {
      // Without TLS only where TLS is what failed: to be full or to start up passes, and is no reason to do without.
      if (failures.some((failure) => isSamePlace(failure.route, route) && !isOfTls(failure.error))) continue;
      try {
        const ssl = this.#routes.tlsOptions(route);
        Object.assign(this.options, { host: route.address, port: route.port, ssl });
        return await super.connect();
      } catch (err) {
        if (this.ending) throw err;
        const error = this.#explain(toError(err), route);
        failures.push({ route, error });
        const hasNext = routes.some((other) => route.tls && !other.tls && isSamePlace(other, route));
        if (!(hasNext && isOfTls(error))) this.#routes.failed(route);
      }
    }
    throw summarize(failures);
  }

  /** Gives a code to errors to which pg gives none. */
  #explain(error: Error, { tls }: Route): Error {
    if (tls && error.message === 'The server does not support SSL connections')
      return new DatabaseSetupError('DATABASE_NO_TLS', 'the database server offers no TLS', { cause: error });
    if (this.settings.password === '' && error.message.startsWith('SASL'))
      return new DatabaseSetupError(
        'DATABASE_NO_PASSWORD',
        `the database asks for the password of ${this.settings.user}, and none is set`,
        { cause: error },
      );
    return error;
  }
}

interface Failure {
  readonly route: Route;
  readonly error: Error;
}

const isSamePlace = (a: Route, b: Route) => placeOf(a) === placeOf(b);

/** One error for all that was tried, with the words of each; that a server has no TLS is no news where it may have none. */
function summarize(failures: readonly Failure[]): Error {
  const withoutTls = failures.filter(({ error }) => codeOf(error) !== 'DATABASE_NO_TLS');
  const told = withoutTls.length > 0 ? withoutTls : failures;
  const [first] = told;
  if (first === undefined) return new Error('there is no route to the database');
  if (new Set(told.map(({ error }) => error.message)).size === 1) return first.error;
  const text = told
    .map(({ route, error }) => `${route.name}${route.tls ? ' by TLS' : ''}: ${error.message}`)
    .join('; ');
  // All are of use only after a change, or one of them may be soon.
  return told.every(({ error }) => setupProblem(error) !== undefined)
    ? new DatabaseSetupError('DATABASE_REFUSED', text, { cause: first.error })
    : new PodipsError('DATABASE_UNAVAILABLE', text, { retryable: true, cause: first.error });
}
