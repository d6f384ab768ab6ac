import { describe, expect, it } from 'vitest';
import { backoffDelayMs, pause } from './backoff.js';

const LIMITS = { baseMs: 100, capMs: 1_000 };

describe('backoffDelayMs', () => {
  it('doubles up to its cap', () => {
    const longest = [0, 1, 2, 3, 4, 5, 1_000].map((attempt) => backoffDelayMs(attempt, LIMITS, () => 1));
    expect(longest).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000]);
  });

  it('is spread over the upper half', () => {
    expect(backoffDelayMs(0, LIMITS, () => 0)).toBe(50);
    expect(backoffDelayMs(0, LIMITS, () => 0.5)).toBe(75);
  });
});

describe('pause', () => {
  it('says whether it was interrupted', async () => {
    expect(await pause(1)).toBe(true);
    expect(await pause(60_000, AbortSignal.abort())).toBe(false);
    const stopping = new AbortController();
    const waiting = pause(60_000, stopping.signal);
    stopping.abort();
    expect(await waiting).toBe(false);
  });
});
