import { describeCause, eventId, type PodIpStatus } from '@podips/shared';
import type { IpChange, SinkRecord } from '@podips/simulation';

/** The errors of the delivered records, measured against what really happened; empty when all is well. */
export interface Verdict {
  /** Changes that were never delivered. */
  readonly missing: readonly string[];
  /** Changes that were never delivered, and that no reader need have seen. */
  readonly excused: number;
  /** Delivered changes that never happened. */
  readonly untrue: readonly string[];
  /** Copies that differ in more than the moment of observation. */
  readonly contradicting: readonly string[];
  /** Addresses that two pods seem to hold at once, to a consumer that orders the records by their timestamps. */
  readonly overlapping: readonly string[];
  /** The same, where it need not be known when the one gave the address up, or when the other got it. */
  readonly excusedOverlaps: number;
  readonly duplicates: number;
}

/**
 * Compares the cluster's own record with what the sink received. Both words for a start are right. Of several copies of a
 * message the earliest counts, as it does for users: two readers may tell the time of a change differently.
 * @param gaps times of which not everything can be known: changes may be missing, or have a later time
 */
export function judge(
  changes: readonly IpChange[],
  records: readonly SinkRecord[],
  gaps: readonly Gap[] = [],
): Verdict {
  const unseen = (change: IpChange) => liesIn(gaps, change);
  const expected = new Map(withOccurrences(changes).map((change) => [expectedId(change), change]));
  const delivered = new Map<string, SinkRecord>();
  const causes = causesOfPods(changes);
  const contradicting: string[] = [];
  for (const record of records) {
    const id = String(record.record.event_id);
    const other = delivered.get(id);
    if (other && facts(other) !== facts(record)) contradicting.push(`${facts(other)} / ${facts(record)}`);
    const better = other && timeOf(record) < timeOf(other);
    if (other === undefined || better) delivered.set(id, record);
  }
  const undelivered = [...expected].filter(([id]) => !delivered.has(id)).map(([, change]) => change);
  const excused = undelivered.filter(unseen);
  const unseenEnds = excused.filter(({ kind }) => kind === 'released');
  const untrue = [...delivered].filter(([id]) => !expected.has(id)).map(([, record]) => facts(record));
  for (const [id, change] of expected) {
    const record = delivered.get(id);
    if (record && !agrees(change, record, causes))
      contradicting.push(`${describeChange(change)} / ${facts(record)}`);
  }
  // The end of a lease that no reader saw is in no record: it is added, or the next holder would seem to overlap.
  const overlaps = findOverlaps([...[...delivered.values()].map(edgeOf), ...unseenEnds.map(edgeOfChange)]);
  const excusedOverlaps = overlaps.filter(({ from, to }) => gaps.some((gap) => spans(gap, from, to)));
  return {
    missing: undelivered.filter((change) => !unseen(change)).map(describeChange),
    excused: excused.length,
    untrue,
    contradicting,
    overlapping: overlaps
      .filter((overlap) => !excusedOverlaps.includes(overlap))
      .map((overlap) => describeOverlap(overlap, records)),
    excusedOverlaps: excusedOverlaps.length,
    duplicates: records.length - delivered.size,
  };
}

interface Edge {
  readonly ip: string;
  readonly uid: string;
  readonly starts: boolean;
  readonly hostNetwork: boolean;
  readonly time: string;
}

function timeOf({ record }: SinkRecord): string {
  return String(record.timestamp);
}

function edgeOf(delivered: SinkRecord): Edge {
  const { record } = delivered;
  return {
    ip: String(record.pod_ip),
    uid: String(record.pod_uid),
    starts: record.pod_ip_status !== 'deallocated',
    hostNetwork: record.host_network !== false,
    time: timeOf(delivered),
  };
}

function edgeOfChange({ ip, podUid: uid, kind, hostNetwork, at }: IpChange): Edge {
  return { ip, uid, starts: kind === 'assigned', hostNetwork, time: at.toISOString() };
}

/** A time of which, as the reader says, not everything can be known. */
export interface Gap {
  readonly started_at: Date | null;
  readonly ended_at: Date;
  readonly reason: string;
}

export function liesIn(gaps: readonly Gap[], { at }: Pick<IpChange, 'at'>): boolean {
  return gaps.some((gap) => spans(gap, at.toISOString(), at.toISOString()));
}

