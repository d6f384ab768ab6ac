import type { WorkloadBook } from './book.js';
import type { Restart } from './facts.js';
import type { HeldAddress } from './feed-queries.js';
import { createInterner } from './interner.js';
import type { IpChanges } from './ip-changes.js';

/** Rows may have times before the position, and are looked at again for so long. */
export const OVERLAP_MS = 15 * 60_000;

/** Tells the book, and the count of IP changes, each fact of one cluster once, though looks overlap. */
export interface Teller {
  /** Everything that ended up to then was told, in milliseconds since the epoch. */
  readonly countedUntilMs: number;
  running(held: readonly HeldAddress[]): void;
  ended(held: readonly HeldAddress[]): void;
  restarted(restarts: readonly Restart[]): void;
  counted(untilMs: number): void;
}

/** @param fromMs nothing is told of what ended before, in milliseconds since the epoch */
export function createTeller(book: WorkloadBook, ipChanges: IpChanges, fromMs: number): Teller {
  let countedUntilMs = fromMs;
  const intern = createInterner();
  /** The pods, and their addresses, whose start was told and whose end was not. */
  const open = new Set<string>();
  /** What was told and is found again, with its time. */
  const told = new Map<string, number>();
  /** @returns whether it is news */
  const begin = (what: string): boolean => {
    if (open.has(what) || told.has(what)) return false;
    open.add(what);
    return true;
  };
  const finish = (what: string, atMs: number): boolean => {
    open.delete(what);
    if (told.has(what)) return false;
    told.set(what, atMs);
    return true;
  };
  const start = ({ life, ip, occurrence }: HeldAddress) => {
    if (begin(`${life.podUid} ${ip} ${occurrence}`)) ipChanges.started(life.startedAtMs);
    if (begin(life.podUid)) book.started(intern({ ...life, end: undefined }));
  };
  return {
    get countedUntilMs() {
      return countedUntilMs;
    },
    running: (held) => held.forEach(start),
    ended(held) {
      for (const one of held) {
        start(one);
        const { life, ip, occurrence, changed } = one;
        const end = life.end ?? changed;
        if (end && finish(`${life.podUid} ${ip} ${occurrence}`, end.atMs)) ipChanges.ended(end.atMs);
        if (life.end && finish(life.podUid, life.end.atMs)) book.ended(intern(life));
      }
    },
    restarted(restarts) {
      for (const restart of restarts) {
        const isNews = finish(`${restart.podUid} ${restart.container} ${restart.count}`, restart.atMs);
        if (isNews) book.restarted(restart);
      }
    },
    counted(untilMs) {
      countedUntilMs = Math.max(countedUntilMs, untilMs);
      for (const [fact, atMs] of told) if (atMs < countedUntilMs - OVERLAP_MS) told.delete(fact);
    },
  };
}
