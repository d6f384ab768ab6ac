import { isDisruption, keyOf, type PodEnd, type PodLife } from './facts.js';

/**
 * Pods of so many workloads that end on one node by the same disruption, each soon after another, are the node's matter,
 * not theirs.
 */
const MIN_WORKLOADS = 4;
const APART_MS = 300_000;
/** As long as anything is counted. */
const KEPT_MS = 14 * 86_400_000;

/** A node that was drained, or lost, or short of something. */
export interface NodeEvent {
  readonly cluster: string;
  readonly node: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly pods: number;
  readonly workloads: number;
  readonly cause: string;
}

/** A node, and what ended pods on it. */
interface Place {
  readonly cluster: string;
  readonly node: string;
  readonly cause: string;
}

interface Disruption {
  readonly key: string;
  readonly atMs: number;
}

/** Finds the nodes whose pods ended together. */
export interface NodeEvents {
  ended(life: PodLife, end: PodEnd): void;
  /** Those that ended after a time, the newest first. */
  after(fromMs: number): NodeEvent[];
  /** How many disruptions of each workload between two times were part of one of them, by the workload's key. */
  counts(fromMs: number, toMs: number): ReadonlyMap<string, number>;
}

export function createNodeEvents(): NodeEvents {
  const byNodeAndCause = new Map<string, { readonly place: Place; readonly all: Disruption[] }>();
  return {
    ended({ workload, node }, { atMs, cause }) {
      if (!isDisruption(cause) || node === '') return;
      const place = { cluster: workload.cluster, node, cause };
      const name = Object.values(place).join('/');
      const all = byNodeAndCause.get(name)?.all ?? [];
      // The order of a map is that in which its entries were set: nodes that are gone come first.
      byNodeAndCause.delete(name);
      byNodeAndCause.set(name, { place, all });
      all.push({ key: keyOf(workload), atMs });
      for (const [other, { all: old }] of byNodeAndCause) {
        while (old[0] !== undefined && old[0].atMs < atMs - KEPT_MS) old.shift();
        if (old.length > 0) break;
        byNodeAndCause.delete(other);
      }
    },
    after(fromMs) {
      return [...byNodeAndCause.values()]
        .flatMap(({ place, all }) => groups(all).map((group) => toEvent(place, group)))
        .filter(({ toMs }) => toMs > fromMs)
        .sort((a, b) => b.toMs - a.toMs);
    },
    counts(fromMs, toMs) {
      const counts = new Map<string, number>();
      const parts = [...byNodeAndCause.values()].flatMap(({ all }) => groups(all)).flat();
      for (const { key, atMs } of parts)
        if (atMs > fromMs && atMs <= toMs) counts.set(key, (counts.get(key) ?? 0) + 1);
      return counts;
    },
  };
}

/** Disruptions that follow each other closely, where they are of enough workloads. */
function groups(all: readonly Disruption[]): Disruption[][] {
  const found: Disruption[][] = [];
  for (const one of all.toSorted((a, b) => a.atMs - b.atMs)) {
    const group = found.at(-1);
    const before = group?.at(-1);
    if (group !== undefined && before !== undefined && one.atMs - before.atMs <= APART_MS) group.push(one);
    else found.push([one]);
  }
  return found.filter((group) => new Set(group.map(({ key }) => key)).size >= MIN_WORKLOADS);
}

function toEvent(place: Place, group: readonly Disruption[]): NodeEvent {
  return {
    ...place,
    fromMs: group[0]?.atMs ?? 0,
    toMs: group.at(-1)?.atMs ?? 0,
    pods: group.length,
    workloads: new Set(group.map(({ key }) => key)).size,
  };
}
