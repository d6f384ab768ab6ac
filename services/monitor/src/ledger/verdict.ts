import { boundsOf, type LeaseBounds } from './bounds.js';
import type { GapView, LeaseView } from './ledger-view.js';
import { nameOf } from './names.js';

/** Who had an address at a time, as far as the bounds of the leases say. */
export interface Verdict {
  /** The pods that surely had it. */
  readonly holders: readonly LeaseView[];
  /** The pods that may have had it, beside the holders. */
  readonly candidates: readonly LeaseView[];
  /** The ledger contradicts itself: the candidates surely had it at once, which only pods on a node's network can. */
  readonly isConflict: boolean;
}

interface BoundLease extends LeaseBounds {
  readonly lease: LeaseView;
}

/**
 * Decides by leases of one address around a time. An address that is not a node's has one holder at a time in a network,
 * so the leases follow each other, and a sure one rules out the others.
 * @param near all leases whose bounds include the time, and the neighbours of the time by their most likely times
 * Where a clock was set, no time is sure: then a pod that surely had the address is only one that may have had it.
 * @param knownUntilMs up to when a cluster's changes are known
 * @param gaps those that cover the time
 */
export function decide(
  near: readonly LeaseView[],
  atMs: number,
  knownUntilMs: (cluster: string) => number,
  gaps: readonly GapView[],
): Verdict {
  const networks = Map.groupBy(near, ({ cluster, network }) => JSON.stringify([cluster, network]));
  const verdicts = [...networks.values()].map((leases) => {
    const bound = leases
      .toSorted(byTime)
      .map((lease) => ({ lease, ...boundsOf(lease, knownUntilMs(lease.cluster)) }));
    return decideInNetwork(bound, atMs);
  });
  const clockSet = new Set(gaps.filter(({ reason }) => reason === 'clock').map(({ cluster }) => cluster));
  const sure = verdicts.flatMap(({ holders }) => holders);
  const doubted = sure.filter(({ cluster }) => clockSet.has(cluster));
  return {
    holders: sure.filter(({ cluster }) => !clockSet.has(cluster)),
    candidates: [...doubted, ...verdicts.flatMap(({ candidates }) => candidates)],
    isConflict: verdicts.some(({ isConflict }) => isConflict),
  };
}

/** Whether the candidates leave no doubt about the holder: they are other pods on the network of the node that has it. */
export function isDecided({ holders, candidates, isConflict }: Verdict): boolean {
  const clustersOfNodes = new Set(holders.filter(isShared).map(({ cluster }) => cluster));
  return !isConflict && candidates.every((lease) => isShared(lease) && clustersOfNodes.has(lease.cluster));
}

function decideInNetwork(leases: readonly BoundLease[], atMs: number): Verdict {
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
function isRuledOut(one: BoundLease, leases: readonly BoundLease[], atMs: number): boolean {
  if (isShared(one.lease)) return false;
  const own = leases.filter(({ lease }) => !isShared(lease));
  const index = own.indexOf(one);
  return own.some(
    (other, at) => (at > index && other.startTo <= atMs) || (at < index && other.endFrom > atMs),
  );
}

function byTime(one: LeaseView, other: LeaseView): number {
  const endOf = ({ endedAt }: LeaseView) => (endedAt === null ? Number.MAX_VALUE : Date.parse(endedAt));
  return (
    Date.parse(one.startedAt) - Date.parse(other.startedAt) ||
    endOf(one) - endOf(other) ||
    nameOf(one).localeCompare(nameOf(other))
  );
}

function isShared({ hostNetwork }: LeaseView): boolean {
  return hostNetwork;
}
