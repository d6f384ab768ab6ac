import type { Interval } from './event-times.js';
import type { KnownPod, Lease } from './leases.js';
import type { KnownTimes } from './sight.js';

/*
 * A known pod as one string. As objects it would take more than twice the memory, and the garbage collector would have to
 * follow a dozen references in each of the pods of a large cluster.
 */

type PackedWorkload = readonly [kind: string, name: string, revision: string, serviceAccount: string];
type PackedTimes = readonly [
  kubeletWroteAt: number | null,
  deletionAskedAt: number | null,
  terminationGraceSeconds: number,
];
type PackedLease = readonly [
  ip: string,
  network: string | null,
  occurrence: number,
  startInferred: 0 | 1,
  best: number,
  /** Before `best`, in milliseconds; null for infinitely, which JSON does not have. */
  earlier: number | null,
  /** After `best`. */
  later: number,
];
type PackedCounts = readonly (readonly [string, number])[];
type PackedBasics = readonly [
  namespace: string,
  name: string,
  ownerKind: string,
  ownerName: string,
  node: string,
  hostNetwork: 0 | 1,
  workload: PackedWorkload | null,
  times: PackedTimes | null,
  leases: readonly PackedLease[],
];
/** Few pods have counts. */
type PackedPod = readonly [
  ...PackedBasics,
  counts?: { readonly ended?: PackedCounts | undefined; readonly restarts?: PackedCounts | undefined },
];

/** The beginning of all packed pods of a namespace. */
export function packedNamespace(namespace: string): string {
  return `[${JSON.stringify(namespace)},`;
}

/** Packs all of a pod but its UID. Equal pods give equal strings. Times are in whole milliseconds. */
export function packPod(pod: KnownPod): string {
  const { workload, times, ended, restarts } = pod;
  const basics: PackedBasics = [
    pod.namespace,
    pod.name,
    pod.ownerKind,
    pod.ownerName,
    pod.node,
    pod.hostNetwork ? 1 : 0,
    workload ? [workload.kind, workload.name, workload.revision, workload.serviceAccount] : null,
    times ? packTimes(times) : null,
    pod.leases.map(packLease),
  ];
  const counts = { ended: ended && [...ended], restarts: restarts && [...restarts] };
  const packed: PackedPod = ended || restarts ? [...basics, counts] : basics;
  return JSON.stringify(packed);
}

/** @param packed as {@link packPod} gave it */
export function unpackPod(uid: string, packed: string): KnownPod {
  const fields: PackedPod = JSON.parse(packed);
  const [namespace, name, ownerKind, ownerName, node, hostNetwork, workload, times, leases, counts] = fields;
  return {
    uid,
    namespace,
    name,
    ownerKind,
    ownerName,
    node,
    hostNetwork: hostNetwork === 1,
    workload: workload ? unpackWorkload(workload) : undefined,
    leases: leases.map(unpackLease),
    ...(times && { times: unpackTimes(times) }),
    ...(counts?.ended && { ended: new Map(counts.ended) }),
    ...(counts?.restarts && { restarts: new Map(counts.restarts) }),
  };
}

function unpackWorkload([kind, name, revision, serviceAccount]: PackedWorkload) {
  return { kind, name, revision, serviceAccount };
}

function packTimes({ kubeletWroteAt, deletionAskedAt, terminationGraceSeconds }: KnownTimes): PackedTimes {
  return [kubeletWroteAt ?? null, deletionAskedAt ?? null, terminationGraceSeconds];
}

function unpackTimes([kubeletWroteAt, deletionAskedAt, terminationGraceSeconds]: PackedTimes): KnownTimes {
  return {
    kubeletWroteAt: kubeletWroteAt ?? undefined,
    deletionAskedAt: deletionAskedAt ?? undefined,
    terminationGraceSeconds,
  };
}

function packLease({ ip, network, occurrence, startInferred, started }: Lease): PackedLease {
  const { notBefore, best, notAfter } = started;
  const earlier = notBefore === Number.NEGATIVE_INFINITY ? null : best - notBefore;
  return [ip, network ?? null, occurrence, startInferred ? 1 : 0, best, earlier, notAfter - best];
}

function unpackLease(packed: PackedLease): Lease {
  const [ip, network, occurrence, startInferred, best, earlier, later] = packed;
  const notBefore = earlier === null ? Number.NEGATIVE_INFINITY : best - earlier;
  const started: Interval = { notBefore, best, notAfter: best + later };
  const lease = { ip, occurrence, started, startInferred: startInferred === 1 };
  return network === null ? lease : { ...lease, network };
}
