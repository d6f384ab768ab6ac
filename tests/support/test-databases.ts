import { randomUUID } from 'node:crypto';
import {
  createLogger,
  type DatabasePool,
  type DatabaseSettings,
  type Logger,
  openPool,
  type PoolOptions,
} from '@podips/shared';
import { type LocalPostgres, startPostgres } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, inject } from 'vitest';

export const log: Logger = createLogger('test', 'silent');

/** An empty database at the server that all files of a run share. */
export async function createDatabase(): Promise<DatabaseSettings> {
  const server = inject('databaseServer');
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  await using admin = new AsyncDisposableStack();
  const pool = admin.adopt(openPool(server, log), (opened) => opened.end());
  await pool.query(`CREATE DATABASE ${database}`);
  return { ...server, database };
}

/** A server for a file of tests that stop it, and an empty database for each of them. */
export interface TestDatabases {
  readonly postgres: LocalPostgres;
  /** The settings of this test's database. */
  readonly settings: DatabaseSettings;
  /** A pool as another process would have it, on this test's database; ended after the test. */
  connect(options?: PoolOptions, settings?: Partial<DatabaseSettings>): DatabasePool;
}

/** Starts the server before the first test of the file that calls it, and destroys it after the last. */
export function useTestDatabases(): TestDatabases {
  let server: LocalPostgres | undefined;
  let tests = 0;
  let pools: DatabasePool[] = [];
  const started = () => {
    if (server === undefined) throw new Error('the server is there in hooks and tests only');
    return server;
  };
  const settings = () => ({ ...started().settings, database: `test_${tests}` });
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.destroy());
  beforeEach(async () => {
    tests += 1;
    const admin = openPool(started().settings, log);
    await admin.query(`CREATE DATABASE test_${tests}`);
    await admin.end();
  });
  afterEach(async () => {
    const ended = pools.map((pool) => pool.end());
    pools = [];
    await Promise.all(ended);
  });
  return {
    get postgres() {
      return started();
    },
    get settings() {
      return settings();
    },
    connect(options, changed) {
      const pool = openPool({ ...settings(), ...changed }, log, options);
      pools.push(pool);
      return pool;
    },
  };
}

/**
 * Leaves a database as one that came back empty. Its tables are put aside in one step: to drop them locks one after the
 * other, which ends in a deadlock with whoever is writing to several of them.
 */
export async function emptyDatabase(pool: DatabasePool): Promise<void> {
  await pool.query(`ALTER SCHEMA public RENAME TO "gone-${randomUUID()}"; CREATE SCHEMA public`);
}
