import { type ClockBounds, translate } from './clock-bounds.js';
import { newest, type PodTimes } from './pod-times.js';
import {
  contradicts,
  type KnownTimes,
  newestMark,
  type Sight,
  surelyAfter,
  usableNodeClock,
  usableServerClock,
} from './sight.js';

/**
 * When something happened, in milliseconds of the reader's clock: surely within the bounds, most likely at `best`.
 * `notBefore` is -Infinity where nothing is known.
 */
export interface Interval {
  readonly notBefore: number;
  readonly best: number;
  readonly notAfter: number;
}

/** How a lease ended, as in the decision table. */
export type EndOfLease = 'finished' | 'deleted' | 'changed' | 'missing';

/** For so long a kubelet may know what it has not reported yet. Only used where no time of the object says more. */
export const REPORT_LAG_MS = 2_000;
/** For so long a sandbox may be left when its containers have ended. */
export const SANDBOX_STOP_MS = 2_000;

/** The part of a version that is needed to understand the next one. */
export function keepTimes({
  kubeletWroteAt,
  deletionAskedAt,
  terminationGraceSeconds,
}: PodTimes): KnownTimes {
  return { kubeletWroteAt, deletionAskedAt, terminationGraceSeconds };
}

/** How far `best` may be from the truth, in whole milliseconds. */
export function uncertaintyMs({ notBefore, best, notAfter }: Interval): number {
  return Math.ceil(Math.max(best - notBefore, notAfter - best));
}

/**
 * When the API server stored a version. Managed fields record it to the second, but not that a deletion was asked for, a
 * pod was bound or an eviction was admitted: these have times of their own. A deletion itself has none, except that
 * of a pod without a grace period and finalizers, which follows at once.
 */
export function writeInterval(sight: Sight, isDeletion = false): Interval {
  const { times, observedAt } = sight;
  const after = surelyAfter(sight);
  const mark = newestMark(sight);
  const isLive = sight.how === 'live';
  // Early, or it would make all that follows in the stream late.
  if (mark === undefined || contradicts(mark, sight))
    return clamped(isLive ? observedAt : after, after, observedAt);
  const followsAtOnce = times?.deletionGraceSeconds === 0 && !times.hasFinalizers;
  const isOpen = isDeletion && !followsAtOnce;
  const notBefore = Math.max(mark.from, after);
  if (isOpen) return clamped(isLive ? observedAt : notBefore, notBefore, observedAt);
  // A watch that is caught up may be slow all the same.
  if (isLive) return clamped(Math.min(mark.to, observedAt), notBefore, observedAt);
  const notAfter = sight.how === 'listed' ? observedAt : Math.min(mark.to, observedAt);
  return clamped(middle(notBefore, notAfter), notBefore, notAfter);
}

/**
 * When an address came into use that the version shows. It did so after the kubelet had accepted the pod and before it
 * said that the sandbox was ready or a container had started.
 * @param replaces whether the pod had another address before: then its sandbox is newer than the pod
 */
export function startInterval(sight: Sight, replaces = false): Interval {
  const { times, observedAt, how } = sight;
  const server = usableServerClock(sight);
  const written = writeInterval(sight);
  if (times === undefined) return written;
  const node = usableNodeClock(sight, times, server);
  const from = (second: number | undefined, clock: ClockBounds) =>
    second === undefined ? Number.NEGATIVE_INFINITY : translate(second, clock).from;
  const lower = replaces
    ? [lastAlive(sight, 'changed', server)]
    : [from(times.acceptedAt, node), from(times.createdAt, server)];
  const notBefore = Math.min(Math.max(...lower), written.notAfter);
  if (how === 'live') return clamped(written.best, notBefore, observedAt);
  const readyAt = times.sandboxReady ? times.sandboxChangedAt : undefined;
  const inUse = replaces ? [] : [times.firstStartedAt, readyAt].filter((second) => second !== undefined);
  const upper = inUse.map((second) => translate(second, node));
  const notAfter = Math.max(notBefore, Math.min(written.notAfter, ...upper.map(({ to }) => to)));
  // The earliest of them is the nearest; where the node's clock says nothing, the write that showed it.
  const nearest = Math.min(...upper.map((bounds) => middle(bounds.from, bounds.to)));
  if (Number.isFinite(nearest)) return clamped(nearest, notBefore, notAfter);
  return clamped(how === 'listed' ? notBefore : written.best, notBefore, notAfter);
}

/**
 * When an address went out of use. It is in use until the sandbox is gone, which is after the last container ended;
 * the API server learns of it later, and of a pod that is evicted by its kubelet or deleted by force before.
 */
export function endInterval(sight: Sight, how: EndOfLease): Interval {
  if (sight.times === undefined || how === 'missing') return missingInterval(sight);
  const { times, previous, observedAt } = sight;
  const server = usableServerClock(sight);
  const written = writeInterval(sight, how === 'deleted');
  const aliveAt = lastAlive(sight, how, server);
  if (how === 'changed') return ofWrite(written, aliveAt, written.notAfter);
  const node = usableNodeClock(sight, times, server);
  const finished = times.lastFinishedAt === undefined ? undefined : translate(times.lastFinishedAt, node);
  const known = finished !== undefined && Number.isFinite(finished.from) ? finished.from : aliveAt;
  const notAfter = written.notAfter + sandboxLeftMs(times, previous, how);
  if (sight.how === 'live' || finished === undefined || !Number.isFinite(finished.from))
    return ofWrite(written, known, notAfter);
  // It may have been gone before the watch stopped, and reported after.
  const notBefore = Math.min(known, written.notAfter);
  return clamped(middle(finished.from, Math.min(finished.to, observedAt)), notBefore, notAfter);
}

