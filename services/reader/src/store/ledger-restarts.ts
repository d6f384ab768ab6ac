import type { DatabaseClient } from '@podips/shared';
import type { Gap, RestartRecord } from '../changes/entry.js';
import { type Refused, writeAccepted } from './refusals.js';

export type RefusedRestart = Refused<RestartRecord>;

/** The same again changes nothing: a write whose commit was not confirmed is repeated. */
const INSERT = `
  INSERT INTO restarts (cluster, pod_uid, container, restarts, restarts_before, namespace, pod, workload_kind, workload, node,
    ended_at, ended_not_before, ended_not_after, cause, exit_code)
  SELECT $1, pod_uid, container, restarts, restarts_before, namespace, pod, workload_kind, workload, node, ended_at,
    ended_not_before, ended_not_after, cause, exit_code
  FROM jsonb_to_recordset($2::jsonb) AS new (pod_uid text, container text, restarts integer, restarts_before integer,
    namespace text, pod text, workload_kind text, workload text, node text, ended_at timestamptz,
    ended_not_before timestamptz, ended_not_after timestamptz, cause text, exit_code integer)
  ON CONFLICT DO NOTHING`;

/** How often the containers of pods were started again that hold an address. */
const LOAD = `
  SELECT pod_uid, container, max(restarts) AS restarts FROM restarts
  WHERE cluster = $1 AND pod_uid IN (SELECT pod_uid FROM leases WHERE cluster = $1 AND ended_at = 'infinity')
  GROUP BY pod_uid, container`;

interface RestartRow {
  readonly pod_uid: string;
  readonly container: string;
  readonly restarts: number;
}

/**
 * Writes restarts within a transaction. One that the database will never accept does not hold up the others.
 * @returns those that were refused
 */
export async function insertRestarts(
  client: DatabaseClient,
  cluster: string,
  records: readonly RestartRecord[],
): Promise<RefusedRestart[]> {
  return writeAccepted(client, records, async (some) => {
    await client.query(INSERT, [cluster, JSON.stringify(some.map(toRow))]);
    return [];
  });
}

/** The time of a restart that is not in the ledger, as far as it is known. */
export function gapOfRestart({ record: { at, bounds } }: RefusedRestart): Gap {
  const startedAt = Number.isFinite(bounds.notBefore) ? new Date(bounds.notBefore) : at;
  return { startedAt, endedAt: new Date(bounds.notAfter), reason: 'refused' };
}

/** @returns by the pod's UID and the container's name */
export async function loadRestarts(
  client: DatabaseClient,
  cluster: string,
): Promise<ReadonlyMap<string, ReadonlyMap<string, number>>> {
  const { rows } = await client.query<RestartRow>(LOAD, [cluster]);
  const byPod = new Map<string, Map<string, number>>();
  for (const { pod_uid, container, restarts } of rows)
    byPod.set(pod_uid, (byPod.get(pod_uid) ?? new Map<string, number>()).set(container, restarts));
  return byPod;
}

function toRow({ pod, container, count, countBefore, at, bounds, reason, exitCode }: RestartRecord) {
  const { notBefore, notAfter } = bounds;
  return {
    pod_uid: pod.uid,
    container,
    restarts: count,
    restarts_before: countBefore,
    namespace: pod.namespace,
    pod: pod.name,
    workload_kind: pod.workload?.kind ?? '',
    workload: pod.workload?.name ?? '',
    node: pod.node,
    ended_at: at,
    ended_not_before: Number.isFinite(notBefore) ? new Date(notBefore) : '-infinity',
    ended_not_after: new Date(notAfter),
    cause: reason,
    exit_code: exitCode,
  };
}
