import { createHash } from 'node:crypto';
import { Socket } from 'node:net';
import { configureSession, type DatabaseSettings, PodipsError, pause, toError } from '@podips/shared';
import pg from 'pg';
import type { Marker } from '../store/marker-file.js';

export interface LockOptions {
  readonly database: DatabaseSettings;
  readonly cluster: string;
  /** One that knows of another leader never leads without the lock. */
  readonly rival: Marker;
}

/** A connection that holds the lock: PostgreSQL gives it free as soon as the connection ends. */
export interface HeldLock {
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** For all of an attempt: connecting, asking, and ending dead connections of our own. */
const ATTEMPT_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 3_000;
const END_TIMEOUT_MS = 1_000;
const PING_INTERVAL_MS = 2_000;
/** Between two looks whether a dead connection has ended, and how often. */
const GHOST_PAUSE_MS = 50;
const GHOST_LOOKS = 20;
/**
 * After this without a ping the server ends the connection that holds the lock, whatever became of its other end.
 * A server before PostgreSQL 14 cannot: there the lock of a machine that vanished is free when the server's TCP
 * keepalives have gone unanswered (`configureSession`, 11 s), and that of a frozen process stays taken.
 */
const SILENCE_MS = 10_000;

/**
 * Asks once, and notes the answer.
 * @param name of the connection
 * @param mayHaveGhosts whether earlier connections of this name may hold the lock, dead without the server knowing
 * @returns undefined when another holds it
 * @throws when nobody can be asked: no answer in time, an error for an answer, a standby server, or the signal aborted
 */
export async function tryLock(
  { database, cluster, rival }: LockOptions,
  name: string,
  mayHaveGhosts: boolean,
  signal: AbortSignal,
): Promise<HeldLock | undefined> {
  const socket = new Socket();
  const client = new pg.Client({
    ...database,
    stream: () => socket,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    application_name: name,
  });
  const { promise: lost, resolve: lose } = Promise.withResolvers<void>();
  client.on('error', () => lose());
  client.on('end', () => lose());
  const end = () => endConnection(client, socket);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]);
  const giveUp = () => socket.destroy(toError(limit.reason));
  limit.addEventListener('abort', giveUp);
  let held = false;
  try {
    await client.connect();
    await configureSession(client, { idle_session_timeout: String(SILENCE_MS) });
    const ghosts = mayHaveGhosts ? await endGhosts(client, name) : 0;
    held = await take(client, cluster);
    for (let look = 0; !held && ghosts > 0 && look < GHOST_LOOKS; look += 1) {
      await pause(GHOST_PAUSE_MS);
      held = await take(client, cluster);
    }
    if (!held) {
      rival.set(new Date());
      return undefined;
    }
    rival.clear();
    return holdLock(client, lost, lose, end);
  } finally {
    limit.removeEventListener('abort', giveUp);
    if (!held) await end();
  }
}

/** @throws {PodipsError} DATABASE_STANDBY when the server is one: its locks are not those of its primary */
async function take(client: pg.Client, cluster: string): Promise<boolean> {
  const { rows } = await client.query<{ recovering: boolean; held: boolean }>(
    'SELECT pg_is_in_recovery() AS recovering, pg_try_advisory_lock($1) AS held',
    [lockKey(cluster)],
  );
  if (rows[0]?.recovering)
    throw new PodipsError('DATABASE_STANDBY', 'the database server is a standby: it cannot say who leads', {
      retryable: true,
    });
  return rows[0]?.held === true;
}

/** One argument, because servers before PostgreSQL 14 take no more; so it does not wait for the end. */
const END_GHOSTS = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = $1 AND pid <> pg_backend_pid()`;

/** @returns how many were told to end; none when the server refuses: then another holds the lock, as far as can be told */
async function endGhosts(client: pg.Client, name: string): Promise<number> {
  try {
    return (await client.query(END_GHOSTS, [name])).rowCount ?? 0;
  } catch (err) {
    if (err instanceof pg.DatabaseError) return 0;
    throw err;
  }
}

/** Asks now and then, because the server frees the lock when it cannot reach us, and that we would not hear. */
function holdLock(
  client: pg.Client,
  lost: Promise<void>,
  lose: () => void,
  end: () => Promise<void>,
): HeldLock {
  const timer = setInterval(() => {
    client.query('SELECT').catch(lose);
  }, PING_INTERVAL_MS);
  const release = () => {
    clearInterval(timer);
    return end();
  };
  void lost.then(release);
  return { lost, release };
}

/** Politely at first: the lock is free when the server has heard of it. */
async function endConnection(client: pg.Client, socket: Socket): Promise<void> {
  const timer = setTimeout(() => socket.destroy(), END_TIMEOUT_MS);
  await client.end();
  clearTimeout(timer);
}

/** The lock of a cluster: the first 8 bytes of a hash, as a signed number. */
function lockKey(cluster: string): string {
  return createHash('sha256').update(`podips reader ${cluster}`).digest().readBigInt64BE().toString();
}
