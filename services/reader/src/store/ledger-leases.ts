import { canonicalIp, type DatabaseClient } from '@podips/shared';
import type { Bounds, Gap, LeaseRecord } from '../changes/entry.js';
import { type Refused, writeAccepted } from './refusals.js';

export type RefusedLease = Refused<LeaseRecord>;

const UPSERT = `
  INSERT INTO leases AS old (cluster, pod_uid, network, ip, occurrence, namespace, pod, owner_kind, owner_name, node,
    host_network, started_at, started_not_before, started_not_after, start_inferred, ended_at, ended_not_before,
    ended_not_after, end_reason, end_inferred, workload_kind, workload, revision, service_account, end_cause, exit_code)
  SELECT $1, pod_uid, network, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network, started_at,
    started_not_before, started_not_after, start_inferred, coalesce(ended_at, 'infinity'), ended_not_before,
    ended_not_after, end_reason, end_inferred, workload_kind, workload, revision, service_account, end_cause, exit_code
  FROM jsonb_to_recordset($2::jsonb) AS new (pod_uid text, network text, ip inet, occurrence integer, namespace text, pod text,
    owner_kind text, owner_name text, node text, host_network boolean, started_at timestamptz,
    started_not_before timestamptz, started_not_after timestamptz, start_inferred boolean, ended_at timestamptz,
    ended_not_before timestamptz, ended_not_after timestamptz, end_reason text, end_inferred boolean,
    workload_kind text, workload text, revision text, service_account text, end_cause text, exit_code integer)
  ON CONFLICT (cluster, pod_uid, network, ip, occurrence) DO UPDATE
  SET ended_at = greatest(excluded.ended_at, old.started_at), ended_not_before = excluded.ended_not_before,
    ended_not_after = CASE WHEN excluded.ended_not_after IS NOT NULL
      THEN greatest(excluded.ended_not_after, old.started_at) END,
    end_reason = excluded.end_reason, end_inferred = excluded.end_inferred,
    workload_kind = coalesce(old.workload_kind, excluded.workload_kind),
    workload = coalesce(old.workload, excluded.workload), revision = coalesce(old.revision, excluded.revision),
    service_account = coalesce(old.service_account, excluded.service_account), end_cause = excluded.end_cause,
    exit_code = excluded.exit_code
  WHERE old.ended_at = 'infinity' AND excluded.ended_at <> 'infinity'`;

/** Leases that were not written because an earlier one, which had ended before they began, has their number. */
const NUMBER_TAKEN = `
  SELECT pod_uid, network, host(ip) AS ip, occurrence FROM jsonb_to_recordset($2::jsonb)
    AS new (pod_uid text, network text, ip inet, occurrence integer, started_at timestamptz)
  JOIN leases AS old USING (pod_uid, network, ip, occurrence)
  WHERE old.cluster = $1 AND old.ended_at < new.started_at`;

/**
 * Writes leases within a transaction. One that the database will never accept does not hold up the others.
 * @returns those that were refused
 */
export async function upsertLeases(
  client: DatabaseClient,
  cluster: string,
  records: readonly LeaseRecord[],
): Promise<RefusedLease[]> {
  return writeAccepted(client, records, async (some) => {
    const rows = JSON.stringify(some.map(toRow));
    const { rowCount } = await client.query(UPSERT, [cluster, rows]);
    return rowCount === some.length ? [] : findNumberTaken(client, cluster, some, rows);
  });
}

async function findNumberTaken(
  client: DatabaseClient,
  cluster: string,
  records: readonly LeaseRecord[],
  rows: string,
): Promise<RefusedLease[]> {
  const taken = await client.query<LeaseKey>(NUMBER_TAKEN, [cluster, rows]);
  const keys = new Set(taken.rows.map(keyOf));
  const error = new Error('the ledger has an earlier lease with the number of this one');
  const refused = records.filter((record) =>
    keys.has(keyOf({ ...record, pod_uid: record.pod.uid, network: record.network ?? '' })),
  );
  return refused.map((record) => ({ record, error }));
}

interface LeaseKey {
  readonly pod_uid: string;
  readonly network: string;
  readonly ip: string;
  readonly occurrence: number;
}

function keyOf({ pod_uid, network, ip, occurrence }: LeaseKey): string {
  return JSON.stringify([pod_uid, network, canonicalIp(ip), occurrence]);
}

function toRow(record: LeaseRecord): Record<string, unknown> {
  const { pod, ip, network, occurrence, startedAt, startBounds, startInferred, end } = record;
  return {
    pod_uid: pod.uid,
    network: network ?? '',
    ip,
    occurrence,
    namespace: pod.namespace,
    pod: pod.name,
    owner_kind: pod.ownerKind,
    owner_name: pod.ownerName,
    node: pod.node,
    host_network: pod.hostNetwork,
    started_at: startedAt,
    started_not_before: startBounds && notBefore(startBounds),
    started_not_after: startBounds && new Date(startBounds.notAfter),
    start_inferred: startInferred,
    ended_at: end?.at,
    ended_not_before: end?.bounds && notBefore(end.bounds),
    ended_not_after: end?.bounds && new Date(end.bounds.notAfter),
    end_reason: end?.reason,
    end_inferred: end?.inferred,
    workload_kind: pod.workload?.kind,
    workload: pod.workload?.name,
    revision: pod.workload?.revision,
    service_account: pod.workload?.serviceAccount,
    end_cause: end?.cause?.cause,
    exit_code: end?.cause?.exitCode,
  };
}

function notBefore({ notBefore: ms }: Bounds): Date | '-infinity' {
  return Number.isFinite(ms) ? new Date(ms) : '-infinity';
}

/** The time of a lease that is not in the ledger, as far as it is known. */
export function gapOf({ record: { startedAt, startBounds, end } }: RefusedLease): Gap {
  const from = startBounds?.notBefore ?? startedAt.getTime();
  const to = end === undefined ? (startBounds?.notAfter ?? startedAt) : (end.bounds?.notAfter ?? end.at);
  return {
    startedAt: Number.isFinite(from) ? new Date(from) : startedAt,
    endedAt: new Date(to),
    reason: 'refused',
  };
}
