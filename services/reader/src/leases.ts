import type { MessagePod, PodIpStatus } from '@podips/shared';
import type { Pod } from './pod.js';

/** A pod's hold on an address, from a start that was reported to an end that was not yet. */
export interface Lease {
  readonly ip: string;
  /** Which of the pod's leases of this very address it is: 0 for the first. */
  readonly occurrence: number;
}

/** A pod that is not finished, with the leases that were reported for it. */
export interface KnownPod extends MessagePod {
  readonly leases: readonly Lease[];
  /** How many leases of an address have ended; only for pods whose address changed, which is rare. */
  readonly ended?: ReadonlyMap<string, number>;
}

/** The start or the end of a lease. */
export interface IpChange {
  readonly pod: MessagePod;
  readonly ip: string;
  readonly occurrence: number;
  readonly status: PodIpStatus;
  /** Deduced from a fresh list after a gap, not seen happening. */
  readonly inferred: boolean;
}

export interface Decision {
  /** What is known of the pod from now on; undefined: it holds nothing and will not again. */
  readonly known: KnownPod | undefined;
  /** Ends before starts. */
  readonly changes: readonly IpChange[];
}

/** Decides what an observed pod means (SPEC: "Which changes make a message"). */
export function decideSeen(known: KnownPod | undefined, pod: Pod, inferred: boolean): Decision {
  if (pod.finished) return decideGone(known, inferred);
  const before = known?.leases ?? [];
  const kept = before.filter((lease) => pod.ips.includes(lease.ip));
  const ended = before.filter((lease) => !pod.ips.includes(lease.ip));
  const endedCounts = countEnded(known?.ended, ended);
  const started = pod.ips
    .filter((ip) => !before.some((lease) => lease.ip === ip))
    .map((ip) => ({ ip, occurrence: endedCounts?.get(ip) ?? 0 }));
  const status = known === undefined ? 'alreadyRunning' : 'allocated';
  return {
    known: {
      ...identityOf(pod),
      leases: [...kept, ...started],
      ...(endedCounts === undefined ? {} : { ended: endedCounts }),
    },
    changes: [
      ...ended.map((lease) => changeOf(pod, lease, 'deallocated', inferred)),
      ...started.map((lease) => changeOf(pod, lease, status, inferred)),
    ],
  };
}

/** Decides what it means that a pod was deleted or is finished: all that it held ends. */
export function decideGone(known: KnownPod | undefined, inferred: boolean): Decision {
  if (known === undefined) return { known: undefined, changes: [] };
  const changes = known.leases.map((lease) => changeOf(known, lease, 'deallocated', inferred));
  return { known: undefined, changes };
}

export interface ListDecision {
  readonly known: Map<string, KnownPod>;
  /** All ends before all starts: an address that went from one pod to another is never held twice. */
  readonly changes: readonly IpChange[];
}

/**
 * Decides what a complete list means, against what was known before it.
 * @param inferred true after a gap, false for the first list of all
 */
export function decideList(
  before: ReadonlyMap<string, KnownPod>,
  listed: readonly Pod[],
  inferred: boolean,
): ListDecision {
  const known = new Map<string, KnownPod>();
  const changes: IpChange[] = [];
  const listedUids = new Set(listed.map((pod) => pod.uid));
  for (const pod of before.values()) {
    if (!listedUids.has(pod.uid)) changes.push(...decideGone(pod, inferred).changes);
  }
  for (const pod of listed) {
    const decision = decideSeen(before.get(pod.uid), pod, inferred);
    changes.push(...decision.changes);
    if (decision.known !== undefined) known.set(pod.uid, decision.known);
  }
  const ends = changes.filter((change) => change.status === 'deallocated');
  const starts = changes.filter((change) => change.status !== 'deallocated');
  return { known, changes: [...ends, ...starts] };
}

function countEnded(
  before: ReadonlyMap<string, number> | undefined,
  ended: readonly Lease[],
): ReadonlyMap<string, number> | undefined {
  if (ended.length === 0) return before;
  const counts = new Map(before);
  for (const lease of ended) counts.set(lease.ip, lease.occurrence + 1);
  return counts;
}

function changeOf(pod: MessagePod, lease: Lease, status: PodIpStatus, inferred: boolean): IpChange {
  return { pod: identityOf(pod), ip: lease.ip, occurrence: lease.occurrence, status, inferred };
}

function identityOf(pod: MessagePod): MessagePod {
  const { uid, namespace, name, ownerKind, ownerName, node, hostNetwork } = pod;
  return { uid, namespace, name, ownerKind, ownerName, node, hostNetwork };
}
