import type { PodLife } from './facts.js';

/**
 * A controller that deletes a pod starts the next one at once, while the old one is still ending; one whose pod is gone
 * starts it afterwards, when there is room for it.
 */
const START_BEFORE_MS = 120_000;
const START_AFTER_MS = 600_000;
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
      const atMs = life.startedAtMs;
      const end = ends.take(life, atMs - START_AFTER_MS, atMs + START_BEFORE_MS);
      if (end === undefined) starts.put(life, atMs);
      return end?.life;
    },
    ended(life, atMs) {
      const start = starts.take(life, atMs - START_BEFORE_MS, atMs + START_AFTER_MS);
      if (start === undefined) ends.put(life, atMs);
      return start !== undefined;
    },
  };
}

function createWaitingRoom() {
  const byRevision = new Map<string, Waiting[]>();
  return {
    /** Takes out the first that is between two times and of another pod. */
    take({ revision, podUid }: PodLife, fromMs: number, toMs: number): Waiting | undefined {
      const waiting = byRevision.get(revision) ?? [];
      const index = waiting.findIndex(
        (one) => one.atMs >= fromMs && one.atMs <= toMs && one.life.podUid !== podUid,
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
