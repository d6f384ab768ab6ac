import { OPERATIONS, type Operation } from '@podips/shared';
import type { Light } from '../status/lights.js';
import { mapOperations } from '../status/map-operations.js';

/** A time in which a light was on; it ends where the next span of its operation begins. */
export interface Span {
  readonly light: Light;
  readonly sinceMs: number;
  /** Of the heartbeat that turned the light; undefined when none did. */
  readonly code: number | undefined;
  readonly message: string;
}

/** A time in which the monitor was running. */
export interface Run {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Timeline {
  /** In the order in which they began, with the times that a clock said, be it right or wrong. */
  spans(operation: Operation): readonly Span[];
  /** In the order in which they began. */
  readonly runs: readonly Run[];
  /** Changes whenever the content does. */
  readonly version: number;
  /** True when there were more changes than are kept. */
  readonly folded: boolean;
  /** Begins a span; one that goes on as before is left out. */
  turn(operation: Operation, span: Span): void;
  /** Takes back the last span: the one before goes on. */
  undoTurn(operation: Operation): void;
  /** Says that the monitor was running. */
  ran(run: Run): void;
  /** Forgets what ended before, and says whether there was something. */
  forgetBefore(limitMs: number, runLimitMs: number): boolean;
  /** Puts all times right, given one that is right. @returns what was dated more than a day later, and is gone */
  settle(nowMs: number): readonly DatedSpan[];
}

export interface DatedSpan extends Span {
  readonly operation: Operation;
}

/** Runs closer than this are one: no slot of the strip shows a gap so short. */
const JOIN_MS = 150_000;
/** At the bound so much is folded at once that it is not done again soon. */
const KEPT_SHARE = 0.75;

/**
 * A clock that goes back by less was ahead before. After a larger step nobody knows whether it was wrong before, or is
 * now, as at the boot of a machine without one: that shows later.
 */
const MAX_STEP_BACK_MS = 86_400_000;

/**
 * What the history knows, in memory. When a clock was ahead and is set back a little, what it had dated in the future
 * ends now. After larger steps times are kept as they were said, and {@link plausibleSpans} makes sense of them.
 */
export function createTimeline(maxSpans: number): Timeline {
  const spans = mapOperations((): Span[] => []);
  const runs: Run[] = [];
  let version = 0;
  let folded = false;

  const count = () => Object.values(spans).reduce((sum, list) => sum + list.length, 0);
  const keepBound = () => {
    if (count() <= maxSpans) return;
    folded = true;
    foldShortest(Object.values(spans), count() - maxSpans * KEPT_SHARE);
    while (count() > maxSpans) longestOf(Object.values(spans)).shift();
  };

  return {
    spans: (operation) => spans[operation],
    runs,
    get version() {
      return version;
    },
    get folded() {
      return folded;
    },
    turn(operation, span) {
      const list = spans[operation];
      if (list.at(-1)?.light === span.light) return;
      endFutureSpans(list, span.sinceMs);
      list.push(span);
      keepBound();
      version += 1;
    },
    undoTurn(operation) {
      spans[operation].pop();
      version += 1;
    },
    ran(run) {
      addRun(runs, run);
      version += 1;
    },
    forgetBefore(limitMs, runLimitMs) {
      const before = count() + runs.length;
      for (const list of Object.values(spans)) list.splice(0, endedBefore(list, limitMs));
      runs.splice(0, runs.filter(({ toMs }) => toMs < runLimitMs).length);
      if (count() + runs.length === before) return false;
      version += 1;
      return true;
    },
    settle(nowMs) {
      const limitMs = nowMs + MAX_STEP_BACK_MS;
      const keptRuns = runs.filter(({ toMs }) => toMs <= limitMs);
      runs.splice(0, runs.length, ...keptRuns);
      return OPERATIONS.flatMap((operation) => {
        const list = spans[operation];
        const settled = plausibleSpans(list, nowMs);
        const removed = list.filter(({ sinceMs }) => sinceMs > limitMs);
        list.splice(0, list.length, ...settled);
        if (removed.length > 0) version += 1;
        return removed.map((span) => ({ ...span, operation }));
      });
    },
  };
}

/**
 * The spans as they were, if it is `nowMs`: of what is dated more than a day later only the light that is on counts,
 * since now; what is dated earlier than what came before it began at the same time.
 */
export function plausibleSpans(spans: readonly Span[], nowMs: number): Span[] {
  const isPast = ({ sinceMs }: Span) => sinceMs <= nowMs + MAX_STEP_BACK_MS;
  const last = spans.at(-1);
  const all = spans.filter(isPast);
  if (last !== undefined && !isPast(last)) all.push({ ...last, sinceMs: nowMs });
  let latestMs = -Infinity;
  return all
    .filter((span, index) => span.light !== all[index - 1]?.light)
    .map((span) => {
      latestMs = Math.max(latestMs, span.sinceMs);
      return span.sinceMs === latestMs ? span : { ...span, sinceMs: latestMs };
    });
}

function endFutureSpans(list: Span[], nowMs: number): void {
  for (let index = list.length - 1; index >= 0; index -= 1) {
    const span = list[index];
    if (span === undefined || span.sinceMs <= nowMs || span.sinceMs - nowMs > MAX_STEP_BACK_MS) return;
    list[index] = { ...span, sinceMs: nowMs };
  }
}

function addRun(runs: Run[], run: Run): void {
  if ((runs.at(-1)?.toMs ?? 0) - run.toMs > MAX_STEP_BACK_MS) {
    runs.push(run);
    return;
  }
  for (let last = runs.at(-1); last !== undefined && last.toMs > run.toMs; last = runs.at(-1)) {
    // One of a clock that was wrong by more, before it was right for a while.
    if (last.toMs - run.toMs > MAX_STEP_BACK_MS) break;
    runs.pop();
    if (last.fromMs >= run.toMs) continue;
    runs.push({ fromMs: last.fromMs, toMs: run.toMs });
    return;
  }
  const last = runs.at(-1);
  if (last === undefined || run.fromMs - last.toMs > JOIN_MS) runs.push(run);
  else runs[runs.length - 1] = { fromMs: Math.min(last.fromMs, run.fromMs), toMs: run.toMs };
}

/** How many spans at the beginning ended before; the last one has not ended. */
function endedBefore(list: readonly Span[], limitMs: number): number {
  const first = list.findIndex((_span, index) => (list[index + 1]?.sinceMs ?? Infinity) > limitMs);
  return Math.max(0, first);
}

const BADNESS: Readonly<Record<Light, number>> = { grey: 0, green: 0, yellow: 1, red: 2 };

/**
 * Folds the shortest improvements away: an outage that flaps becomes one that lasts, and no outage is lost.
 * @param excess how many spans are too many; at least half of them go, if there are so many improvements
 */
function foldShortest(lists: readonly Span[][], excess: number): void {
  const improvements = lists.flatMap(improvementsOf).sort((a, b) => a.lengthMs - b.lengthMs);
  // Mostly what stands on both sides becomes one, so that each of these makes two spans fewer.
  const gone = new Set(improvements.slice(0, Math.ceil(excess / 2)).map(({ span }) => span));
  for (const list of lists) {
    const kept = list.filter((span) => !gone.has(span));
    const joined = kept.filter((span, index) => span.light !== kept[index - 1]?.light);
    list.splice(0, list.length, ...joined);
  }
}

function improvementsOf(list: readonly Span[]): { span: Span; lengthMs: number }[] {
  return list.flatMap((span, index) => {
    const [before, after] = [list[index - 1], list[index + 1]];
    if (before === undefined || after === undefined) return [];
    const better = Math.min(BADNESS[before.light], BADNESS[after.light]) > BADNESS[span.light];
    return better ? [{ span, lengthMs: after.sinceMs - span.sinceMs }] : [];
  });
}

function longestOf(lists: readonly Span[][]): Span[] {
  return lists.reduce((longest, list) => (list.length > longest.length ? list : longest));
}
