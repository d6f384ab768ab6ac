import { expect, test } from 'vitest';
import { createTimedCache } from './timed-cache.js';

const read = (knownUntilMs = 1_000) => ({ knownUntilMs });

function cacheAt(clock: { ms: number }, maxSize = 100) {
  return createTimedCache({ maxSize, maxAgeMs: 30_000, monotonicMs: () => clock.ms });
}

test('what was read is used for a while, and for times that were known when it was read', () => {
  const clock = { ms: 0 };
  const cache = cacheAt(clock);
  const kept = read();
  cache.set('a', kept, 1);
  expect(cache.get('a', 1_000)).toBe(kept);
  expect(cache.get('a', 1_001)).toBeUndefined();
  expect(cache.get('b', 1_000)).toBeUndefined();
  clock.ms = 30_001;
  expect(cache.get('a', 1_000)).toBeUndefined();
});

test('beyond its size the oldest is forgotten', () => {
  const cache = cacheAt({ ms: 0 }, 20);
  for (let n = 0; n < 100; n += 1) cache.set(`${n}`, read(), 2);
  const kept = Array.from({ length: 100 }, (_, n) => n).filter((n) => cache.get(`${n}`, 0));
  expect(kept).toContain(99);
  expect(kept.length).toBeLessThanOrEqual(10);
});
