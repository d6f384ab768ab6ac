import type { BoundLease } from '../ledger/verdict.js';
import type { LookupLease } from './conclude.js';

/** All leases of an address that matter for the times of a window, as they were at one moment. */
export interface WindowLeases {
  /** Undefined: too many to be kept. */
  readonly leases: readonly BoundLease<LookupLease>[] | undefined;
  /** Up to then they were known, in milliseconds since the epoch. */
  readonly knownUntilMs: number;
}

/** The leases of windows that were read lately: lines of a log ask about the same address again and again. */
export interface LeaseCache {
  /** @param toMs the last time that is asked about; later changes are not in a window that was read before them */
  get(key: string, toMs: number): WindowLeases | undefined;
  set(key: string, window: WindowLeases): void;
}

export interface LeaseCacheOptions {
  /** Most leases and windows in all. */
  readonly maxSize: number;
  /** How long a window is used. */
  readonly maxAgeMs: number;
  readonly monotonicMs: () => number;
}

interface Kept {
  readonly window: WindowLeases;
  readonly untilMs: number;
}

/** A cache in two halves: when the newer one is full, the older one is forgotten. */
export function createLeaseCache({ maxSize, maxAgeMs, monotonicMs }: LeaseCacheOptions): LeaseCache {
  let newer = new Map<string, Kept>();
  let older = new Map<string, Kept>();
  let size = 0;
  return {
    get(key, toMs) {
      const kept = newer.get(key) ?? older.get(key);
      if (kept === undefined || kept.untilMs < monotonicMs()) return undefined;
      return toMs <= kept.window.knownUntilMs ? kept.window : undefined;
    },
    set(key, window) {
      newer.set(key, { window, untilMs: monotonicMs() + maxAgeMs });
      size += 1 + (window.leases?.length ?? 0);
      if (size < maxSize / 2) return;
      older = newer;
      newer = new Map();
      size = 0;
    },
  };
}
