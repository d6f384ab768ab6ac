import type { Operation } from '@podips/shared';
import type { Light } from '../lights.js';
import { mapOperations } from '../operations.js';

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
  /** Oldest first. */
  spans(operation: Operation): readonly Span[];
  /** Oldest first. */
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
}

/** Runs closer than this are one: no slot of the strip shows a gap so short. */
const JOIN_MS = 150_000;
/** At the bound so much is folded at once that it is not done again soon. */
const KEPT_SHARE = 0.75;

/** A clock that goes back further is wrong now, as at the boot of a machine without one; else it was wrong before. */
const MAX_STEP_BACK_MS = 86_400_000;

/**
 * What the history knows, in memory. When a clock was ahead and is set back, what it had dated in the future ends now.
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
      const last = list.at(-1);
      if (last?.light === span.light) return;
      const clockIsWrong = last !== undefined && last.sinceMs - span.sinceMs > MAX_STEP_BACK_MS;
      const sinceMs = clockIsWrong ? last.sinceMs : span.sinceMs;
      endFutureSpans(list, sinceMs);
      list.push({ ...span, sinceMs });
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
  };
}

function endFutureSpans(list: Span[], nowMs: number): void {
  for (let index = list.length - 1; index >= 0; index -= 1) {
    const span = list[index];
    if (span === undefined || span.sinceMs <= nowMs) return;
    list[index] = { ...span, sinceMs: nowMs };
  }
}

function addRun(runs: Run[], run: Run): void {
  if ((runs.at(-1)?.toMs ?? 0) - run.toMs > MAX_STEP_BACK_MS) return;
  for (let last = runs.at(-1); last !== undefined && last.toMs > run.toMs; last = runs.at(-1)) {
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
