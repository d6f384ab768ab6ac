import { isRun, type Restart, type WorkloadName } from './facts.js';
import type { LatestLives } from './latest-lives.js';
import { type Counts, countedFromMs, QUARTER_MS, type Tally } from './tally.js';
import { type Before, usualOf } from './usual.js';
import type { Span } from './windows.js';

/** What is kept of one workload. */
export interface WorkloadPage {
  readonly workload: WorkloadName;
  readonly tally: Tally;
  /** The latest pods. */
  readonly lives: Pick<LatestLives, 'ended' | 'all'>;
  readonly restarts: readonly Restart[];
  /** The latest that should not have happened, in the order of their times. */
  readonly troubles: readonly LastTrouble[];
}

/** What happened last that should not. */
export interface LastTrouble {
  readonly what: 'replaced' | 'restarted' | 'failed';
  readonly pod: string;
  readonly cause: string;
  readonly exitCode: number | undefined;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** A window of time, and the one before it that says what is usual. */
export interface Spans {
  readonly now: Span;
  readonly before: Before;
}

/** @param sinceMs the time from which on anything is known */
export function spansOf(windowMs: number, nowMs: number, sinceMs: number): Spans {
  const fromMs = nowMs - windowMs;
  // Long ago is known by quarters of an hour. One that reaches into the window is not of the time before it.
  const toMs = Math.floor(fromMs / QUARTER_MS) * QUARTER_MS - 1;
  return { now: { fromMs, toMs: nowMs }, before: { windowMs, toMs, sinceMs } };
}

/** What is known of a workload for a span of time. */
export interface Measure {
  readonly workload: WorkloadName;
  /** Pods replaced and containers restarted do not include those of which their node is the cause. */
  readonly counts: Counts;
  /** Pods replaced, containers restarted and pods failed: the sum. */
  readonly trouble: number;
  /** What the trouble of such a span usually is: see {@link usualOf}; undefined when too little is known. */
  readonly usual: number | undefined;
  /** How long the latest pods lived that ended within the span, in milliseconds. */
  readonly medianLifeMs: number | undefined;
  readonly shortestLifeMs: number | undefined;
  /** Undefined when nothing happened within the span that should not. */
  readonly last: LastTrouble | undefined;
}

export function measure(page: WorkloadPage, { now, before }: Spans): Measure {
  const { workload, tally } = page;
  const counts = tally.sum(now.fromMs, now.toMs);
  const trouble = troubleOf(counts);
  const last = page.troubles.findLast(({ atMs }) => atMs <= now.toMs);
  return {
    workload,
    counts,
    trouble,
    usual: usualOf(trouble, before, (span) => tally.trouble(span.fromMs, span.toMs)),
    ...livesWithin(page, now),
    last: last !== undefined && last.atMs >= countedFromMs(now.fromMs, now.toMs) ? last : undefined,
  };
}

/** Orders measures: the most trouble first, of the same the latest. */
export const worstFirst = (a: Measure, b: Measure): number =>
  b.trouble - a.trouble || (b.last?.atMs ?? 0) - (a.last?.atMs ?? 0);

function troubleOf({ replaced, restarts, failed }: Counts): number {
  return replaced + restarts + failed;
}

function livesWithin({ workload, lives }: WorkloadPage, { fromMs, toMs }: Span) {
  const lengths = lives.ended
    .flatMap(({ ip, startedAtMs, end }) =>
      end !== undefined &&
      ip !== '' &&
      end.atMs > fromMs &&
      end.atMs <= toMs &&
      !(isRun(workload) && end.cause === 'Completed')
        ? [end.atMs - startedAtMs]
        : [],
    )
    .sort((a, b) => a - b);
  return { medianLifeMs: lengths[Math.floor(lengths.length / 2)], shortestLifeMs: lengths[0] };
}
