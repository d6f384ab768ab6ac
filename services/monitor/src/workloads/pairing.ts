import type { PodLife, WorkloadName } from './facts.js';

/**
 * A controller that deletes a pod starts the next one at once, while the old one is still ending; one whose pod is gone
 * starts it afterwards, when there is room for it.
 */
const START_BEFORE_MS = 120_000;
const START_AFTER_MS = 600_000;
/**
 * After a plain deletion the next one starts soon where any pod can take its place: what starts later belongs to a scaling,
 * or to a rollout that is undone.
 */
const START_AFTER_DELETION_MS = 60_000;
/** The start of a pod may be told only with its end, as of those that are read from the ledger. */
const KEPT_MS = 14 * 86_400_000;
/** Those that have waited longest are forgotten: a rollout leaves a revision with ends that nothing replaces. */
const MAX_REVISIONS = 20;
const MAX_WAITING = 2_000;

/** An end or a start that has no counterpart yet. */
interface Waiting {
  readonly life: PodLife;
  readonly atMs: number;
}

/** Finds the pods of one workload that were replaced: one ended, and another of the same revision started around then. */
export interface Pairing {
  /** @returns the pod that this one replaces, if it has ended; otherwise undefined */
  started(life: PodLife): PodLife | undefined;
  /** @returns whether another pod has replaced it already */
  ended(life: PodLife, atMs: number): boolean;
}

/**
 * Each start replaces one pod at most. So a rollout counts nothing, whose starts are of another revision; nor does scaling
 * out, where nothing ends, or in, where nothing starts.
 */
export function createPairing(): Pairing {
  const starts = createWaitingRoom();
  const ends = createWaitingRoom();
  return {
    started(life) {
      const end = ends.take(life, (one) => follows(life.startedAtMs, one));
      if (end === undefined) starts.put(life, life.startedAtMs);
      return end?.life;
    },
    ended(life, atMs) {
      const start = starts.take(life, ({ atMs: startedAtMs }) => follows(startedAtMs, { life, atMs }));
      if (start === undefined) ends.put(life, atMs);
      return start !== undefined;
    },
  };
}

function follows(startedAtMs: number, { life: { end, workload }, atMs }: Waiting): boolean {
  const isAnyPlace = !isOneOfAKind(workload) && end?.cause === 'Deleted';
  const afterMs = isAnyPlace ? START_AFTER_DELETION_MS : START_AFTER_MS;
  return startedAtMs >= atMs - START_BEFORE_MS && startedAtMs <= atMs + afterMs;
}

/** Whether each of its pods has a place of its own: by name in a StatefulSet, by node in a DaemonSet. */
const isOneOfAKind = ({ kind }: WorkloadName): boolean => kind === 'StatefulSet' || kind === 'DaemonSet';

function haveSamePlace(a: PodLife, b: PodLife): boolean {
  if (a.workload.kind === 'StatefulSet') return a.pod === b.pod;
  return a.workload.kind !== 'DaemonSet' || a.node === b.node;
}

function createWaitingRoom() {
  const byRevision = new Map<string, Waiting[]>();
  return {
    /** Takes out the first of another pod, in the same place, whose time fits. */
    take(life: PodLife, fits: (one: Waiting) => boolean): Waiting | undefined {
      const waiting = byRevision.get(life.revision) ?? [];
      const index = waiting.findIndex(
        (one) => fits(one) && one.life.podUid !== life.podUid && haveSamePlace(one.life, life),
      );
      return index < 0 ? undefined : waiting.splice(index, 1)[0];
    },
    put(life: PodLife, atMs: number): void {
      const { revision } = life;
      const waiting = byRevision.get(revision) ?? [];
      while (waiting[0] !== undefined && (waiting[0].atMs < atMs - KEPT_MS || waiting.length >= MAX_WAITING))
        waiting.shift();
      waiting.push({ life, atMs });
      // The order of a map is that in which its entries were set.
      byRevision.delete(revision);
      byRevision.set(revision, waiting);
      const [oldest] = byRevision.keys();
      if (byRevision.size > MAX_REVISIONS && oldest !== undefined) byRevision.delete(oldest);
    },
  };
}
