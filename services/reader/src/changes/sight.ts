import { type ClockBounds, chain, narrow, nodeClock, translate, UNKNOWN_CLOCK } from './clock-bounds.js';
import { newest, type PodTimes } from './pod-times.js';

/** The knowledge about a pod before the version at hand. */
export interface KnownTimes {
  /** See {@link PodTimes}. */
  readonly kubeletWroteAt: number | undefined;
  readonly deletionAskedAt: number | undefined;
  readonly terminationGraceSeconds: number;
}

/** How a version of a pod was received. */
export interface Sight {
  /** The version's own times. Of a pod that a list lacks there is none. */
  readonly times: PodTimes | undefined;
  readonly previous?: KnownTimes | undefined;
  /** When it was received; of a list: when its first page was, which is of one moment before that. */
  readonly observedAt: number;
  /**
   * `live`: in a watch that is caught up. `replayed`: in one that is not. `listed`: in a list, which says nothing of
   * which version was the first to show what it shows.
   */
  readonly how: 'live' | 'replayed' | 'listed';
  /**
   * Everything written before this was received before: `notBefore` of the write of the event before, or the watermark.
   */
  readonly after?: number | undefined;
  /** How far the API server's clock is ahead of the reader's. */
  readonly serverClock: ClockBounds;
  /** How far the node's clock is ahead of the reader's, as other pods of the node say: see {@link NodeClocks}. */
  readonly nodeClock?: ClockBounds | undefined;
}

/** The times of the reader's clock that a second of another clock may be. */
export interface Second {
  readonly from: number;
  readonly to: number;
}

/** The second in which this version was written, as far as it says so. */
export function newestMark({ times, serverClock }: Sight): Second | undefined {
  const { writtenAt, deletionAskedAt, disruptedAt, scheduledAt, createdAt } = times ?? {};
  const second = newest([writtenAt, deletionAskedAt, disruptedAt, scheduledAt, createdAt]);
  return second === undefined ? undefined : translate(second, serverClock);
}

/** The stream's order and the observation are certain. A mark that contradicts them is of a clock that is or was wrong. */
export function contradicts(
  mark: Second,
  { how, observedAt, after = Number.NEGATIVE_INFINITY }: Sight,
): boolean {
  return (how !== 'listed' && mark.to < after) || mark.from > observedAt;
}

/**
 * Everything was received before that was written before this. Where this version contradicts the one
 * before it in the stream, it is not known which of both is wrong.
 */
export function surelyAfter(sight: Sight): number {
  const { after = Number.NEGATIVE_INFINITY } = sight;
  const mark = newestMark(sight);
  return mark !== undefined && contradicts(mark, sight) ? Math.min(after, mark.from) : after;
}

export function usableServerClock(sight: Sight): ClockBounds {
  const mark = newestMark(sight);
  return mark !== undefined && contradicts(mark, sight) ? UNKNOWN_CLOCK : sight.serverClock;
}

export function usableNodeClock(
  { nodeClock: known }: Sight,
  times: PodTimes,
  server: ClockBounds,
): ClockBounds {
  return narrow(known ?? UNKNOWN_CLOCK, chain(nodeClock(times), server));
}
