import type { MessagePod, PodIpStatus } from '@podips/shared';
import type { Pod } from '../cluster/pod.js';
import type { EndCause } from '../workloads/end-cause.js';
import { type Interval, keepTimes } from './event-times.js';
import { identityOf } from './pod-identity.js';
import { countsOf, decideRestarts, type PodRestart } from './pod-restarts.js';
import type { KnownTimes } from './sight.js';

/** A pod's hold on an address, from a start that was reported to an end that was not yet. */
export interface Lease {
  readonly ip: string;
  /** Undefined for the default network. */
  readonly network?: string | undefined;
  /** Which of the pod's leases of this very address it is: 0 for the first. */
  readonly occurrence: number;
  readonly started: Interval;
  readonly startInferred: boolean;
}

export type EndedCounts = ReadonlyMap<string, number>;

/** An address, and its network where that is not the default one: networks may have the same addresses. */
export type Address = Pick<Lease, 'ip' | 'network'>;

/** A pod that is not finished, with the leases that were reported for it. */
export interface KnownPod extends MessagePod {
  readonly leases: readonly Lease[];
  /** How many leases of an address have ended, by {@link addressKey}; only for pods that live on, which is rare. */
  readonly ended?: EndedCounts;
  /** Of the last version that was seen; undefined when that is the ledger's. */
  readonly times?: KnownTimes;
  /** How often each container was started again; only for pods with one that was. */
  readonly restarts?: ReadonlyMap<string, number>;
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
  readonly interval: Interval;
  /** Why the pod ended, where that is known. */
  readonly endCause?: EndCause | undefined;
  /** Deduced from a fresh list after a gap, not seen happening. */
  readonly inferred: boolean;
}

/** A pod failed that never had an address: its kubelet did not admit it, or it failed as it waited for its node. */
export interface PodFailure {
  readonly pod: MessagePod;
  readonly endCause: EndCause;
  readonly interval: Interval;
}

export interface Decision {
  /** The pod as it is known from now on; undefined: it holds nothing and will not again. */
  readonly known: KnownPod | undefined;
  /** Ends before starts. */
  readonly changes: readonly IpChange[];
  readonly restarts: readonly PodRestart[];
  /** The end of a pod that held nothing, and so is no IP change. */
  readonly failure?: PodFailure | undefined;
}

/** When, and how surely, something happened that a version of a pod shows. */
export interface Sighting {
  readonly inferred: boolean;
  /** @param replaces whether the pod had another address before */
  start(replaces: boolean): Interval;
  end(reason: EndReason): Interval;
  /** @param endedAtMs when the container ended before it was started again, by the node's clock */
  restart(endedAtMs: number | undefined): Interval;
  /** Undefined: that the pod failed was known before, or may have been, as that of one which a list has still. */
  failure(): Interval | undefined;
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
): Decision {
  const restarts = decideRestarts(known, pod, sighting);
  const counts = countsOf(known?.restarts, pod.restarts);
  if (pod.finished) {
    const failure = decideFailure(known, pod, sighting);
    return { ...decideGone(known, 'finished', sighting, pod.endCause), restarts, failure };
  }
  const before = known?.leases ?? [];
  const held = addressesOf(pod, before);
  const heldKeys = new Set(held.map(addressKey));
  const kept = before.filter((lease) => heldKeys.has(addressKey(lease)));
  const ended = before.filter((lease) => !heldKeys.has(addressKey(lease)));
  const endedCounts = ended.length === 0 ? known?.ended : countEnded(known?.ended, ended);
  const replaces = before.length > 0 || known?.ended !== undefined;
  const keptKeys = new Set(kept.map(addressKey));
  const started = held
    .filter((address) => !keptKeys.has(addressKey(address)))
    // As literals, here and below: what is spread into an object takes more memory in each of them.
    .map((address) => ({
      ip: address.ip,
      occurrence: endedCounts?.get(addressKey(address)) ?? 0,
      started: sighting.start(replaces),
      startInferred: sighting.inferred,
      ...(address.network !== undefined && { network: address.network }),
    }));
  const status = known === undefined && appeared ? 'alreadyRunning' : 'allocated';
  return {
    known: {
      uid: pod.uid,
      namespace: pod.namespace,
      name: pod.name,
      ownerKind: pod.ownerKind,
      ownerName: pod.ownerName,
      node: pod.node,
      hostNetwork: pod.hostNetwork,
      workload: pod.workload,
      leases: [...kept, ...started],
      times: keepTimes(pod.times),
      ...(endedCounts === undefined ? {} : { ended: endedCounts }),
      ...(counts && { restarts: counts }),
    },
    restarts,
    changes: [
      ...ended.map((lease) => endOf(pod, lease, 'changed', sighting)),
      ...started.map((lease) => startOf(pod, lease, status, sighting)),
    ],
  };
}

