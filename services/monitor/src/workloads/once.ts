import type { FeedView } from './feed.js';
import type { Measure } from './measure.js';
import type { WindowName } from './windows.js';

/** A ranking may be so old while nothing new is counted, in milliseconds. */
const RANKING_AGE_MS = 10_000;

/** Ranks each window once for each view of the feed, and every ten seconds: thousands of workloads take a while. */
export function rankedOnce(
  view: () => FeedView,
  now: () => number,
  rank: (window: WindowName, nowMs: number) => Measure[],
): (window: WindowName) => readonly Measure[] {
  const kept = new Map<
    WindowName,
    { readonly of: FeedView; readonly atMs: number; readonly all: Measure[] }
  >();
  return (window) => {
    const [of, nowMs] = [view(), now()];
    const last = kept.get(window);
    if (last?.of === of && Math.abs(nowMs - last.atMs) < RANKING_AGE_MS) return last.all;
    const all = rank(window, nowMs);
    kept.set(window, { of, atMs: nowMs, all });
    return all;
  };
}

/** A function that computes once for each view of the feed. */
export function onceFor<T>(view: () => FeedView, compute: (view: FeedView) => T): () => T {
  let last: { readonly of: FeedView; readonly result: T } | undefined;
  return () => {
    const of = view();
    if (last?.of !== of) last = { of, result: compute(of) };
    return last.result;
  };
}
