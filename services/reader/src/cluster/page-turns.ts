import { BodyBuffer } from './body-buffer.js';

/** Lets so many pages be read at the same time, and the rest in the order in which they came, all into the same memory. */
export class PageTurns {
  readonly #waiting: (() => void)[] = [];
  /** Memory that no page is read into now. */
  readonly #unused: BodyBuffer[] = [];
  #free: number;
  #lists = 0;

  constructor(most: number) {
    this.#free = most;
  }

  /** A list begins. The memory is kept from page to page, until no list is under way. */
  list(): Disposable {
    this.#lists += 1;
    return {
      [Symbol.dispose]: () => {
        this.#lists -= 1;
        if (this.#lists === 0) this.#unused.length = 0;
      },
    };
  }

  /** @param work reads a page of a list; what it results in must not point into the memory */
  async run<T>(work: (memory: BodyBuffer) => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const memory = this.#unused.pop() ?? new BodyBuffer();
    try {
      return await work(memory);
    } finally {
      this.#unused.push(memory);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
