import { createLogger, type DatabaseSettings, migrate, openPool, readMigrations } from '@podips/shared';
import pg from 'pg';
import { takeOffIndexes } from './ledger-fill.js';
import type { BenchRun } from './measurement.js';

export const WORKLOADS = 2_000;
const BATCH = 500_000;

/**
 * Leases of the last seven days, spread evenly over time and workloads. Each is held for an hour; those of the last hour
 * are open. Every fiftieth pod was evicted, the others deleted, and each was replaced at once by one of its revision.
 */
const INSERT = `
  INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
    started_at, start_inferred, ended_at, end_reason, end_inferred, started_not_before, started_not_after,
    ended_not_before, ended_not_after, workload_kind, workload, revision, service_account, end_cause)
  SELECT 'default', md5(n::text)::uuid::text, inet '10.64.0.0' + n % 4000000, 0, 'team-' || n % 40,
    'service-' || n % ${WORKLOADS} || '-6c8f5d9b7d-' || to_hex(n), 'ReplicaSet', 'service-' || n % ${WORKLOADS} || '-6c8f5d9b7d',
    'worker-' || n % 500, false, started, false, coalesce(ended, 'infinity'),
    CASE WHEN ended IS NOT NULL THEN 'deleted' END, CASE WHEN ended IS NOT NULL THEN false END,
    started - interval '1 second', started, ended - interval '1 second', ended,
    'Deployment', 'service-' || n % ${WORKLOADS}, '6c8f5d9b7d', 'default',
    CASE WHEN ended IS NOT NULL THEN CASE WHEN n % 50 = 7 THEN 'Evicted' ELSE 'Deleted' END END
  FROM generate_series($1::bigint, $2::bigint) AS n,
    LATERAL (SELECT $3::timestamptz + n * $4::interval AS started) AS starts,
    LATERAL (SELECT CASE WHEN started + interval '1 hour' < $5 THEN started + interval '1 hour' END AS ended) AS ends`;
/** Every hundredth pod had a restart of its container when it was half an hour old. */
const INSERT_RESTARTS = `
  INSERT INTO restarts
  SELECT cluster, pod_uid, 'app', 1, 0, namespace, pod, workload_kind, workload, node, at, at, at, 'OOMKilled', 137
  FROM leases, LATERAL (SELECT started_at + interval '30 minutes' AS at) AS restarted
  WHERE host(ip) LIKE '%.77' AND at < $1`;
const POSITION = `INSERT INTO reader_positions (cluster, resource_version, known_at, written_at) VALUES ('default', '1', $1, $1)
  ON CONFLICT (cluster) DO UPDATE SET known_at = excluded.known_at, written_at = excluded.written_at`;
/** The table as it was before workloads were recorded; the view has their columns. */
const BEFORE_WORKLOADS = `
  DROP VIEW podips_leases;
  DROP TABLE restarts;
  ALTER TABLE leases DROP COLUMN workload_kind, DROP COLUMN workload, DROP COLUMN revision, DROP COLUMN service_account,
    DROP COLUMN end_cause, DROP COLUMN exit_code`;

/** Fills in leases, unless there are any, and says that all is known up to now. */
export async function fillWorkloads(
  settings: DatabaseSettings,
  leases: number,
  { signal, print }: Pick<BenchRun, 'signal' | 'print'>,
): Promise<void> {
  const pool = openPool(settings, createLogger('bench', 'silent'));
  await migrate(pool);
  await pool.end();
  const now = new Date();
  const weekSeconds = 7 * 86_400;
  const from = new Date(now.getTime() - weekSeconds * 1_000);
  const client = new pg.Client({ ...settings });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM leases LIMIT 1');
    if (rowCount === 0) await insertAll();
    await client.query(POSITION, [now]);
  } finally {
    await client.end();
  }

  async function insertAll() {
    print(`workloads: filling in ${leases} leases of ${WORKLOADS} workloads`);
    const restore = await takeOffIndexes(client);
    for (let next = 0; next < leases; next += BATCH) {
      signal.throwIfAborted();
      const last = Math.min(leases, next + BATCH) - 1;
      await client.query(INSERT, [next, last, from, `${weekSeconds / leases} seconds`, now]);
    }
    print('workloads: creating the indexes');
    for (const sql of restore) await client.query(sql);
    await client.query(INSERT_RESTARTS, [now]);
    await client.query('VACUUM ANALYZE leases, restarts');
  }
}

/** How long the migration takes that made room for workloads, with the leases that there are, in milliseconds. */
export async function measureMigration(settings: DatabaseSettings): Promise<number> {
  const migration = (await readMigrations()).find(({ name }) => name === '008-workloads.sql');
  if (migration === undefined) throw new Error('there is no 008-workloads.sql');
  const client = new pg.Client({ ...settings });
  await client.connect();
  try {
    await client.query(`BEGIN; ${BEFORE_WORKLOADS}`);
    const startedMs = performance.now();
    await client.query(migration.sql);
    const tookMs = performance.now() - startedMs;
    await client.query('ROLLBACK');
    return tookMs;
  } finally {
    await client.end();
  }
}