/** Decides whether a pod that is finished failed before it had an address. Who deletes such a pod says nothing of it. */
function decideFailure(known: KnownPod | undefined, pod: Pod, sighting: Sighting): PodFailure | undefined {
  const { ips, secondary = [], endCause } = pod;
  const hasHeld = known !== undefined && (known.leases.length > 0 || known.ended !== undefined);
  if (hasHeld || ips.length + secondary.length > 0) return undefined;
  if (endCause === undefined || ['Completed', 'Deleted'].includes(endCause.cause)) return undefined;
  const interval = sighting.failure();
  return interval && { pod: identityOf(pod), endCause, interval };
}

/** Decides what it means that a pod is gone or finished: all that it held ends. */
export function decideGone(
  known: KnownPod | undefined,
  reason: EndReason,
  sighting: Sighting,
  endCause?: EndCause,
): Decision {
  const leases = known?.leases ?? [];
  const ends = leases.map((lease) => endOf(known as KnownPod, lease, reason, sighting, endCause)); // it has leases
  return { known: undefined, changes: ends, restarts: [] };
}

/** The pod with its leases as they were placed in time. */
export function withLeases(pod: KnownPod, placed: ReadonlyMap<Lease, Lease>): KnownPod {
  if (!pod.leases.some((lease) => placed.has(lease))) return pod;
  return { ...pod, leases: pod.leases.map((lease) => placed.get(lease) ?? lease) };
}

/**
 * The pod with some of the changes that were decided, as they were placed in time; there is at least one.
 * @param before undefined for a pod that was not known
 */
export function withChanges(before: KnownPod | undefined, changes: readonly IpChange[]): KnownPod {
  const ended = changes.flatMap(({ endReason, lease }) => (endReason === undefined ? [] : [lease]));
  const started = changes.flatMap(({ endReason, lease }) => (endReason === undefined ? [lease] : []));
  const endedKeys = new Set(ended.map(addressKey));
  const kept = (before?.leases ?? []).filter((lease) => !endedKeys.has(addressKey(lease)));
  const { pod: seen } = changes[0] as IpChange; // there is one
  // One without a workload is not new: its restarts until now are in no message yet.
  const pod = before ? { ...before, node: seen.node } : { ...seen, workload: undefined };
  const counts = ended.length === 0 ? before?.ended : countEnded(before?.ended, ended);
  return { ...pod, leases: [...kept, ...started], ...(counts && { ended: counts }) };
}

/** How many leases of each address have ended, after these. */
export function countEnded(before: KnownPod['ended'], ended: readonly Lease[]): EndedCounts {
  const counts = new Map(before);
  for (const lease of ended) counts.set(addressKey(lease), lease.occurrence + 1);
  return counts;
}

/** What tells the addresses of a pod, or of a cluster, apart. */
export function addressKey({ ip, network }: Address): string {
  return network ? `${network} ${ip}` : ip;
}

/** @param before what the pod holds on other networks where nothing is said of these */
function addressesOf({ ips, secondary }: Pod, before: readonly Lease[]): Address[] {
  const others = secondary ?? before.filter(({ network }) => network);
  return [...ips.map((ip) => ({ ip })), ...others.map(({ ip, network }) => ({ ip, network }))];
}

function startOf(pod: MessagePod, lease: Lease, status: PodIpStatus, sighting: Sighting): IpChange {
  const { inferred } = sighting;
  return { pod: identityOf(pod), lease, status, endReason: undefined, interval: lease.started, inferred };
}

function endOf(
  pod: MessagePod,
  lease: Lease,
  endReason: EndReason,
  sighting: Sighting,
  endCause?: EndCause,
): IpChange {
  const interval = sighting.end(endReason);
  return {
    pod: identityOf(pod),
    lease,
    status: 'deallocated',
    endReason,
    endCause,
    interval,
    inferred: sighting.inferred,
  };
}
