import { join } from 'node:path';
import { type DatabaseSettings, openPool } from '@podips/shared';
import {
  copyData,
  databaseEnvironment,
  type LocalPostgres,
  startPostgres,
  startProxy,
} from '@podips/simulation';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { check } from '../faults/check.js';
import { readGaps } from '../support/ledger.js';
import {
  COMPLETE,
  cutBroker,
  it,
  PATIENCE,
  type ReaderCase,
  reached,
  restoreBroker,
  type TestReader,
} from '../support/reader-case.js';
import { log } from '../support/test-databases.js';

let server: LocalPostgres;
beforeEach(async () => {
  server = await startPostgres();
});
afterEach(() => server?.destroy());

const start = (test: ReaderCase, database: DatabaseSettings, env = {}) =>
  test.startReader({ ...databaseEnvironment(database), LEDGER_INTERVAL_MS: '20', ...env });

/** Waits until everything seen so far is in the ledger, too. */
async function settled(test: ReaderCase, reader: TestReader): Promise<void> {
  await test.caughtUp();
  await vi.waitFor(async () => expect(await reader.metric('pending_leases')).toBe(0), PATIENCE);
}

/** Waits until nothing is missing or untrue, and the ledger in this database is complete and has these gaps, which end with a bookmark. */
async function untilComplete(
  test: ReaderCase,
  database: DatabaseSettings,
  reasons: readonly string[],
): Promise<void> {
  const pool = openPool(database, log);
  try {
    await vi.waitFor(async () => {
      const verdict = await check(test.cluster, test.records, pool);
      expect(verdict).toMatchObject({ ...COMPLETE, excused: 0, ledger: [] });
      expect((await readGaps(pool)).map(({ reason }) => reason)).toEqual(reasons);
    }, PATIENCE);
  } finally {
    await pool.end();
  }
}

it('a backup that is restored under a running reader lacks nothing afterwards', async ({ openCase }) => {
  const test = await openCase();
  const reader = await start(test, server.settings);
  test.cluster.workloads.scaleDeployment('web', 20);
  await settled(test, reader);
  await server.stop();
  const backup = join(server.dataDir, '..', 'backup');
  await copyData(server.dataDir, backup);
  await server.start();
  test.cluster.workloads.scaleDeployment('web', 5);
  test.cluster.workloads.scaleDeployment('cart', 30);
  await settled(test, reader);
  await server.stop();
  await copyData(backup, server.dataDir);
  await server.start();
  test.cluster.workloads.scaleDeployment('cart', 10);
  await untilComplete(test, server.settings, ['start', 'ledger-reverted']);
  expect(reader.logged()).toContain('restarting from the ledger');
});

it('a failover to a replica that lacks the last seconds loses neither leases nor what was in the outbox', async ({
  openCase,
}) => {
  await server.stop();
  const route = await startProxy({ host: '127.0.0.1', port: server.settings.port });
  const standby = await startPostgres({ copyOf: server, standbyOf: { host: '127.0.0.1', port: route.port } });
  const admin = openPool(standby.settings, log);
  try {
    await server.start();
    const test = await openCase();
    const { port } = server.settings;
    const both = { ...server.settings, host: `127.0.0.1:${port},127.0.0.1:${standby.settings.port}` };
    const reader = await start(test, both, { OUTBOX_INTERVAL_MS: '3600000' });
    test.cluster.workloads.scaleDeployment('web', 20);
    await settled(test, reader);
    await untilReplayed(server.settings, standby.settings);
    // From here on the replica learns nothing.
    await route.refuse(true);
    route.cut();
    test.cluster.workloads.scaleDeployment('web', 5);
    await settled(test, reader);
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('cart', 30);
    await reached(reader, 'outbox_stored_total', 30);
    await server.stop();
    await admin.query('SELECT pg_promote()');
    test.cluster.workloads.scaleDeployment('cart', 20);
    await restoreBroker(test);
    await untilComplete(test, standby.settings, ['start', 'ledger-reverted']);
  } finally {
    await admin.end();
    await standby.destroy();
    await route.stop();
  }
});

/** Waits until the replica has all that its primary has written. */
async function untilReplayed(primary: DatabaseSettings, replica: DatabaseSettings): Promise<void> {
  const pools = [openPool(primary, log), openPool(replica, log)] as const;
  try {
    const { rows } = await pools[0].query<{ at: string }>('SELECT pg_current_wal_lsn()::text AS at');
    await vi.waitFor(async () => {
      const sql = 'SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS replayed';
      const replayed = await pools[1].query<{ replayed: boolean }>(sql, [rows[0]?.at]);
      expect(replayed.rows).toEqual([{ replayed: true }]);
    }, PATIENCE);
  } finally {
    await Promise.all(pools.map((pool) => pool.end()));
  }
}
