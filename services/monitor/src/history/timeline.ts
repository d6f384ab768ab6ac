import type { Light } from '../status/lights.js';
import { mapOperations } from '../status/map-operations.js';
import type { LightId } from '../status/statuses.js';

/** A time in which a light was on; it ends where the next span of its operation begins. */
export interface Span {
  readonly light: Light;
  readonly sinceMs: number;
  /** The code of the heartbeat that made the transition; undefined when none did. */
  readonly code: number | undefined;
  readonly message: string;
  /** How long it was interrupted by better lights that are folded into it: nobody knows any more when. In milliseconds. */
  readonly foldedMs?: number;
}

/** A time in which the monitor was running. */
export interface Run {
  readonly fromMs: number;
  readonly toMs: number;
  /** It begins with a start of the monitor, or after it stood still: what happened between the run before and this one is not known. */
  readonly isStart?: true;
}

export interface Timeline {
  /** In the order in which they began, with the times that a clock gave, be it right or wrong. */
  spans(operation: LightId): readonly Span[];
  /** In the order in which they began, with the times that a clock gave. */
  readonly runs: readonly Run[];
  /** Changes whenever the content does. */
  readonly version: number;
  /** True when there were more spans than are kept. */
  readonly folded: boolean;
  /** Begins a span; one that says the same as the one before is left out. */
  add(operation: LightId, span: Span): void;
  /** Records that the monitor was running. */
  addRun(run: Run): void;
}

/** Most runs that are kept: those of 90 days with eleven starts or standstills a day. */
const MAX_RUNS = 1_000;
/** How often it is noted that the monitor is running. */
export const PULSE_MS = 60_000;
/** Runs closer than this are one, unless the monitor was started between them. */
export const JOIN_MS = 150_000;
/** At the bound so much is folded at once that it is not done again soon. */
const KEPT_SHARE = 0.75;

/**
 * The history in memory, with the times that a clock gave, be it right or wrong; `plausible.ts` makes sense of them.
 * Nothing is changed or deleted for its time, only for the bound.
 */
export function createTimeline(maxSpans: number): Timeline {
  const spans: Record<LightId, Span[]> = { ...mapOperations((): Span[] => []), ledger: [] };
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
    add(operation, span) {
      const list = spans[operation];
      if (saysSame(list.at(-1), span)) return;
      list.push(span);
      keepBound();
      version += 1;
    },
    addRun(run) {
      addRun(runs, run);
      if (runs.length > MAX_RUNS) runs.splice(shortestOf(runs.slice(0, MAX_RUNS / 2)), 1);
      version += 1;
    },
  };
}

/** Whether a span has the light of the one before. Grey with a code is not known for now; without one, it is followed no more. */
export function saysSame(before: Span | undefined, { light, code }: Span): boolean {
  const isGreySame = light !== 'grey' || (before?.code === undefined) === (code === undefined);
  return before?.light === light && isGreySame;
}

/** A clock that goes back begins another run. */
function addRun(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  const follows = last !== undefined && last.toMs <= run.toMs && run.fromMs - last.toMs <= JOIN_MS;
  if (follows && run.isStart === undefined) runs[runs.length - 1] = joinedRun(last, run);
  else runs.push(run);
}

/** The first of the shortest: what is dropped counts as not watched, and of these that is the least. */
function shortestOf(runs: readonly Run[]): number {
  const lengths = runs.map(({ fromMs, toMs }) => toMs - fromMs);
  return lengths.indexOf(Math.min(...lengths));
}

/** Both as one. */
export function joinedRun(first: Run, { fromMs, toMs }: Run): Run {
  return { ...first, fromMs: Math.min(first.fromMs, fromMs), toMs };
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
    list.splice(0, list.length, ...folded(list, gone));
  }
}

/** The list without the improvements that go; their lengths are kept in the spans around them. */
function folded(list: readonly Span[], gone: ReadonlySet<Span>): Span[] {
  const kept: Span[] = [];
  for (const [index, span] of list.entries()) {
    const last = kept.at(-1);
    const lengthMs = gone.has(span) ? Math.max(0, (list[index + 1]?.sinceMs ?? 0) - span.sinceMs) : 0;
    const foldedMs = (last?.foldedMs ?? 0) + (lengthMs > 0 ? lengthMs : (span.foldedMs ?? 0));
    if (last === undefined || (!gone.has(span) && !saysSame(last, span))) kept.push(span);
    else kept[kept.length - 1] = foldedMs === 0 ? last : { ...last, foldedMs };
  }
  return kept;
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
