const WINDOW_MS = 1_000;
const MAX_CLIENTS = 10_000;
const ALL_OTHERS = 'all others';

export interface RateLimitOptions {
  readonly perSecond: number;
  /** Milliseconds of a clock that is never set back: otherwise a clock that is set back would shut out all clients. */
  readonly monotonicMs: () => number;
}

export interface RateLimit {
  /** Counts a request. @returns whether the client may still make it */
  allows(client: string): boolean;
}

/**
 * Counts the requests of each client in each second. It remembers at most 10,000 clients; further ones of the same
 * second share what one client may.
 */
export function createRateLimit({ perSecond, monotonicMs }: RateLimitOptions): RateLimit {
  const counts = new Map<string, number>();
  let startedMs = monotonicMs();
  return {
    allows(client) {
      const nowMs = monotonicMs();
      if (nowMs - startedMs >= WINDOW_MS) {
        counts.clear();
        startedMs = nowMs;
      }
      const counted = counts.has(client) || counts.size < MAX_CLIENTS ? client : ALL_OTHERS;
      const count = (counts.get(counted) ?? 0) + 1;
      counts.set(counted, count);
      return count <= perSecond;
    },
  };
}
