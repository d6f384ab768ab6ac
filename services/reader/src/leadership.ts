import { createHash, randomUUID } from 'node:crypto';
import {
  aborted,
  configureSession,
  type DatabaseSettings,
  type Logger,
  pause,
  toError,
} from '@podips/shared';
import pg from 'pg';
import type { RivalNote } from './rival-note.js';

export interface LeadershipOptions {
  readonly database: DatabaseSettings;
  readonly cluster: string;
  /** One that knows of another leader never leads without the lock. */
  readonly rival: RivalNote;
  /** Between two attempts of one that waits. */
  readonly standbyIntervalMs: number;
  /** After this without an answer of the database a waiting reader leads all the same: there is nobody to ask. */
  readonly databaseWaitMs: number;
}

export interface Leadership {
  /** True when the database has confirmed it; false while nobody can be asked. */
  readonly confirmed: boolean;
  /** Settles when the database confirms what nobody could be asked about before. */
  readonly confirmation: Promise<void>;
  /** Settles when another reader leads, or after `release`. */
  readonly over: Promise<void>;
  release(): Promise<void>;
}

export interface LeadershipEvents {
  /** Another reader leads, as far as is known; called for every attempt. */
  onStandby(): void;
}

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 3_000;
const PING_INTERVAL_MS = 2_000;
/** Of one that led when the database went away; shorter than that of one that waits, so that it gets the lock first. */
const REGAIN_INTERVAL_MS = 250;
/** After this without a ping the server ends the connection that holds the lock, whatever became of its other end. */
const SILENCE_MS = 10_000;

/** A connection that holds the lock: PostgreSQL gives it free as soon as the connection ends. */
interface HeldLock {
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/**
 * Waits until this reader is the one that publishes for its cluster: the one that holds a PostgreSQL advisory lock.
 * When the database goes away afterwards, the reader that leads goes on leading and takes the lock again as soon as it
 * can; if another has it by then, `over` settles.
 * @returns undefined when the signal aborted before
 */
export async function awaitLeadership(
  options: LeadershipOptions,
  events: LeadershipEvents,
  log: Logger,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const startedMs = performance.now();
  const name = `podips-leader ${randomUUID()}`;
  while (!signal.aborted) {
    try {
      const lock = await tryLock(options, name);
      if (lock) {
        options.rival.forget();
        return keepLeadership(options, name, lock, log);
      }
      options.rival.remember();
      events.onStandby();
    } catch (err) {
      log.warn({ err: toError(err) }, 'the database cannot be asked who leads');
      if (options.rival.known) events.onStandby();
      else if (performance.now() - startedMs > options.databaseWaitMs)
        return keepLeadership(options, name, undefined, log);
    }
    await pause(options.standbyIntervalMs, signal);
  }
  return undefined;
}

/** Without a database there is nobody to ask, and only one reader may run. */
export function soleLeadership(): Leadership {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  return { confirmed: true, confirmation: Promise.resolve(), over, release: async () => resolve() };
}

function keepLeadership(
  options: LeadershipOptions,
  name: string,
  first: HeldLock | undefined,
  log: Logger,
): Leadership {
  const stopping = new AbortController();
  const confirmation = Promise.withResolvers<void>();
  let lock = first;
  if (lock) confirmation.resolve();

  const run = async () => {
    while (!stopping.signal.aborted) {
      if (lock) {
        await Promise.race([lock.lost, aborted(stopping.signal)]);
        if (stopping.signal.aborted) return;
        log.warn('the database that says who leads is away; going on');
        lock = undefined;
      }
      const answer = await askAgain(options, name);
      if (answer === 'taken') {
        options.rival.remember();
        return log.warn('another reader leads');
      }
      if (answer === 'away') {
        await pause(REGAIN_INTERVAL_MS, stopping.signal);
        continue;
      }
      lock = answer;
      confirmation.resolve();
      log.info('the database says again that this reader leads');
    }
  };
  const over = run().finally(() => lock?.release());
  return {
    get confirmed() {
      return lock !== undefined;
    },
    confirmation: confirmation.promise,
    over,
    async release() {
      stopping.abort();
      await over;
    },
  };
}

async function askAgain(options: LeadershipOptions, name: string): Promise<HeldLock | 'taken' | 'away'> {
  try {
    return (await tryLock(options, name)) ?? 'taken';
  } catch {
    return 'away'; // said once, when the lock was lost; asked again by the caller
  }
}

/** @returns undefined when another holds it @throws when the database does not answer */
async function tryLock(
  { database, cluster }: LeadershipOptions,
  name: string,
): Promise<HeldLock | undefined> {
  const client = new pg.Client({
    ...database,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    application_name: name,
  });
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  client.on('error', () => lose());
  client.on('end', () => lose());
  try {
    await client.connect();
    await configureSession(client, { idle_session_timeout: String(SILENCE_MS) });
    const take = () =>
      client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [lockKey(cluster)]);
    if ((await take()).rows[0]?.held) return holdLock(client, lost, lose);
    // The holder may be an earlier connection of our own, which is dead without the server knowing.
    const { rowCount } = await client.query(END_GHOSTS, [name]);
    if (rowCount && (await take()).rows[0]?.held) return holdLock(client, lost, lose);
  } catch (err) {
    await endQuietly(client);
    throw err;
  }
  await endQuietly(client);
  return undefined;
}

/** Asks now and then, because the server frees the lock when it cannot reach us, and that we would not hear. */
function holdLock(client: pg.Client, lost: Promise<void>, lose: () => void): HeldLock {
  const timer = setInterval(() => {
    client.query('SELECT').catch(lose);
  }, PING_INTERVAL_MS);
  void lost.then(() => {
    clearInterval(timer);
    return endQuietly(client);
  });
  return {
    lost,
    async release() {
      clearInterval(timer);
      await endQuietly(client);
    },
  };
}

/** The lock goes with the connection, and so does whatever could go wrong with closing it. */
async function endQuietly(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), pause(QUERY_TIMEOUT_MS)]);
}

const END_GHOSTS = `
  SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
  WHERE application_name = $1 AND pid <> pg_backend_pid()`;

/** The lock of a cluster: the first 8 bytes of a hash, as a signed number. */
function lockKey(cluster: string): string {
  return createHash('sha256').update(`podips reader ${cluster}`).digest().readBigInt64BE().toString();
}
