import { boundsOf, type LeaseBounds, type LeaseTimes } from './bounds.js';
import type { GapView, LeaseView } from './ledger-view.js';
import { nameOf } from './names.js';

/** Whose lease it is, as far as that decides. */
export type Holder = Pick<
  LeaseView,
  'cluster' | 'network' | 'namespace' | 'pod' | 'podUid' | 'node' | 'hostNetwork'
>;

/** Who had an address at a time, as far as the bounds of the leases say. */
export interface Verdict<L extends Holder = LeaseView> {
  /** The pods that surely had it. */
  readonly holders: readonly L[];
  /** The pods that may have had it, beside the holders. */
  readonly candidates: readonly L[];
  /** The ledger contradicts itself: the candidates surely had it at once, which only pods on a node's network can. */
  readonly isConflict: boolean;
}

/** A lease, and what is known of its times. */
export interface BoundLease<L extends Holder> extends LeaseBounds {
  readonly lease: L;
  readonly times: LeaseTimes;
}

/** A gap that covers the time of a question. */
export type CoveringGap = Pick<GapView, 'cluster' | 'reason'>;

/** @param knownUntilMs up to when the changes of its cluster are known */
export function bind<L extends Holder>(lease: L, times: LeaseTimes, knownUntilMs: number): BoundLease<L> {
  return { lease, times, ...boundsOf(times, knownUntilMs) };
}

/**
 * Decides by leases of one address around a time. An address that is not a node's has one holder at a time in a network,
 * so the leases follow each other, and a sure one rules out the others. Where a clock was set, no time is sure: then a pod
 * that surely had the address is only one that may have had it.
 * @param near all leases whose bounds include the time, and the neighbours of the time by their most likely times
 * @param gaps those that cover the time
 */
export function decideBound<L extends Holder>(
  near: readonly BoundLease<L>[],
  atMs: number,
  gaps: readonly CoveringGap[],
): Verdict<L> {
  const verdicts = byNetwork(near).map((leases) => decideInNetwork(leases.toSorted(byTime), atMs));
  const [only] = verdicts;
  if (gaps.length === 0 && only !== undefined && verdicts.length === 1) return only;
  const clockSet = new Set(gaps.filter(({ reason }) => reason === 'clock').map(({ cluster }) => cluster));
  const sure = verdicts.flatMap(({ holders }) => holders);
  const doubted = sure.filter(({ cluster }) => clockSet.has(cluster));
  return {
    holders: sure.filter(({ cluster }) => !clockSet.has(cluster)),
    candidates: [...doubted, ...verdicts.flatMap(({ candidates }) => candidates)],
    isConflict: verdicts.some(({ isConflict }) => isConflict),
  };
}

function byNetwork<L extends Holder>(near: readonly BoundLease<L>[]): (readonly BoundLease<L>[])[] {
  if (near.length < 2) return near.length === 0 ? [] : [near];
  return [...Map.groupBy(near, ({ lease }) => JSON.stringify([lease.cluster, lease.network])).values()];
}

/** Whether the candidates leave no doubt about the holder: they are other pods on the network of the node that has it. */
export function isDecided<L extends Holder>({ holders, candidates, isConflict }: Verdict<L>): boolean {
  if (candidates.length === 0) return !isConflict;
  const clustersOfNodes = new Set(holders.filter(isShared).map(({ cluster }) => cluster));
  return !isConflict && candidates.every((lease) => isShared(lease) && clustersOfNodes.has(lease.cluster));
}

/** The times within a span from which on the verdict may be another one than before, its beginning first; both ends are in it. */
export function pointsOf(bounds: readonly LeaseBounds[], fromMs: number, toMs: number): readonly number[] {
  const points = new Set([fromMs]);
  for (const { startFrom, startTo, endFrom, endTo } of bounds)
    for (const ms of [startFrom, startTo, endFrom, endTo]) if (fromMs < ms && ms <= toMs) points.add(ms);
  return [...points].sort((one, other) => one - other);
}

/** Another text for another pod, or another node; pods on the network of a node come and go. */
export function ownersOf(holders: readonly Holder[]): string {
  return JSON.stringify([...new Set(holders.map(ownerOf))]);
}

export function ownerOf({ cluster, network, hostNetwork, node, podUid }: Holder): string {
  return JSON.stringify([cluster, network, hostNetwork ? node : podUid, hostNetwork]);
}

function decideInNetwork<L extends Holder>(leases: readonly BoundLease<L>[], atMs: number): Verdict<L> {
  const sure = leases.filter((lease) => lease.startTo <= atMs && atMs < lease.endFrom);
  const possible = leases.filter((lease) => lease.startFrom <= atMs && atMs < lease.endTo);
  const holders = sure.map(({ lease }) => lease);
  const places = new Set(holders.map((lease) => (isShared(lease) ? `node ${lease.node}` : lease.podUid)));
  if (places.size > 1)
    return { holders: [], candidates: possible.map(({ lease }) => lease), isConflict: true };
  const [holder] = holders;
  if (holder && !isShared(holder)) return { holders: [holder], candidates: [], isConflict: false };
  const candidates = possible
    .filter((lease) => !sure.includes(lease) && (holder !== undefined || !isRuledOut(lease, leases, atMs)))
    .map(({ lease }) => lease)
    .filter((lease) => holder === undefined || isShared(lease));
  return { holders, candidates, isConflict: false };
}

/** Whether the lease had ended because a later one had begun, or had not begun because an earlier one lasted. */
function isRuledOut<L extends Holder>(
  one: BoundLease<L>,
  leases: readonly BoundLease<L>[],
  atMs: number,
): boolean {
  if (isShared(one.lease)) return false;
  const own = leases.filter(({ lease }) => !isShared(lease));
  const index = own.indexOf(one);
  return own.some(
    (other, at) => (at > index && other.startTo <= atMs) || (at < index && other.endFrom > atMs),
  );
}

function byTime<L extends Holder>(one: BoundLease<L>, other: BoundLease<L>): number {
  const endOf = ({ times }: BoundLease<L>) => times.endedMs ?? Number.MAX_VALUE;
  return (
    one.times.startedMs - other.times.startedMs ||
    endOf(one) - endOf(other) ||
    nameOf(one.lease).localeCompare(nameOf(other.lease))
  );
}

function isShared({ hostNetwork }: Holder): boolean {
  return hostNetwork;
}
