/** What was read of the ledger, as it was at one moment. */
export interface Read {
  /** Up to then all was known at that moment, in milliseconds since the epoch. */
  readonly knownUntilMs: number;
}

/** Keeps what was read lately: lines of a log ask about the same address again and again. */
export interface TimedCache<T extends Read> {
  /** @param toMs the last time that is asked about; later changes are not in what was read before them */
  get(key: string, toMs: number): T | undefined;
  /** @param size how much of the cache it takes */
  set(key: string, value: T, size: number): void;
}

export interface TimedCacheOptions {
  /** The sizes of all that is kept, at most. */
  readonly maxSize: number;
  /** How long it is used. */
  readonly maxAgeMs: number;
  readonly monotonicMs: () => number;
}

interface Kept<T> {
  readonly value: T;
  readonly untilMs: number;
}

/** A cache in two halves: when the newer one is full, the older one is forgotten. */
export function createTimedCache<T extends Read>(options: TimedCacheOptions): TimedCache<T> {
  const { maxSize, maxAgeMs, monotonicMs } = options;
  let newer = new Map<string, Kept<T>>();
  let older = new Map<string, Kept<T>>();
  let filled = 0;
  return {
    get(key, toMs) {
      const kept = newer.get(key) ?? older.get(key);
      if (kept === undefined || toMs > kept.value.knownUntilMs) return undefined;
      return kept.untilMs < monotonicMs() ? undefined : kept.value;
    },
    set(key, value, size) {
      newer.set(key, { value, untilMs: monotonicMs() + maxAgeMs });
      filled += size;
      if (filled < maxSize / 2) return;
      older = newer;
      newer = new Map();
      filled = 0;
    },
  };
}