function spans({ started_at, ended_at }: Gap, from: string, to: string): boolean {
  return (started_at === null || started_at.toISOString() <= from) && to <= ended_at.toISOString();
}

/** A pod got an address that another one seemed to hold: both seem to, until the first of them gives it up. */
interface Overlap {
  readonly ip: string;
  readonly holder: string;
  readonly uid: string;
  readonly from: string;
  readonly to: string;
}

/** Replays what happened to each address in the order of the times, as an analyst would. */
function findOverlaps(edges: readonly Edge[]): Overlap[] {
  const holders = new Map<string, string>();
  const overlaps: Overlap[] = [];
  const inOrder = edges
    .filter(({ hostNetwork }) => !hostNetwork)
    .sort((a, b) => a.time.localeCompare(b.time));
  for (const { ip, uid, starts, time } of inOrder) {
    const holder = holders.get(ip);
    if (starts) {
      if (holder !== undefined && holder !== uid)
        overlaps.push({ ip, holder, uid, from: time, to: endAfter(inOrder, [holder, uid], ip, time) });
      holders.set(ip, uid);
    } else if (holder === uid) {
      holders.delete(ip);
    }
  }
  return overlaps;
}

/** With all copies of the messages of both pods, in the order in which they arrived. */
function describeOverlap({ ip, holder, uid, from, to }: Overlap, records: readonly SinkRecord[]): string {
  const copies = records
    .map(({ record }) => record)
    .filter(({ pod_ip, pod_uid }) => pod_ip === ip && [holder, uid].includes(String(pod_uid)))
    .map(({ pod_ip_status, pod, timestamp }) => `${pod_ip_status} ${pod} ${timestamp}`);
  return `${ip} of ${holder} until ${to}, but ${uid} got it at ${from}: ${copies.join(', ')}`;
}

function endAfter(edges: readonly Edge[], uids: readonly string[], ip: string, time: string): string {
  const end = edges.find(
    (edge) => !edge.starts && uids.includes(edge.uid) && edge.ip === ip && edge.time >= time,
  );
  return end?.time ?? 'ever';
}

export interface CountedChange extends IpChange {
  readonly occurrence: number;
}

/** Which of the pod's leases of this very address it is. */
export function withOccurrences(changes: readonly IpChange[]): CountedChange[] {
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

function agrees(change: IpChange, { record }: SinkRecord, causes: ReadonlyMap<string, string>): boolean {
  return (
    record.pod === change.pod &&
    record.pod_namespace === change.namespace &&
    record.pod_ip === change.ip &&
    record.pod_uid === change.podUid &&
    record.pod_kind === change.ownerKind &&
    record.pod_owner === change.ownerName &&
    record.host_network === change.hostNetwork &&
    (record.pod_ip_status === 'deallocated') === (change.kind === 'released') &&
    (change.kind === 'assigned' || saysCause(change, record, causes))
  );
}

/** Whether a message about an end says why it was. One that was not seen may say nothing, or why the pod ended later. */
function saysCause(
  change: IpChange,
  { end_cause: said = '', inferred }: SinkRecord['record'],
  causes: ReadonlyMap<string, string>,
): boolean {
  return (
    said === causeOf(change) || (inferred === true && ['', causes.get(change.podUid)].includes(String(said)))
  );
}

/** Why each pod gave up the last of its addresses. */
export function causesOfPods(changes: readonly IpChange[]): ReadonlyMap<string, string> {
  return new Map(
    changes.filter(({ kind }) => kind === 'released').map((change) => [change.podUid, causeOf(change)]),
  );
}

/** Why a pod gave up an address, as a message says it; empty for one that the pod outlives. */
export function causeOf({ endCause }: IpChange): string {
  return describeCause(endCause?.cause ?? '', endCause?.exitCode);
}

function facts({ tag, record }: SinkRecord): string {
  const edge = record.pod_ip_status === 'deallocated' ? 'released' : 'assigned';
  return `${tag} ${edge} ${record.pod_ip} ${record.pod_namespace}/${record.pod} ${record.pod_uid} ${record.event_id}`;
}

function describeChange(change: CountedChange): string {
  return `${change.kind} ${change.ip} ${change.namespace}/${change.pod} ${change.podUid} #${change.occurrence}`;
}
