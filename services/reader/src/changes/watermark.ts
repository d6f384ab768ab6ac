/** Changes of less than this long ago may still be in flight, though the connection works. */
const IN_FLIGHT_MS = 5_000;

/**
 * The time up to which everything that happened is known. A list moves it to the moment at which the list was asked for.
 * A watch begins with a backlog of unknown length: it moves nothing until its first bookmark, and then follows the clock,
 * until an event shows that it lags behind: then it moves nothing until the next bookmark.
 */
export class Watermark {
  readonly #now: () => Date;
  #time: Date | undefined;
  #askedAt: Date;
  #caughtUp = false;

  /** @param restored as the ledger has it; undefined: nothing is known yet */
  constructor(now: () => Date, restored: Date | undefined) {
    this.#now = now;
    this.#time = restored;
    this.#askedAt = now();
  }

  get time(): Date | undefined {
    return this.#time;
  }

  /** When the list or the watch was asked for. */
  get askedAt(): Date {
    return this.#askedAt;
  }

  /** Whether a bookmark of this watch was read. */
  get isCaughtUp(): boolean {
    return this.#caughtUp;
  }

  /** A list or a watch is about to be asked for. */
  asked(): void {
    this.#askedAt = this.#now();
    this.#caughtUp = false;
  }

  /** The list that was asked for was read to its end. It may be as old as the question. */
  listed(): void {
    // Earlier, when the clock was set meanwhile.
    this.#time = new Date(Math.min(this.#askedAt.getTime(), this.#now().getTime()));
  }

  /** An event of the watch was read. All that had happened when a bookmark was sent was sent before it. */
  watched(isBookmark: boolean): void {
    this.#caughtUp ||= isBookmark;
    if (this.#caughtUp) this.#time = new Date(this.#now().getTime() - IN_FLIGHT_MS);
  }

  /**
   * An event was read long after it had happened: there is a backlog again, of unknown length.
   * @param writtenAfter everything before was received, in milliseconds
   */
  lagged(writtenAfter: number): void {
    // Only the first one says how far it was known: the others are newer.
    if (this.#caughtUp && this.#time) this.#time = new Date(Math.min(this.#time.getTime(), writtenAfter));
    this.#caughtUp = false;
  }
}
