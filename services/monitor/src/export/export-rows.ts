import type { LeaseView } from '../ledger/ledger-view.js';
import { csvRow } from './csv.js';
import type { Stretch } from './timeline.js';

export const LEASE_HEADER = csvRow([
  'ip',
  'started_at',
  'ended_at',
  'namespace',
  'pod',
  'pod_uid',
  'workload_kind',
  'workload',
  'node',
  'cluster',
  'host_network',
  'started_not_before',
  'started_not_after',
  'ended_not_before',
  'ended_not_after',
  'end_reason',
]);

export const TIMELINE_HEADER = csvRow([
  'ip',
  'started_at',
  'ended_at',
  'verdict',
  'namespace',
  'pod',
  'pod_uid',
  'workload_kind',
  'workload',
  'node',
  'cluster',
  'started_epoch',
]);

/** A lease as it is in the ledger. An empty time is not known, or has not come yet. */
export function leaseRow(lease: LeaseView): string {
  return csvRow([
    lease.ip,
    lease.startedAt,
    lease.endedAt ?? '',
    ...podOf(lease),
    lease.cluster,
    lease.hostNetwork,
    lease.startedNotBefore ?? '',
    lease.startedNotAfter ?? '',
    lease.endedNotBefore ?? '',
    lease.endedNotAfter ?? '',
    lease.endReason ?? '',
  ]);
}

/** Whose an address was for a while. The pods that share the address of a node are not named. */
export function timelineRow(ip: string, cluster: string, { fromMs, toMs, verdict, lease }: Stretch): string {
  const pod =
    verdict === 'pod' && lease !== undefined ? podOf(lease) : ['', '', '', '', '', lease?.node ?? ''];
  // Seconds since 1970, as Splunk reads times unless it is told otherwise.
  return csvRow([ip, iso(fromMs), iso(toMs), verdict, ...pod, cluster, (fromMs / 1_000).toFixed(3)]);
}

function podOf({ namespace, pod, podUid, workloadKind, workload, node }: LeaseView): readonly string[] {
  return [namespace, pod, podUid, workloadKind ?? '', workload ?? '', node];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
