import {
  isDisruption,
  isOfReboot,
  keyOf,
  type PodEnd,
  type PodLife,
  type Restart,
  type WorkloadName,
} from './facts.js';

/** What befalls pods of so many workloads on one node, each soon after another, is the node's matter, not theirs. */
const MIN_WORKLOADS = 4;
const APART_MS = 300_000;
/**
 * These come from whoever drains a node or takes it away, so two pods of any workload are enough that ran there together;
 * a disruption budget may keep them apart. Twice within an hour it is no drain, but something that evicts pods.
 */
const OF_NODES = [
  'EvictionByEvictionAPI',
  'DeletionByTaintManager',
  'DeletionByPodGC',
  'NodeLost',
  'Terminated',
  'Shutdown',
  'NodeShutdown',
];
const MIN_PODS = 2;
const APART_IN_DRAIN_MS = 900_000;
const AGAIN_MS = 3_600_000;
/** As long as anything is counted. */
const KEPT_MS = 14 * 86_400_000;
/** What is no node's matter by then becomes none: facts come in about the order in which they happened. */
const OPEN_MS = 3_600_000;

/** A node that was drained, or lost, or short of something, or that was started again. */
export interface NodeEvent extends Place {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pods: number;
  readonly workloads: number;
}

/** A node, and what befell pods on it. */
interface Place {
  readonly cluster: string;
  readonly node: string;
  readonly what: 'ended' | 'restarted';
  readonly cause: string;
}

interface Part {
  readonly place: Place;
  readonly workload: WorkloadName;
  readonly atMs: number;
  /** A pod that started on the node meanwhile ended for a reason of its own. */
  readonly startedAtMs: number;
}

/** What befell one pod, perhaps because of its node. */
export interface NodePart {
  /** Whether it is the node's matter, by what is known so far. */
  readonly isOfNode: boolean;
  /** It counts as its workload's matter. @param uncount called should it turn out to be the node's */
  count(uncount: () => void): void;
}

/** Finds the nodes to whose pods something happened together. */
export interface NodeEvents {
  /** @returns undefined when it surely is not the node's matter */
  ended(life: PodLife, end: PodEnd): NodePart | undefined;
  restarted(restart: Restart): NodePart | undefined;
  /** Those that ended after a time, the newest first. */
  after(fromMs: number): NodeEvent[];
}

export function createNodeEvents(): NodeEvents {
  const byPlace = new Map<string, { readonly place: Place; readonly groups: Group[] }>();
  const add = (part: Part): NodePart | undefined => {
    const { place, atMs } = part;
    if (place.node === '') return undefined;
    const name = Object.values(place).join('/');
    const kept = (byPlace.get(name)?.groups ?? []).filter((one) => one.isKept(atMs));
    // The order of a map is that in which its entries were set: nodes that are gone come first.
    byPlace.delete(name);
    byPlace.set(name, { place, groups: kept });
    for (const [other, { groups }] of byPlace) {
      if (groups.length === 0 || groups.some((one) => one.isKept(atMs))) break;
      byPlace.delete(other);
    }
    let group = kept.find((one) => one.takes(part));
    if (group === undefined) {
      const isAgain = kept.some((one) => one.isOfNode && one.isWithin(AGAIN_MS, atMs));
      group = new Group(atMs, OF_NODES.includes(place.cause) && !isAgain);
      kept.push(group);
    }
    return group.add(part);
  };
  return {
    ended({ workload, node, startedAtMs }, { atMs, cause }) {
      if (!isDisruption(cause)) return undefined;
      const place = { cluster: workload.cluster, node, what: 'ended', cause } as const;
      return add({ place, workload, atMs, startedAtMs });
    },
    restarted(restart) {
      if (!isOfReboot(restart)) return undefined;
      const { workload, node, cause, atMs } = restart;
      const place = { cluster: workload.cluster, node, what: 'restarted', cause } as const;
      return add({ place, workload, atMs, startedAtMs: Number.NEGATIVE_INFINITY });
    },
    after: (fromMs) =>
      [...byPlace.values()]
        .flatMap(({ place, groups }) => groups.flatMap((group) => group.eventAt(place) ?? []))
        .filter(({ toMs }) => toMs > fromMs)
        .sort((a, b) => b.toMs - a.toMs),
  };
}

/** What befell pods on one node by the same cause, each soon after another. */
class Group {
  #fromMs: number;
  #toMs: number;
  #pods = 0;
  readonly #workloads = new Set<string>();
  /** What was counted before it was enough to be the node's matter. */
  #counted: (() => void)[] = [];

  readonly #isDrain: boolean;

  /** @param isDrain whether two pods are enough */
  constructor(atMs: number, isDrain: boolean) {
    this.#fromMs = atMs;
    this.#toMs = atMs;
    this.#isDrain = isDrain;
  }

  get isOfNode(): boolean {
    return this.#workloads.size >= MIN_WORKLOADS || (this.#isDrain && this.#pods >= MIN_PODS);
  }

  isWithin(ms: number, nowMs: number): boolean {
    return this.#toMs > nowMs - ms;
  }

  isKept(nowMs: number): boolean {
    return this.isWithin(this.isOfNode ? KEPT_MS : OPEN_MS, nowMs);
  }

  takes({ atMs, startedAtMs }: Part): boolean {
    const apartMs = this.#isDrain ? APART_IN_DRAIN_MS : APART_MS;
    return atMs >= this.#fromMs - apartMs && atMs <= this.#toMs + apartMs && startedAtMs <= this.#fromMs;
  }

  add({ workload, atMs }: Part): NodePart {
    this.#fromMs = Math.min(this.#fromMs, atMs);
    this.#toMs = Math.max(this.#toMs, atMs);
    this.#pods += 1;
    this.#workloads.add(keyOf(workload));
    if (this.isOfNode) for (const uncount of this.#counted.splice(0)) uncount();
    const isOfNode = () => this.isOfNode;
    return {
      get isOfNode() {
        return isOfNode();
      },
      count: (uncount) => void this.#counted.push(uncount),
    };
  }

  /** Undefined when it is no node's matter. */
  eventAt(place: Place): NodeEvent | undefined {
    if (!this.isOfNode) return undefined;
    const [fromMs, toMs] = [this.#fromMs, this.#toMs];
    return { ...place, fromMs, toMs, pods: this.#pods, workloads: this.#workloads.size };
  }
}
