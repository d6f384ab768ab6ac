/** What is to happen when, on a clock that jumps from one thing to the next. Times in milliseconds since the epoch. */
export class Agenda {
  #nowMs: number;
  /** The next one last. */
  readonly #items: { readonly atMs: number; readonly happen: () => void }[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  at(atMs: number, happen: () => void): void {
    const dueMs = Math.max(atMs, this.#nowMs);
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      // Of two at one time, the one that was noted first is nearer to the end, and happens first.
      if ((this.#items[middle]?.atMs ?? 0) > dueMs) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, { atMs: dueMs, happen });
  }

  after(ms: number, happen: () => void): void {
    this.at(this.#nowMs + ms, happen);
  }

  /** Lets everything happen up to a time, which it is then. */
  runUntil(untilMs: number): void {
    for (
      let next = this.#items.at(-1);
      next !== undefined && next.atMs <= untilMs;
      next = this.#items.at(-1)
    ) {
      this.#items.pop();
      this.#nowMs = next.atMs;
      next.happen();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}
