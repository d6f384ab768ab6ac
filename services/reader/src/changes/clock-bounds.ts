import type { PodTimes } from './pod-times.js';

/** How far one clock may be ahead of another, in milliseconds; negative: behind. Infinite where nothing is known. */
export interface ClockBounds {
  readonly leastMs: number;
  readonly mostMs: number;
}

export const UNKNOWN_CLOCK: ClockBounds = {
  leastMs: Number.NEGATIVE_INFINITY,
  mostMs: Number.POSITIVE_INFINITY,
};
/** The clock itself. */
export const SAME_CLOCK: ClockBounds = { leastMs: 0, mostMs: 0 };

const SECOND_MS = 1_000;

/**
 * How far a node's clock may be ahead of the API server's, by one pod object alone. The kubelet cannot have accepted the
 * pod before it was bound to the node, and what it reports cannot have happened after the API server stored the report.
 * Both sides are known to the second. It holds for any clock and however late the kubelet reports; what contradicts
 * itself, because the clock was set meanwhile, says nothing.
 */
export function nodeClock(times: PodTimes): ClockBounds {
  const { acceptedAt, kubeletNewest, kubeletWroteAt } = times;
  const boundAt = times.scheduledAt ?? times.createdAt;
  const leastMs =
    kubeletNewest === undefined || kubeletWroteAt === undefined
      ? UNKNOWN_CLOCK.leastMs
      : (kubeletNewest - kubeletWroteAt - 1) * SECOND_MS;
  const mostMs =
    acceptedAt === undefined || boundAt === undefined
      ? UNKNOWN_CLOCK.mostMs
      : (acceptedAt - boundAt + 1) * SECOND_MS;
  return leastMs > mostMs ? UNKNOWN_CLOCK : { leastMs, mostMs };
}

/**
 * How far the API server's clock may be ahead of the reader's, by the `Date` header of an answer.
 * @param sentAt when the reader asked, and receivedAt when the headers came, in milliseconds since the epoch
 */
export function serverClock(date: string, sentAt: number, receivedAt: number): ClockBounds {
  const dateMs = Date.parse(date);
  if (Number.isNaN(dateMs)) return UNKNOWN_CLOCK;
  return { leastMs: dateMs - receivedAt, mostMs: dateMs + SECOND_MS - sentAt };
}

/** Two findings about one clock together. The newer one alone where they contradict each other: the clock was set. */
export function narrow(older: ClockBounds, newer: ClockBounds): ClockBounds {
  const leastMs = Math.max(older.leastMs, newer.leastMs);
  const mostMs = Math.min(older.mostMs, newer.mostMs);
  return leastMs > mostMs ? newer : { leastMs, mostMs };
}

/** A clock that is ahead of a second one, which is ahead of a third: how far it is ahead of the third. */
export function chain(first: ClockBounds, second: ClockBounds): ClockBounds {
  return { leastMs: first.leastMs + second.leastMs, mostMs: first.mostMs + second.mostMs };
}

/** A whole second of one clock, as milliseconds of another that it is ahead of by so much. */
export function translate(
  second: number,
  clock: ClockBounds,
): { readonly from: number; readonly to: number } {
  const ms = second * SECOND_MS;
  return { from: ms - clock.mostMs, to: ms + SECOND_MS - clock.leastMs };
}
