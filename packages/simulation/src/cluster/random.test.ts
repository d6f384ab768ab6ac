import { expect, it } from 'vitest';
import { createRandom } from './random.js';

it('gives the same values for the same seed, also for 0', () => {
  for (const seed of [0, 1, 2 ** 31]) {
    const [a, b] = [createRandom(seed), createRandom(seed)];
    expect(Array.from({ length: 20 }, () => a.next())).toEqual(Array.from({ length: 20 }, () => b.next()));
  }
});

it('spreads its values evenly enough for a simulation', () => {
  const random = createRandom(1);
  const counts = Array<number>(10).fill(0);
  for (let draw = 0; draw < 10_000; draw += 1) {
    const value = random.integer(10);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

it('makes version 4 UUIDs, each only once', () => {
  const random = createRandom(1);
  const uuids = Array.from({ length: 10_000 }, () => random.uuid());
  expect(new Set(uuids).size).toBe(10_000);
  expect(uuids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('picks from what there is', () => {
  expect(createRandom(1).pick(['only'])).toBe('only');
  expect(() => createRandom(1).pick([])).toThrow(RangeError);
});
