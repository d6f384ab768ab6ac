import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSettings, PodipsError, pause, type Running } from '@podips/shared';
import { canConnect } from './activemq/tcp.js';
import { onExit } from './on-exit.js';
import { freePort } from './ports.js';
import { asOtherThanRoot } from './postgres.js';

/** A real PgBouncer in transaction mode: each transaction may run on another connection to the server. */
export interface PgBouncer extends Running {
  /** The settings of the same database, by way of the pooler. */
  readonly settings: DatabaseSettings;
}

/** PgBouncer did not start; the message says why. */
export class PgBouncerError extends PodipsError {}

const PROGRAM = '/usr/sbin/pgbouncer';
const START_DEADLINE_MS = 30_000;

/**
 * @param serverConnections how many connections to the server all clients share
 * @throws {PgBouncerError} when Debian's package `pgbouncer` is not installed, or it does not start
 */
export async function startPgBouncer(
  database: DatabaseSettings,
  serverConnections: number,
): Promise<PgBouncer> {
  if (!existsSync(PROGRAM))
    throw new PgBouncerError(
      'PGBOUNCER_MISSING',
      'PgBouncer is missing: install Debian\'s package "pgbouncer"',
    );
  const dir = await mkdtemp(join(tmpdir(), 'podips-pgbouncer-'));
  const port = await freePort();
  const users = join(dir, 'users.txt');
  const file = join(dir, 'pgbouncer.ini');
  await writeFile(users, `"${database.user}" "${database.password}"\n`);
  await writeFile(file, configuration(database, { port, users, serverConnections }));
  const [program = PROGRAM, ...args] = asOtherThanRoot([PROGRAM, file]);
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const forget = onExit(() => child.kill('SIGKILL'));
  const ended = once(child, 'close').catch(() => undefined);
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    forget();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await untilListening(child, port);
  } catch (err) {
    await stop();
    throw err;
  }
  return { settings: { ...database, host: '127.0.0.1', port }, stop };
}

interface Places {
  readonly port: number;
  readonly users: string;
  readonly serverConnections: number;
}

function configuration(
  { host, port, database }: DatabaseSettings,
  { port: ownPort, users, serverConnections }: Places,
): string {
  return `[databases]
${database} = host=${host} port=${port} dbname=${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = transaction
default_pool_size = ${serverConnections}
`;
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  const lines: string[] = [];
  child.stderr?.on('data', (bytes: Buffer) => lines.push(bytes.toString()));
  let failure: Error | undefined;
  child.once('error', (err) => {
    failure = err;
  });
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while (!(await canConnect(port))) {
    if (failure || deadline.aborted || child.exitCode !== null || child.signalCode !== null)
      throw new PgBouncerError(
        'PGBOUNCER_FAILED',
        `PgBouncer does not start: ${failure?.message ?? lines.slice(-5).join('')}`,
      );
    await pause(20);
  }
}
