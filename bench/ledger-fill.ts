import { randomUUID } from 'node:crypto';
import type { LeaseRecord } from '@podips/reader';
import type { DatabaseSettings } from '@podips/shared';
import pg from 'pg';
import type { BenchRun } from './measurement.js';

export const CLUSTER = 'default';
export const LEDGER_START = new Date('2025-10-01T00:00:00Z');
export const DAY_MS = 86_400_000;
export const DAYS = 400;
/** Leases of each address, one after the other. */
const LEASES_PER_ADDRESS = 200;
/** The share of the time in which an address is held. */
const HELD_SHARE = 0.95;
const BATCH = 500_000;

/**
 * Leases of 400 days, in the order of their starts, most of Deployments' pods; every tenth belongs to a StatefulSet,
 * whose pods come back under their names; every hundredth is on the address of one of 200 nodes; of every thousandth
 * pod the address changes.
 */
const INSERT = `
  INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
    started_at, start_inferred, ended_at, end_reason, end_inferred,
    started_not_before, started_not_after, ended_not_before, ended_not_after)
  SELECT '${CLUSTER}', md5(k::text)::uuid::text,
    CASE WHEN n % 100 = 7 THEN inet '192.168.0.0' + n / 100 % 200 ELSE inet '10.64.0.0' + n * 7919 % $6 END, 0,
    'team-' || k % 40,
    CASE WHEN k % 10 = 1 THEN 'store-' || k / 10 % 5000 ELSE 'service-' || k % 500 || '-6c8f5d9b7d-' || to_hex(k) END,
    CASE WHEN k % 10 = 1 THEN 'StatefulSet' ELSE 'ReplicaSet' END, 'service-' || k % 500 || '-6c8f5d9b7d',
    'worker-' || k % 500 || '.example.com', n % 100 = 7, started, false, coalesce(ended, 'infinity'),
    CASE WHEN ended IS NULL THEN NULL WHEN n % 1000 = 3 THEN 'changed' ELSE 'deleted' END,
    CASE WHEN ended IS NOT NULL THEN false END,
    started - interval '2 seconds', started, ended - interval '2 seconds', ended
  FROM generate_series($1::bigint, $2::bigint) AS n,
    LATERAL (SELECT CASE WHEN n % 1000 = 4 THEN n - 1 ELSE n END AS k,
      $3::timestamptz + n * $4::interval AS started) AS facts,
    LATERAL (SELECT CASE WHEN started + $5::interval < $7 THEN started + $5::interval END AS ended) AS rest`;

/** How many addresses the pods of a ledger of so many leases have. */
export function addressesOf(leases: number): number {
  return Math.ceil(leases / LEASES_PER_ADDRESS);
}

/**
 * Fills a ledger, unless it has leases. Its indexes are dropped meanwhile and created again as in the migrations, which is
 * several times faster.
 */
export async function fillLedger(settings: DatabaseSettings, leases: number, run: BenchRun): Promise<void> {
  const client = new pg.Client({ ...settings });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM leases LIMIT 1');
    if (rowCount !== 0) return;
    run.print(`ledger: filling in ${leases} leases`);
    const restore = await takeOffIndexes(client);
    const stepSeconds = (DAYS * DAY_MS) / 1_000 / leases;
    const addresses = addressesOf(leases);
    const holdSeconds = stepSeconds * addresses * HELD_SHARE;
    const end = new Date(LEDGER_START.getTime() + DAYS * DAY_MS);
    for (let next = 0; next < leases; next += BATCH) {
      run.signal.throwIfAborted();
      const last = Math.min(leases, next + BATCH) - 1;
      const interval = (seconds: number) => `${seconds} seconds`;
      const steps = [interval(stepSeconds), interval(holdSeconds)];
      await client.query(INSERT, [next, last, LEDGER_START, ...steps, addresses, end]);
    }
    run.print('ledger: creating its indexes');
    for (const sql of restore) await client.query(sql);
    await client.query('VACUUM ANALYZE leases');
  } finally {
    await client.end();
  }
}

/** @returns the statements that create them again */
export async function takeOffIndexes(client: pg.Client): Promise<string[]> {
  const key = await client.query<{ name: string; definition: string }>(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint
     WHERE conrelid = 'leases'::regclass AND contype = 'p'`,
  );
  const indexes = await client.query<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes
     WHERE tablename = 'leases' AND indexname <> ALL ($1)`,
    [key.rows.map(({ name }) => name)],
  );
  for (const { name } of key.rows) await client.query(`ALTER TABLE leases DROP CONSTRAINT ${name}`);
  for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`);
  return [
    ...key.rows.map(({ name, definition }) => `ALTER TABLE leases ADD CONSTRAINT ${name} ${definition}`),
    ...indexes.rows.map(({ definition }) => definition),
  ];
}

/** New leases, as a busy cluster would start them. */
export function newLeases(count: number): LeaseRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    pod: {
      uid: randomUUID(),
      namespace: 'shop-production',
      name: `checkout-frontend-6c8f5d9b7d-${n}`,
      ownerKind: 'ReplicaSet',
      ownerName: 'checkout-frontend-6c8f5d9b7d',
      node: 'worker-17.example.com',
      hostNetwork: false,
    },
    ip: `10.65.${(n >> 8) & 255}.${n & 255}`,
    occurrence: 0,
    startedAt: new Date(),
    startInferred: false,
    end: undefined,
  }));
}
