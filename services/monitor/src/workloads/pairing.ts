import type { PodLife } from './facts.js';
import type { Span } from './windows.js';

/**
 * A controller that deletes a pod starts the next one at once, while the old one is still ending; one whose pod is gone
 * starts it afterwards, when there is room for it.
 */
const START_BEFORE_MS = 120_000;
const START_AFTER_MS = 600_000;
/** After a plain deletion the next one starts soon: what starts later belongs to a scaling, or to a rollout that is undone. */
const START_AFTER_DELETION_MS = 60_000;
/**
 * Facts come in the order of the ends. Until all of the past is counted, the start of a pod comes with its end, perhaps long
 * after that of the pod that it replaced; from then on soon.
 */
const LATE_MS = 1_800_000;
/** Those that have waited longest are forgotten: a rollout leaves a revision with ends that nothing replaces. */
const MAX_REVISIONS = 10;
const MAX_WAITING = 100;

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
  /** All ends up to a time came, and all starts: what has waited since long before has no counterpart. */
  forgetBefore(atMs: number): void;
}

/**
 * Each start replaces one pod at most. So a rollout counts nothing, whose starts are of another revision; nor does scaling
 * out, where nothing ends, or in, where nothing starts.
 */
export function createPairing(): Pairing {
  const starts = createWaitingRoom();
  const ends = createWaitingRoom();
  let newestEndMs = Number.NEGATIVE_INFINITY;
  return {
    started(life) {
      const atMs = life.startedAtMs;
      const span = { fromMs: atMs - START_AFTER_MS, toMs: atMs + START_BEFORE_MS };
      const end = ends.take(life, span, (one) => follows(atMs, one));
      // The ends around an older one came all.
      if (end === undefined && atMs > newestEndMs - LATE_MS) starts.put(life, atMs);
      return end?.life;
    },
    ended(life, atMs) {
      newestEndMs = Math.max(newestEndMs, atMs);
      const span = { fromMs: atMs - START_BEFORE_MS, toMs: atMs + START_AFTER_MS };
      const start = starts.take(life, span, (one) => follows(one.atMs, { life, atMs }));
      if (start === undefined) ends.put(life, atMs);
      return start !== undefined;
    },
    forgetBefore(atMs) {
      starts.forgetBefore(atMs - LATE_MS);
      ends.forgetBefore(atMs - LATE_MS);
    },
  };
}

function follows(startedAtMs: number, { life: { end }, atMs }: Waiting): boolean {
  const afterMs = end?.cause === 'Deleted' ? START_AFTER_DELETION_MS : START_AFTER_MS;
  return startedAtMs >= atMs - START_BEFORE_MS && startedAtMs <= atMs + afterMs;
}

/** Each pod has a place of its own: by name in a StatefulSet, by node in a DaemonSet. */
function haveSamePlace(a: PodLife, b: PodLife): boolean {
  if (a.workload.kind === 'StatefulSet') return a.pod === b.pod;
  return a.workload.kind !== 'DaemonSet' || a.node === b.node;
}

function createWaitingRoom() {
  const byRevision = new Map<string, Waiting[]>();
  return {
    /** Takes out the first of another pod, in the same place, whose time fits. */
    take(life: PodLife, { fromMs, toMs }: Span, fits: (one: Waiting) => boolean): Waiting | undefined {
      const waiting = byRevision.get(life.revision);
      if (waiting === undefined) return undefined;
      const index = waiting.findIndex(
        (one) =>
          one.atMs >= fromMs &&
          one.atMs <= toMs &&
          fits(one) &&
          one.life.podUid !== life.podUid &&
          haveSamePlace(one.life, life),
      );
      return index < 0 ? undefined : waiting.splice(index, 1)[0];
    },
    put(life: PodLife, atMs: number): void {
      const waiting = byRevision.get(life.revision);
      if (waiting !== undefined) {
        if (waiting.length >= MAX_WAITING) waiting.shift();
        waiting.push({ life, atMs });
        return;
      }
      byRevision.set(life.revision, [{ life, atMs }]);
      // The order of a map is that in which its entries were set.
      const [oldest] = byRevision.keys();
      if (byRevision.size > MAX_REVISIONS && oldest !== undefined) byRevision.delete(oldest);
    },
    forgetBefore(atMs: number): void {
      for (const [revision, waiting] of byRevision) {
        const kept = waiting.filter((one) => one.atMs >= atMs);
        if (kept.length === 0) byRevision.delete(revision);
        else if (kept.length < waiting.length) byRevision.set(revision, kept);
      }
    },
  };
}
