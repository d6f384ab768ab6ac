import type { PodLife } from './facts.js';

/** The latest pods of a workload: those that run, and those that ended last. */
export interface LatestLives {
  /** Those that ended, in the order of their ends. */
  readonly ended: readonly PodLife[];
  /** A pod that runs, or that ended. */
  keep(life: PodLife): void;
  /** All, in the order of their starts. */
  all(): PodLife[];
}

/** @param max the most that are kept */
export function createLatestLives(max: number): LatestLives {
  const running = new Map<string, PodLife>();
  const ended: PodLife[] = [];
  return {
    ended,
    keep(latest) {
      // A pod that got another address began with its first one.
      const before = running.get(latest.podUid) ?? latest;
      const life = before.startedAtMs < latest.startedAtMs ? { ...before, end: latest.end } : latest;
      running.delete(life.podUid);
      if (life.end === undefined) {
        // A start that is recorded late says less than the end.
        if (!ended.some(({ podUid }) => podUid === life.podUid)) running.set(life.podUid, life);
      } else insert(ended, life, life.end.atMs);
      if (running.size + ended.length <= max) return;
      const [oldest] = running.keys();
      if (ended.shift() === undefined && oldest !== undefined) running.delete(oldest);
    },
    all: () => [...running.values(), ...ended].sort((a, b) => a.startedAtMs - b.startedAtMs),
  };
}

function insert(ended: PodLife[], life: PodLife, atMs: number): void {
  ended.splice(ended.findLastIndex(({ end }) => (end?.atMs ?? 0) <= atMs) + 1, 0, life);
}
