import { backoffDelayMs } from '@podips/shared';

const RETRY = { baseMs: 500, capMs: 30_000 };
/** A watch that lasted this long was a real one, even when no event came. */
const STABLE_AFTER_MS = 10_000;

/**
 * How long a feed rests before its next request. Requests, watches and lists each have a backoff of their own, which a
 * success of that kind resets: how long the server was unavailable says nothing about the list that is due now. After a
 * watch that lasted there is none.
 */
export class FeedPace {
  /** Requests since the last one that the server answered. */
  #attempts = 0;
  /** Watches since the last event that ended soon. */
  #shortWatches = 0;
  /** Lists since the last watch that lasted. */
  #lists = 0;

  asked(): void {
    this.#attempts += 1;
  }

  answered(): void {
    this.#attempts = 0;
  }

  listed(): void {
    this.#lists += 1;
  }

  event(): void {
    this.#shortWatches = 0;
  }

  watchEnded(lastedMs: number, opened: boolean): void {
    if (opened) this.#shortWatches += 1;
    if (lastedMs > STABLE_AFTER_MS) this.#shortWatches = this.#lists = 0;
  }

  restMs(listIsDue: boolean): number {
    const repeats = Math.max(this.#attempts, listIsDue ? this.#lists : this.#shortWatches);
    return repeats === 0 ? 0 : backoffDelayMs(repeats - 1, RETRY);
  }

  toString(): string {
    return `${this.#lists} lists and ${this.#shortWatches} short watches`;
  }
}
