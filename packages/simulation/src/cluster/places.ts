import type { ClusterNode } from './nodes.js';
import type { Random } from './random.js';
import {
  createWorkload,
  type PodPlace,
  WORKLOAD_KINDS,
  type Workload,
  type WorkloadKind,
} from './workload.js';

export type WorkloadMix = Readonly<Record<WorkloadKind, number>>;

/** Where a pod of a workload lives, and is replaced. */
export interface Place extends PodPlace {
  readonly workload: Workload;
}

export interface PlaceOptions {
  /** Number of places. */
  readonly count: number;
  /** Weights of the kinds of workloads. */
  readonly mix: Partial<WorkloadMix>;
  /** The part of the DaemonSets that is on the network of the nodes; from 0 to 1. */
  readonly hostNetworkShare: number;
  readonly namespaces: number;
  readonly nodes: readonly [ClusterNode, ...ClusterNode[]];
}

/** The largest Deployment, StatefulSet or Job. */
const MAX_PODS_PER_WORKLOAD = 20;
/** Keeps the names of two churns in one cluster apart, as long as their seeds differ. */
const NAME_LENGTH = 3;

/** Workloads of all kinds and random sizes, as many as it takes for this many places. */
export function createPlaces(options: PlaceOptions, random: Random): Place[] {
  const { count, mix } = options;
  const weights = WORKLOAD_KINDS.map((kind) => mix[kind] ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const places: Place[] = [];
  let upTo = 0;
  for (const [index, kind] of WORKLOAD_KINDS.entries()) {
    upTo += weights[index] ?? 0;
    // Rounding the running sum, and not each share, makes the shares add up to the count.
    const target = Math.round((upTo / total) * count);
    for (let serial = 0; places.length < target; serial += 1) {
      const ofWorkload = workloadPlaces(kind, serial, options, random);
      places.push(...ofWorkload.slice(0, target - places.length));
    }
  }
  return places;
}

function workloadPlaces(
  kind: WorkloadKind,
  serial: number,
  { hostNetworkShare, namespaces, nodes }: PlaceOptions,
  random: Random,
): Place[] {
  const isDaemonSet = kind === 'DaemonSet';
  const name = `${kind.toLowerCase()}-${random.nameSuffix(NAME_LENGTH)}-${serial}`;
  const workload = createWorkload(kind, name, random, {
    namespace: `team-${random.integer(namespaces)}`,
    hostNetwork: isDaemonSet && isInShare(serial, hostNetworkShare),
  });
  const size = isDaemonSet ? nodes.length : 1 + random.integer(MAX_PODS_PER_WORKLOAD);
  return Array.from({ length: size }, (_, ordinal) => ({
    workload,
    ordinal,
    node: (nodes[ordinal] ?? nodes[0]).name,
  }));
}

/** Spreads a share evenly over serial numbers, beginning with the first. */
function isInShare(serial: number, share: number): boolean {
  return Math.ceil((serial + 1) * share) > Math.ceil(serial * share);
}
