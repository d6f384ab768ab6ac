import type { Run } from './timeline.js';

/**
 * For how long the monitor was running since a time, in pieces up to the last run.
 * @param maxGapMs after an interruption that was longer, what was watched before says nothing any more
 */
export function watchedMs(runs: readonly Run[], sinceMs: number, maxGapMs: number): number {
  let sumMs = 0;
  let nextMs = runs.at(-1)?.toMs ?? 0;
  for (const { fromMs, toMs } of runs.toReversed()) {
    // A clock that was set far back is no order of time either.
    if (toMs < sinceMs || Math.abs(nextMs - toMs) > maxGapMs) break;
    sumMs += toMs - Math.max(fromMs, sinceMs);
    nextMs = fromMs;
  }
  return sumMs;
}
