import { eventId, type PodIpStatus } from '@podips/shared';
import type { IpChange, SinkRecord } from '@podips/simulation';

/** What is wrong with the delivered records, measured against what really happened; empty when all is well. */
export interface Verdict {
  /** Changes that were never delivered. */
  readonly missing: readonly string[];
  /** Delivered changes that never happened. */
  readonly untrue: readonly string[];
  /** Copies that differ in more than the moment of observation. */
  readonly contradicting: readonly string[];
  /** Addresses that two pods seem to hold at once, to somebody who orders the records by their timestamps. */
  readonly overlapping: readonly string[];
  readonly duplicates: number;
}

/** Compares the cluster's own record with what the sink received. Both words for a start are right. */
export function judge(changes: readonly IpChange[], records: readonly SinkRecord[]): Verdict {
  const expected = new Map(withOccurrences(changes).map((change) => [expectedId(change), change]));
  const delivered = new Map<string, SinkRecord>();
  const contradicting: string[] = [];
  for (const record of records) {
    const id = String(record.record.event_id);
    const first = delivered.get(id);
    if (first === undefined) delivered.set(id, record);
    else if (facts(first) !== facts(record)) contradicting.push(`${facts(first)} / ${facts(record)}`);
  }
  const missing = [...expected]
    .filter(([id]) => !delivered.has(id))
    .map(([, change]) => describeChange(change));
  const untrue = [...delivered].filter(([id]) => !expected.has(id)).map(([, record]) => facts(record));
  for (const [id, change] of expected) {
    const record = delivered.get(id);
    if (record && !agrees(change, record)) contradicting.push(`${describeChange(change)} / ${facts(record)}`);
  }
  return {
    missing,
    untrue,
    contradicting,
    overlapping: findOverlaps([...delivered.values()]),
    duplicates: records.length - delivered.size,
  };
}

/** Replays the records of each address in the order of their timestamps, as an analyst would. */
function findOverlaps(records: readonly SinkRecord[]): string[] {
  const holders = new Map<string, string>();
  const overlaps: string[] = [];
  const inOrder = records
    .filter(({ record }) => record.host_network === false)
    .sort((a, b) => String(a.record.timestamp).localeCompare(String(b.record.timestamp)));
  for (const { record } of inOrder) {
    const ip = String(record.pod_ip);
    const uid = String(record.pod_uid);
    const holder = holders.get(ip);
    if (record.pod_ip_status !== 'deallocated') {
      if (holder !== undefined && holder !== uid)
        overlaps.push(`${ip} of ${holder} at ${record.timestamp}, when ${uid} got it`);
      holders.set(ip, uid);
    } else if (holder === uid) {
      holders.delete(ip);
    }
  }
  return overlaps;
}

interface CountedChange extends IpChange {
  readonly occurrence: number;
}

/** Which of the pod's leases of this very address it is. */
function withOccurrences(changes: readonly IpChange[]): CountedChange[] {
  const counts = new Map<string, number>();
  return changes.map((change) => {
    const edge = `${change.podUid} ${change.ip} ${change.kind}`;
    const occurrence = counts.get(edge) ?? 0;
    counts.set(edge, occurrence + 1);
    return { ...change, occurrence };
  });
}

function expectedId(change: CountedChange): string {
  const status: PodIpStatus = change.kind === 'assigned' ? 'allocated' : 'deallocated';
  return eventId(change.podUid, change.ip, status, change.occurrence);
}

function agrees(change: IpChange, { record }: SinkRecord): boolean {
  return (
    record.pod === change.pod &&
    record.pod_namespace === change.namespace &&
    record.pod_ip === change.ip &&
    record.pod_uid === change.podUid &&
    record.pod_kind === change.ownerKind &&
    record.pod_owner === change.ownerName &&
    record.host_network === change.hostNetwork &&
    (record.pod_ip_status === 'deallocated') === (change.kind === 'released')
  );
}

function facts({ tag, record }: SinkRecord): string {
  const edge = record.pod_ip_status === 'deallocated' ? 'released' : 'assigned';
  return `${tag} ${edge} ${record.pod_ip} ${record.pod_namespace}/${record.pod} ${record.pod_uid} ${record.event_id}`;
}

function describeChange(change: CountedChange): string {
  return `${change.kind} ${change.ip} ${change.namespace}/${change.pod} ${change.podUid} #${change.occurrence}`;
}
