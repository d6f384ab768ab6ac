import type { WorkloadBook } from './book.js';
import type { Fact, HeldAddress } from './fact-queries.js';
import { type IpChanges, SHOWN_MS } from './ip-changes.js';
import { OVERLAP_MS } from './overlap.js';

/** From time to time they are looked for as far back as this: a restart that waited for its image, a node that was away. */
const REACH_MS = 86_400_000;
/** Less far where more happens: each of these takes some 100 bytes. */
const MAX_TOLD = 50_000;
/** A pod's leases of several addresses begin and end so soon one after the other. */
const SAME_MS = 60_000;

/** Tells the book, and the count of IP changes, each fact of one cluster once, though looks overlap. */
export interface Teller {
  /** Everything that happened up to then was told, in milliseconds since the epoch. */
  readonly countedUntilMs: number;
  /** What happened since then and was told is known: it may be read again. */
  readonly knownSinceMs: number;
  /** @param facts in about the order of their times */
  tell(facts: readonly Fact[]): void;
  counted(untilMs: number): void;
}

/**
 * @param fromMs nothing is told of what happened before, in milliseconds since the epoch, as `nowMs`; what happened before
 * the last day is told but once
 */
export function createTeller(
  book: WorkloadBook,
  ipChanges: IpChanges,
  fromMs: number,
  nowMs: number,
): Teller {
  const recentMs = nowMs - SHOWN_MS;
  let countedUntilMs = fromMs;
  let knownSinceMs = fromMs;
  // What was told and may be found again, with its time: by the UID of the pod, by its address, or by container and count.
  const started = new Map<string, number>();
  const ended = new Map<string, number>();
  const others = new Map<string, number>();
  const all = [started, ended, others];

  const start = ({ life, ip, occurrence }: HeldAddress, isOpen: boolean) => {
    const atMs = life.startedAtMs;
    if (atMs > recentMs && isNews(others, `+${life.podUid} ${ip} ${occurrence}`, atMs))
      ipChanges.started(atMs);
    if (isNews(started, life.podUid, atMs)) book.started(life, isOpen);
  };
  const end = ({ life, ip, occurrence, isChanged }: HeldAddress, atMs: number) => {
    if (atMs > recentMs && isNews(others, `-${life.podUid} ${ip} ${occurrence}`, atMs)) ipChanges.ended(atMs);
    // Its next address is no other pod's.
    if (isChanged) isNews(started, life.podUid, atMs);
    else if (isNews(ended, life.podUid, atMs)) book.ended(life);
  };
  const forget = () => {
    const lateMs = countedUntilMs - (countedUntilMs < recentMs ? SAME_MS : OVERLAP_MS);
    const reachMs = countedUntilMs < recentMs ? lateMs : countedUntilMs - REACH_MS;
    knownSinceMs = Math.max(knownSinceMs, reachMs);
    for (;;) {
      for (const told of all) forgetBefore(told, knownSinceMs);
      if (knownSinceMs >= lateMs || all.every(({ size }) => size <= MAX_TOLD)) return;
      knownSinceMs = Math.min(lateMs, knownSinceMs + Math.max(SAME_MS, (lateMs - knownSinceMs) / 8));
    }
  };
  return {
    get countedUntilMs() {
      return countedUntilMs;
    },
    get knownSinceMs() {
      return knownSinceMs;
    },
    tell(facts) {
      for (const fact of facts) {
        // Perhaps it was told and is forgotten.
        if (fact.atMs < knownSinceMs) continue;
        if (fact.what === 'restarted') {
          const { podUid, container, count } = fact.restart;
          if (isNews(others, `${podUid} ${container} ${count}`, fact.atMs)) book.restarted(fact.restart);
        } else if (fact.what === 'rejected') {
          if (isNews(ended, fact.life.podUid, fact.atMs)) book.rejected(fact.life);
        } else if (fact.what === 'started') start(fact.held, fact.isOpen);
        else {
          // Its start may have been recorded only with its end, or be of the same time.
          if (fact.held.life.startedAtMs >= knownSinceMs) start(fact.held, false);
          end(fact.held, fact.atMs);
        }
      }
    },
    counted(untilMs) {
      countedUntilMs = Math.max(countedUntilMs, untilMs);
      forget();
    },
  };
}

/** @returns whether it is news */
function isNews(told: Map<string, number>, what: string, atMs: number): boolean {
  const toldMs = told.get(what);
  if (toldMs === atMs) return false;
  // The order of a map is that in which its entries were set.
  told.delete(what);
  told.set(what, atMs);
  return toldMs === undefined;
}

/** Those that were told first come first; a late one among them keeps others a little longer. */
function forgetBefore(told: Map<string, number>, ms: number): void {
  for (const [what, atMs] of told) {
    if (atMs >= ms) return;
    told.delete(what);
  }
}
