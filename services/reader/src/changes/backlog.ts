/** The part of the log that one cursor has not passed, with the sum of what its entries weigh. */
export class Backlog<T extends { readonly number: number }> {
  readonly #weigh: (entry: T) => number;
  #entries: T[] = [];
  #weight = 0;

  constructor(weigh: (entry: T) => number) {
    this.#weigh = weigh;
  }

  get weight(): number {
    return this.#weight;
  }

  get oldest(): T | undefined {
    return this.#entries[0];
  }

  get newest(): T | undefined {
    return this.#entries.at(-1);
  }

  push(entry: T): void {
    this.#entries.push(entry);
    this.#weight += this.#weigh(entry);
  }

  replaceNewest(entry: T): void {
    const replaced = this.#entries.pop();
    if (replaced) this.#weight -= this.#weigh(replaced);
    this.push(entry);
  }

  upTo(number: number): T[] {
    return this.#entries.slice(0, this.#countUpTo(number));
  }

  *after(number: number): Generator<T> {
    for (let index = this.#countUpTo(number); ; index += 1) {
      const entry = this.#entries[index];
      if (entry === undefined) return;
      yield entry;
    }
  }

  removeUpTo(number: number): void {
    for (const entry of this.#entries.splice(0, this.#countUpTo(number))) this.#weight -= this.#weigh(entry);
  }

  /** Entries with this number or a smaller one; by bisection, because a log may be long. */
  #countUpTo(number: number): number {
    let low = 0;
    for (let high = this.#entries.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle]?.number ?? number + 1) <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
