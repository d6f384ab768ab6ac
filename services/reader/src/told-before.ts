import { decideGone, type IpChange, type KnownPod, type Lease, type ListDecision } from './leases.js';
import type { LeaseEnd } from './ledger.js';

/** How a lease ended, and under which number that was told. */
export interface ToldEnd extends LeaseEnd {
  readonly occurrence: number;
}

/** What was told of the cluster while the ledger could not be loaded. */
export interface ToldBefore {
  readonly known: ReadonlyMap<string, KnownPod>;
  readonly firstListAt: Date;
  /** Of leases of the first list, by {@link leaseKey}. */
  readonly ends: ReadonlyMap<string, ToldEnd>;
}

export function leaseKey(uid: string, ip: string): string {
  return `${uid} ${ip}`;
}

/**
 * Decides what a ledger means that could only be loaded late: what it has open and the cluster has not, has ended
 * meanwhile, and its numbers of leases hold.
 */
export function decideAdopted(ledger: ReadonlyMap<string, KnownPod>, told: ToldBefore): ListDecision {
  const known = new Map(told.known);
  const changes: IpChange[] = [];
  for (const pod of ledger.values()) {
    const current = told.known.get(pod.uid);
    const gone = pod.leases.filter(({ ip }) => !current?.leases.some((lease) => lease.ip === ip));
    for (const lease of gone) changes.push(...endOf(pod, lease, current ? 'changed' : 'missing', told));
    if (current) known.set(pod.uid, mergeKnown(pod, current));
  }
  return { known, changes };
}

function endOf(
  pod: KnownPod,
  lease: Lease,
  reason: 'changed' | 'missing',
  { ends, firstListAt }: ToldBefore,
): readonly IpChange[] {
  const told = ends.get(leaseKey(pod.uid, lease.ip));
  if (told?.occurrence === lease.occurrence) return [];
  // Either it was told under the number of an earlier lease, or the first list lacked it; since then another pod may
  // have got the address.
  const end = told ?? { at: firstListAt, reason, inferred: true };
  return decideGone({ ...pod, leases: [lease] }, end.reason, end).changes;
}

/** What the cluster shows now, with the ledger's numbering of the leases. */
function mergeKnown(ledger: KnownPod, current: KnownPod): KnownPod {
  const leases = current.leases.map((lease) => ledger.leases.find(({ ip }) => ip === lease.ip) ?? lease);
  const ended = new Map(ledger.ended);
  for (const { ip, occurrence } of ledger.leases) {
    if (!leases.some((lease) => lease.ip === ip)) ended.set(ip, occurrence + 1);
  }
  for (const [ip, count] of current.ended ?? []) ended.set(ip, Math.max(count, ended.get(ip) ?? 0));
  return { ...current, leases, ...(ended.size === 0 ? {} : { ended }) };
}