/** When a container had ended that was started again, by the node's clock and before the kubelet reported it. */
export function restartInterval(sight: Sight, endedAtMs: number | undefined): Interval {
  const { times } = sight;
  const written = writeInterval(sight);
  if (times === undefined || endedAtMs === undefined) return written;
  const node = usableNodeClock(sight, times, usableServerClock(sight));
  const { from, to } = translate(Math.floor(endedAtMs / 1_000), node);
  const notAfter = Math.min(to, written.notAfter);
  return clamped(middle(from, notAfter), Math.min(from, notAfter), notAfter);
}

/**
 * When a pod failed that never had an address. A list has pods that failed at any time: of those that were written before
 * what is known already, or at no known time, that is no news.
 */
export function failureInterval(sight: Sight): Interval | undefined {
  const interval = endInterval(sight, 'finished');
  if (sight.how !== 'listed') return interval;
  const mark = newestMark(sight);
  const isNews = mark !== undefined && sight.after !== undefined && mark.to >= sight.after;
  return isNews ? interval : undefined;
}

/**
 * The bounds of a time as the reader's clock has it, or the API server's, where these are known to differ: what is asked for
 * may have been read from either.
 */
export function byEitherClock(interval: Interval, { leastMs, mostMs }: ClockBounds): Interval {
  if (leastMs <= 0 && mostMs >= 0) return interval;
  const { notBefore, best, notAfter } = interval;
  return clamped(best, notBefore + Math.min(0, leastMs), notAfter + Math.max(0, mostMs));
}

/** The next holder's sandbox got the address when the one before was gone: each bounds the other. */
export interface HandOver {
  readonly end: Interval;
  readonly start: Interval;
  /** The end was surely after the start: for an address of one pod at a time that is a defect. */
  readonly contradicts: boolean;
}

/** Bounds the end of an address' lease and the start of the next one, of another pod, by each other. */
export function handOver(end: Interval, start: Interval): HandOver {
  if (end.notBefore > start.notAfter) return { end, start, contradicts: true };
  const notAfter = Math.min(end.notAfter, start.notAfter);
  const notBefore = Math.max(start.notBefore, end.notBefore);
  const bestEnd = Math.min(end.best, notAfter);
  const bestStart = Math.min(Math.max(start.best, notBefore, bestEnd), start.notAfter);
  return {
    end: { notBefore: end.notBefore, best: bestEnd, notAfter },
    start: { notBefore, best: bestStart, notAfter: start.notAfter },
    contradicts: false,
  };
}

/** The end of a pod that a list lacks: after it was last seen, and before the list, unless its sandbox is left over. */
function missingInterval(sight: Sight): Interval {
  const { previous, observedAt } = sight;
  const wroteAt = previous?.kubeletWroteAt;
  const written =
    wroteAt === undefined ? Number.NEGATIVE_INFINITY : translate(wroteAt, usableServerClock(sight)).from;
  const notBefore = Math.max(written, surelyAfter(sight)) - REPORT_LAG_MS;
  const leftMs = (previous?.terminationGraceSeconds ?? 0) * 1_000 + SANDBOX_STOP_MS;
  return clamped(middle(notBefore, observedAt), Math.min(notBefore, observedAt), observedAt + leftMs);
}

/** When the pod still had the sandbox that it had before, as far as the API server's own times say. */
function lastAlive(sight: Sight, how: EndOfLease, server: ClockBounds): number {
  const { times, previous } = sight;
  const alive = [times?.createdAt, times?.scheduledAt, previous?.kubeletWroteAt];
  // Until its deletion was asked for, a pod that had not finished kept its sandbox.
  if (how === 'deleted') alive.push(previous?.deletionAskedAt ?? times?.deletionAskedAt);
  const second = newest(alive);
  const known = second === undefined ? Number.NEGATIVE_INFINITY : translate(second, server).from;
  return Math.max(known, surelyAfter(sight)) - REPORT_LAG_MS;
}

/** For how long after the write the sandbox may have been left. */
function sandboxLeftMs(times: PodTimes, previous: KnownTimes | undefined, how: EndOfLease): number {
  if (times.sandboxReady === false) return 0;
  const haveEnded = times.lastFinishedAt !== undefined && !times.endedByKubelet;
  // A kubelet that says nothing of sandboxes deletes the pod when all is gone, if it was given the time.
  const wasGraceful = previous?.deletionAskedAt !== undefined && times.deletionGraceSeconds === 0;
  if (how === 'deleted' && times.sandboxReady === undefined && (wasGraceful || haveEnded)) return 0;
  return SANDBOX_STOP_MS + (haveEnded ? 0 : times.terminationGraceSeconds * 1_000);
}

/** Bounds around the write: nothing else says when it was. */
function ofWrite(written: Interval, known: number, notAfter: number): Interval {
  return clamped(written.best, Math.min(known, written.notAfter), notAfter);
}

function middle(from: number, to: number): number {
  return Number.isFinite(from) ? (from + to) / 2 : to;
}

/** Whole milliseconds: the bounds outwards, the best time within them; the latest one where nothing is known. */
function clamped(best: number, notBefore: number, notAfter: number): Interval {
  const from = Math.floor(notBefore);
  const to = Math.ceil(notAfter);
  const within = Math.round(Math.min(Math.max(best, from), to));
  return { notBefore: from, best: Number.isFinite(within) ? within : to, notAfter: to };
}
