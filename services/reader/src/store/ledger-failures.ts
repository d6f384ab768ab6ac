import type { DatabaseClient } from '@podips/shared';
import type { FailureRecord, Gap } from '../changes/entry.js';
import { type Refused, writeAccepted } from './refusals.js';

export type RefusedFailure = Refused<FailureRecord>;

/**
 * The first of a pod's counts: it is seen again with every change of the pod, and in lists. One that the ledger has leases
 * of had an address, whatever its status has forgotten.
 */
const INSERT = `
  INSERT INTO failed_pods (cluster, pod_uid, namespace, pod, workload_kind, workload, revision, node, ended_at,
    ended_not_before, ended_not_after, cause, exit_code)
  SELECT $1, pod_uid, namespace, pod, workload_kind, workload, revision, node, ended_at, ended_not_before, ended_not_after,
    cause, exit_code
  FROM jsonb_to_recordset($2::jsonb) AS new (pod_uid text, namespace text, pod text, workload_kind text, workload text,
    revision text, node text, ended_at timestamptz, ended_not_before timestamptz, ended_not_after timestamptz, cause text,
    exit_code integer)
  WHERE NOT EXISTS (SELECT FROM leases WHERE leases.cluster = $1 AND leases.pod_uid = new.pod_uid)
  ON CONFLICT DO NOTHING`;

/**
 * Writes pods that failed before they had an address, within a transaction and after the leases.
 * @returns those that the database will never accept
 */
export async function insertFailures(
  client: DatabaseClient,
  cluster: string,
  records: readonly FailureRecord[],
): Promise<RefusedFailure[]> {
  return writeAccepted(client, records, async (some) => {
    await client.query(INSERT, [cluster, JSON.stringify(some.map(toRow))]);
    return [];
  });
}

/** The time of a failure that is not in the ledger, as far as it is known. */
export function gapOfFailure({ record: { at, bounds } }: RefusedFailure): Gap {
  const startedAt = Number.isFinite(bounds.notBefore) ? new Date(bounds.notBefore) : at;
  return { startedAt, endedAt: new Date(bounds.notAfter), reason: 'refused' };
}

function toRow({ pod, at, bounds: { notBefore, notAfter }, cause }: FailureRecord) {
  return {
    pod_uid: pod.uid,
    namespace: pod.namespace,
    pod: pod.name,
    workload_kind: pod.workload?.kind ?? '',
    workload: pod.workload?.name ?? '',
    revision: pod.workload?.revision ?? '',
    node: pod.node,
    ended_at: at,
    ended_not_before: Number.isFinite(notBefore) ? new Date(notBefore) : '-infinity',
    ended_not_after: new Date(notAfter),
    cause: cause.cause,
    exit_code: cause.exitCode,
  };
}
