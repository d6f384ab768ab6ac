/** Far more than a cluster has; beyond it they are kept anew. */
const MAX_KEPT = 50_000;

/**
 * Values that many pods have: each is kept once, so that none of them takes memory for it.
 * @param keyOf tells different values apart
 */
export class SharedValues<T> {
  readonly #kept = new Map<string, T>();
  readonly #keyOf: (value: T) => string;

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf;
  }

  /** The value that was kept first of those that are the same. */
  of(value: T): T {
    const key = this.#keyOf(value);
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(key, value);
    return value;
  }
}

const texts = new SharedValues<string>((text) => text);

/** The name of something that many pods have. */
export const sharedText = (text: string): string => texts.of(text);
