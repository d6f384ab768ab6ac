import { JOIN_MS, joinedRun, PULSE_MS, type Run, type Span, saysSame, type Timeline } from './timeline.js';

/**
 * A clock that goes back by less was ahead before. After a larger step it is unknown whether it was wrong before or is
 * now, as at the boot of a machine without one.
 */
const MAX_STEP_BACK_MS = 86_400_000;

/**
 * The spans as they were, if it is `nowMs`. When a clock was ahead and was set back a little, what it had dated in the
 * future ended then. Times that a clock far ahead gave are left out: those more than a day later than now, of which only
 * the light that is on counts, since now; and those that later spans contradict. A span dated earlier than what came
 * before it began at the same time.
 */
export function plausibleSpans(spans: readonly Span[], nowMs: number): Span[] {
  const isPast = ({ sinceMs }: Span) => sinceMs <= nowMs + MAX_STEP_BACK_MS;
  const last = spans.at(-1);
  const past = endFutureSpans(spans).filter(isPast);
  if (last !== undefined && !isPast(last)) past.push({ ...last, sinceMs: nowMs });
  const consistent = longestRise(past);
  let latestMs = -Infinity;
  return past
    .flatMap((span) => {
      if (consistent.has(span)) latestMs = span.sinceMs;
      if (span.sinceMs > latestMs) return [];
      return [span.sinceMs === latestMs ? span : { ...span, sinceMs: latestMs }];
    })
    .filter((span, index, all) => !saysSame(all[index - 1], span));
}

/** The most spans whose times go only forward: what most clocks agree on. */
function longestRise(spans: readonly Span[]): ReadonlySet<Span> {
  interface Rise {
    readonly end: Span;
    readonly before: Rise | undefined;
  }
  /** The rise of each length that ends earliest. */
  const rises: Rise[] = [];
  for (const span of spans) {
    const length = rises.findLastIndex(({ end }) => end.sinceMs <= span.sinceMs) + 1;
    rises[length] = { end: span, before: rises[length - 1] };
  }
  const members = new Set<Span>();
  for (let rise = rises.at(-1); rise !== undefined; rise = rise.before) members.add(rise.end);
  return members;
}

/** Ends what is dated later than a span that follows, where the clock went back by a little. */
function endFutureSpans(spans: readonly Span[]): Span[] {
  const ended: Span[] = [];
  for (const next of spans) {
    for (let index = ended.length - 1; index >= 0; index -= 1) {
      const span = ended[index];
      const stepMs = span === undefined ? 0 : span.sinceMs - next.sinceMs;
      if (span === undefined || stepMs <= 0 || stepMs > MAX_STEP_BACK_MS) break;
      ended[index] = { ...span, sinceMs: next.sinceMs };
    }
    ended.push(next);
  }
  return ended;
}

/** The runs as they were: when a clock was ahead and was set back a little, a run in the future ended then. */
export function plausibleRuns(runs: readonly Run[]): Run[] {
  const joined: Run[] = [];
  for (const run of runs) joinRun(joined, run);
  return joined;
}

function joinRun(runs: Run[], run: Run): void {
  if ((runs.at(-1)?.toMs ?? 0) - run.toMs > MAX_STEP_BACK_MS) {
    runs.push(run);
    return;
  }
  for (let last = runs.at(-1); last !== undefined && last.toMs > run.toMs; last = runs.at(-1)) {
    // One of a clock that was wrong by more, before it was right for a while.
    if (last.toMs - run.toMs > MAX_STEP_BACK_MS) break;
    runs.pop();
    if (last.fromMs >= run.toMs) continue;
    runs.push({ ...last, toMs: run.toMs });
    return;
  }
  const last = runs.at(-1);
  const isApart = last === undefined || run.isStart === true || run.fromMs - last.toMs > JOIN_MS;
  if (isApart) runs.push(run);
  else runs[runs.length - 1] = joinedRun(last, run);
}

/** When the monitor was running: it does right now, and has since its last pulse. */
export function runsUntil({ runs }: Timeline, nowMs: number): Run[] {
  const lastMs = runs.at(-1)?.toMs ?? nowMs;
  const isRecent = lastMs <= nowMs && nowMs - lastMs <= 2 * PULSE_MS;
  return [...plausibleRuns(runs), { fromMs: isRecent ? lastMs : nowMs, toMs: nowMs }];
}
