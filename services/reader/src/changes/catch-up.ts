import type { Checkpoint, Gap } from './entry.js';

interface Start {
  readonly checkpoint: Checkpoint | undefined;
  /** Set when the ledger lacks what happened from this time on, until the term has caught up. */
  readonly catchUp?: Omit<Gap, 'endedAt'> | undefined;
}

/** What the feeds of a term have to catch up with: until then something is incomplete, or out of order, and a gap says so. */
export class CatchUp {
  readonly #behind: Set<string>;
  readonly #restoredAt: Date | undefined;
  #pending: Start['catchUp'];
  #lateSince: Date | undefined;

  /** @param feeds that continue; of one that lists first, nothing is known of the time before in any case */
  constructor(feeds: Iterable<string>, { checkpoint, catchUp }: Start) {
    this.#behind = new Set(feeds);
    this.#restoredAt = checkpoint?.knownAt;
    this.#pending = catchUp;
  }

  /**
   * All that happened before the list or the watch of a feed is published now.
   * @param since when the marker was set that asks for a gap
   * @returns the gap, once, as soon as no feed is behind
   */
  caughtUp(feed: string, since: Date | undefined): Omit<Gap, 'endedAt'> | undefined {
    this.#behind.delete(feed);
    if (this.#behind.size > 0) return undefined;
    const { startedAt = undefined, reason = 'late' } = this.#pending ?? {};
    this.#pending = undefined;
    const isNew = since !== undefined && since !== this.#lateSince;
    this.#lateSince = since;
    // The marker is there until the ledger has the gap. It is older than the ledger when another reader has led since.
    const from = isNew ? earlier(since, this.#restoredAt ?? since) : startedAt;
    return from && { startedAt: from, reason };
  }
}

function earlier(a: Date, b: Date): Date {
  return new Date(Math.min(a.getTime(), b.getTime()));
}
