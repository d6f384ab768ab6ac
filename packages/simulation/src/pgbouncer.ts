import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSettings, Running } from '@podips/shared';
import { freePort } from './ports.js';
import { asOtherThanRoot } from './postgres.js';
import { ServerProcess, ServerProcessError } from './server-process.js';
import { canConnect } from './tcp.js';

/** A real PgBouncer. In transaction mode each transaction may run on another connection to the server. */
export interface PgBouncer extends Running {
  /** The settings of the same database, by way of the pooler. */
  readonly settings: DatabaseSettings;
}

export type PoolMode = 'session' | 'transaction';

const PROGRAM = '/usr/sbin/pgbouncer';

/**
 * @param serverConnections how many connections to the server all clients share
 * @throws {ServerProcessError} SERVER_MISSING when Debian's package `pgbouncer` is not installed, SERVER_FAILED
 */
export async function startPgBouncer(
  database: DatabaseSettings,
  serverConnections: number,
  mode: PoolMode = 'transaction',
): Promise<PgBouncer> {
  if (!existsSync(PROGRAM))
    throw new ServerProcessError(
      'SERVER_MISSING',
      'PgBouncer is missing: install Debian\'s package "pgbouncer"',
    );
  const dir = await mkdtemp(join(tmpdir(), 'podips-pgbouncer-'));
  const port = await freePort();
  const users = join(dir, 'users.txt');
  const file = join(dir, 'pgbouncer.ini');
  await writeFile(users, `"${database.user}" "${database.password}"\n`);
  await writeFile(file, configuration(database, { port, users, serverConnections, mode }));
  let server: ServerProcess | undefined;
  const stop = async () => {
    await server?.stop('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  };
  const [program = PROGRAM, ...args] = asOtherThanRoot([PROGRAM, file]);
  try {
    server = await ServerProcess.start({ name: 'PgBouncer', program, args, ready: () => canConnect(port) });
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
  readonly mode: PoolMode;
}

function configuration(
  { host, port, database }: DatabaseSettings,
  { port: ownPort, users, serverConnections, mode }: Places,
): string {
  return `[databases]
${database} = host=${host} port=${port} dbname=${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = ${serverConnections}
`;
}
