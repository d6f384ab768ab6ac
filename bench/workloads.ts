import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type DatabaseSettings, migrate, openPool, pause } from '@podips/shared';
import { databaseEnvironment, startPostgres } from '@podips/simulation';
import pg from 'pg';
import { request } from 'undici';
import { takeOffIndexes } from './ledger-fill.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { type MonitorProcess, startMonitorProcess } from './monitor-process.js';

const WORKLOADS = 2_000;
const EXPECTED_BELOW_MS = 300;
const COUNTED_DEADLINE_MS = 3_600_000;
const BATCH = 500_000;
const HEARTBEAT_REST_MS = 10;
const RANKING = '/api/v1/workloads?window=7d&limit=100';

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
const POSITION = `INSERT INTO reader_positions (cluster, resource_version, known_at, written_at) VALUES ('default', '1', $1, $1)`;

/** How long a monitor counts a large ledger at its start, and how quickly it ranks all workloads then, beside heartbeats. */
export async function measureWorkloads(run: BenchRun): Promise<Figure[]> {
  const { leases, rankings } = run.scale.workloads;
  await using resources = new AsyncDisposableStack();
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  run.print(`workloads: filling in ${leases} leases of ${WORKLOADS} workloads`);
  await fillWorkloads(postgres.settings, leases, run);
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const startedMs = performance.now();
  const monitor = await startMonitorProcess(dir, databaseEnvironment(postgres.settings));
  resources.defer(() => monitor.process.stop());
  const isCounted = async () => JSON.parse(await get(monitor, RANKING)).countedUntil !== null;
  run.print('workloads: counting');
  const counting = await beatUntil(monitor, run.signal, isCounted, 500);
  const countMs = performance.now() - startedMs;
  run.print(`workloads: ${rankings} rankings`);
  const timesMs: number[] = [];
  const ranking = await beatUntil(monitor, run.signal, async () => {
    const before = performance.now();
    await get(monitor, RANKING);
    timesMs.push(performance.now() - before);
    return timesMs.length >= rankings;
  });
  const peakMb = (await monitor.process.peakBytes()) / BYTES_PER_MB;
  const of = `${leases} leases of ${WORKLOADS} workloads in seven days`;
  return [
    {
      name: 'workloads: ranking, p99',
      value: percentile(timesMs, 0.99),
      unit: 'ms',
      expectation: { below: EXPECTED_BELOW_MS },
      meaning: `99 % of ${rankings} rankings of seven days were answered within, ${of}`,
    },
    {
      name: 'workloads: heartbeats meanwhile, p99',
      value: percentile(ranking, 0.99),
      unit: 'ms',
      meaning: `99 % of ${ranking.length} heartbeats were answered within while rankings followed each other`,
    },
    {
      name: 'workloads: start',
      value: countMs,
      unit: 'ms',
      meaning: `from the start of a monitor until all is counted, ${of}`,
    },
    {
      name: 'workloads: heartbeats at the start, p99',
      value: percentile(counting, 0.99),
      unit: 'ms',
      meaning: `99 % of ${counting.length} heartbeats were answered within while it counted`,
    },
    {
      name: 'workloads: memory, peak',
      value: peakMb,
      unit: 'MB',
      meaning: "largest resident set (VmHWM) of the monitor's process through all of this",
    },
  ];
}

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
    await client.query(POSITION, [now]);
  } finally {
    await client.end();
  }
}

async function get({ url }: MonitorProcess, path: string): Promise<string> {
  const { statusCode, body } = await request(`${url}${path}`);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`the monitor answered ${statusCode}: ${text}`);
  return text;
}

/** Sends heartbeats until a condition holds, which is looked at all the while. @returns how long each took, in milliseconds */
async function beatUntil(
  { url }: MonitorProcess,
  signal: AbortSignal,
  isOver: () => Promise<boolean>,
  restMs = 0,
): Promise<number[]> {
  const timesMs: number[] = [];
  const beating = new AbortController();
  const beat = async () => {
    while (!beating.signal.aborted) {
      const sentMs = performance.now();
      const { body } = await request(`${url}/log/200/OK`, { method: 'POST' });
      await body.dump();
      timesMs.push(performance.now() - sentMs);
      await pause(HEARTBEAT_REST_MS, signal);
    }
  };
  const watch = async () => {
    const deadline = AbortSignal.timeout(COUNTED_DEADLINE_MS);
    try {
      while (!(await isOver())) {
        signal.throwIfAborted();
        deadline.throwIfAborted();
        if (restMs > 0) await pause(restMs, signal);
      }
    } finally {
      beating.abort();
    }
  };
  await Promise.all([beat(), watch()]);
  return timesMs;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
