import type { MessagePod, PodIpStatus } from '@podips/shared';
import type { Pod } from '../cluster/pod.js';

/** A pod's hold on an address, from a start that was reported to an end that was not yet. */
export interface Lease {
  readonly ip: string;
  /** Which of the pod's leases of this very address it is: 0 for the first. */
  readonly occurrence: number;
  readonly startedAt: Date;
  readonly startInferred: boolean;
}

/** A pod that is not finished, with the leases that were reported for it. */
export interface KnownPod extends MessagePod {
  readonly leases: readonly Lease[];
  /** How many leases of an address have ended; only for pods whose address changed, which is rare. */
  readonly ended?: ReadonlyMap<string, number>;
}

/** How a lease ended: with the pod, with its work, by getting another address, or before a list that lacked it. */
export type EndReason = 'deleted' | 'finished' | 'changed' | 'missing';

/** The start or the end of a lease. */
export interface IpChange {
  readonly pod: MessagePod;
  readonly lease: Lease;
  readonly status: PodIpStatus;
  /** Undefined for a start. */
  readonly endReason: EndReason | undefined;
  readonly at: Date;
  /** Deduced from a fresh list after a gap, not seen happening. */
  readonly inferred: boolean;
}

export interface Decision {
  /** The pod as it is known from now on; undefined: it holds nothing and will not again. */
  readonly known: KnownPod | undefined;
  /** Ends before starts. */
  readonly changes: readonly IpChange[];
}

/** When, and how surely, something was seen. */
export interface Sighting {
  /** For a list: the time of the ends; the starts are a millisecond later, so that the times show the order. */
  readonly at: Date;
  readonly inferred: boolean;
}

/**
 * Decides what an observed pod means (SPEC: "Which changes make a message").
 * @param appeared whether it is in a list or was added just now; else it was modified, and one that is not known had
 *   no address before
 */
export function decideSeen(
  known: KnownPod | undefined,
  pod: Pod,
  appeared: boolean,
  sighting: Sighting,
  startSighting = sighting,
): Decision {
  if (pod.finished) return decideGone(known, 'finished', sighting);
  const before = known?.leases ?? [];
  const kept = before.filter((lease) => pod.ips.includes(lease.ip));
  const ended = before.filter((lease) => !pod.ips.includes(lease.ip));
  const endedCounts = ended.length === 0 ? known?.ended : countEnded(known?.ended, ended);
  const started = pod.ips
    .filter((ip) => !before.some((lease) => lease.ip === ip))
    .map((ip) => ({
      ip,
      occurrence: endedCounts?.get(ip) ?? 0,
      startedAt: startSighting.at,
      startInferred: sighting.inferred,
    }));
  const status = known === undefined && appeared ? 'alreadyRunning' : 'allocated';
  return {
    known: {
      ...identityOf(pod),
      leases: [...kept, ...started],
      ...(endedCounts === undefined ? {} : { ended: endedCounts }),
    },
    changes: [
      ...ended.map((lease) => endOf(pod, lease, 'changed', sighting)),
      ...started.map((lease) => startOf(pod, lease, status, startSighting)),
    ],
  };
}

/** Decides what it means that a pod is gone or finished: all that it held ends. */
export function decideGone(known: KnownPod | undefined, reason: EndReason, sighting: Sighting): Decision {
  if (known === undefined) return { known: undefined, changes: [] };
  return { known: undefined, changes: known.leases.map((lease) => endOf(known, lease, reason, sighting)) };
}

export interface ListDecision {
  readonly known: Map<string, KnownPod>;
  /** All ends before all starts: an address that went from one pod to another is never held twice. */
  readonly changes: readonly IpChange[];
}

/** Decides what a complete list means, against what was known before it. */
export function decideList(
  before: ReadonlyMap<string, KnownPod>,
  listed: readonly Pod[],
  sighting: Sighting,
): ListDecision {
  const known = new Map<string, KnownPod>();
  const changes: IpChange[] = [];
  const listedUids = new Set(listed.map((pod) => pod.uid));
  const startSighting = { ...sighting, at: new Date(sighting.at.getTime() + 1) };
  for (const pod of before.values()) {
    if (!listedUids.has(pod.uid)) changes.push(...decideGone(pod, 'missing', sighting).changes);
  }
  for (const pod of listed) {
    const decision = decideSeen(before.get(pod.uid), pod, true, sighting, startSighting);
    changes.push(...decision.changes);
    if (decision.known !== undefined) known.set(pod.uid, decision.known);
  }
  const ends = changes.filter((change) => change.endReason !== undefined);
  const starts = changes.filter((change) => change.endReason === undefined);
  return { known, changes: [...ends, ...starts] };
}

/** How many leases of each address have ended, after these. */
export function countEnded(before: KnownPod['ended'], ended: readonly Lease[]): ReadonlyMap<string, number> {
  const counts = new Map(before);
  for (const lease of ended) counts.set(lease.ip, lease.occurrence + 1);
  return counts;
}

function startOf(pod: MessagePod, lease: Lease, status: PodIpStatus, sighting: Sighting): IpChange {
  return { pod: identityOf(pod), lease, status, endReason: undefined, ...sighting };
}

function endOf(pod: MessagePod, lease: Lease, endReason: EndReason, sighting: Sighting): IpChange {
  return { pod: identityOf(pod), lease, status: 'deallocated', endReason, ...sighting };
}

/** Only those fields of a pod that are in its messages. */
export function identityOf(pod: MessagePod): MessagePod {
  const { uid, namespace, name, ownerKind, ownerName, node, hostNetwork } = pod;
  return { uid, namespace, name, ownerKind, ownerName, node, hostNetwork };
}
