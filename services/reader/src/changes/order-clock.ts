/** How far it may run ahead of the clock before it gives up the order: the clock was set back, by a lot. */
const MAX_AHEAD_MS = 3_600_000;

/** Times that show in which order things were seen: each is later than the last one used, if only by a millisecond. */
export class OrderClock {
  readonly #now: () => Date;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The time for what is seen now. */
  next(): Date {
    const now = this.#now();
    const aheadMs = this.#lastMs + 1 - now.getTime();
    return aheadMs > 0 && aheadMs < MAX_AHEAD_MS ? new Date(this.#lastMs + 1) : now;
  }

  /** A message has this time. */
  used(at: Date): void {
    this.#lastMs = at.getTime();
  }
}
