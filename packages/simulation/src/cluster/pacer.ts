/** After a stall it makes up for at most this long, lest everything that was missed happen at once. */
const MAX_CATCH_UP_MS = 1_000;

/** Holds a rate on average: says how many are due, and takes notice of how many were made. */
export class Pacer {
  readonly #perMs: number;
  #due = 0;
  #askedAtMs: number;

  constructor(perSecond: number, nowMs: number) {
    this.#perMs = perSecond / 1_000;
    this.#askedAtMs = nowMs;
  }

  /** Whole ones that are due now. */
  due(nowMs: number): number {
    this.#due += Math.min(nowMs - this.#askedAtMs, MAX_CATCH_UP_MS) * this.#perMs;
    this.#askedAtMs = nowMs;
    return Math.max(0, Math.floor(this.#due));
  }

  /** This many were made, be it more or fewer than were due. */
  made(count: number): void {
    this.#due -= count;
  }
}
