const TICK_MS = 1_000;
/** A busy process may be late; one that is this late did not run. */
const MAX_LATE_MS = 5_000;
const TICKS = MAX_LATE_MS / TICK_MS;

/** What one who asks learns of a standstill: each has its own answer. */
export interface StandstillView {
  /** Whether it happened since this was made, or reset. */
  readonly happened: boolean;
  reset(): void;
}

/** Notices when this process stood still, because it was frozen or its machine slept. Ticks until it is disposed of. */
export class Standstill implements StandstillView, Disposable {
  readonly #timer: NodeJS.Timeout;
  readonly #maxLateMs: number;
  #tickedMs = Date.now();
  /** How often it happened. */
  #count = 0;
  #resetAt = 0;

  /** @param leaseMs how long a Lease lasts: a reader that did not run for half of that asks who leads; undefined without one */
  constructor(leaseMs: number | undefined) {
    this.#maxLateMs = Math.min(MAX_LATE_MS, (leaseMs ?? Infinity) / 2);
    this.#timer = setInterval(() => this.#tick(), this.#maxLateMs / TICKS);
  }

  get happened(): boolean {
    return this.#counted > this.#resetAt;
  }

  reset(): void {
    this.#resetAt = this.#counted;
  }

  /** For one of several who ask: what happened before, since this was reset, is new to each. */
  view(): StandstillView {
    const counted = () => this.#counted;
    let resetAt = this.#resetAt;
    return {
      get happened() {
        return counted() > resetAt;
      },
      reset() {
        resetAt = counted();
      },
    };
  }

  get #counted(): number {
    // Events that waited meanwhile may be read before the timer's turn.
    this.#tick();
    return this.#count;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  /** By the clock on the wall: the other one may stand still too. Set forward, it makes a false alarm, which does no harm. */
  #tick(): void {
    const now = Date.now();
    if (now - this.#tickedMs > this.#maxLateMs) this.#count += 1;
    this.#tickedMs = now;
  }
}
