import { setTimeout as sleep } from 'node:timers/promises';

export interface BackoffLimits {
  /** Upper bound of the first delay, in milliseconds. */
  readonly baseMs: number;
  /** Upper bound of every delay, in milliseconds. */
  readonly capMs: number;
}

/**
 * Capped exponential backoff with equal jitter: between half of and all of `min(cap, base * 2^attempt)`,
 * so that the clients of a broken server do not all retry at the same time.
 * @param attempt 0 for the first delay
 * @param random returns a number in [0, 1)
 */
export function backoffDelayMs(attempt: number, limits: BackoffLimits, random = Math.random): number {
  const ceilingMs = Math.min(limits.capMs, limits.baseMs * 2 ** Math.min(attempt, 30));
  return ceilingMs / 2 + (random() * ceilingMs) / 2;
}

/** Waits, or returns early (false) when the signal aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
    return true;
  } catch (err) {
    if (signal?.aborted) return false;
    throw err;
  }
}

/** Resolves when the signal aborts, or at once when it has. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
