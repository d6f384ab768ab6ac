import { expect, it } from 'vitest';
import { nextOverlapMs, OVERLAP_MS } from './overlap.js';

/** Facts that each of so many looks reads, ten seconds apart, where so many happen in a second. */
function looks(perSecond: (look: number) => number, count: number): { facts: number; overlapMs: number }[] {
  const all: { facts: number; overlapMs: number }[] = [];
  let overlapMs = OVERLAP_MS;
  for (let look = 0; look < count; look += 1) {
    const facts = perSecond(look) * (10 + overlapMs / 1_000);
    overlapMs = nextOverlapMs(overlapMs, facts);
    all.push({ facts, overlapMs });
  }
  return all;
}

it('where little happens, each look begins a quarter of an hour back', () => {
  expect(new Set(looks(() => 5, 20).map(({ overlapMs }) => overlapMs))).toEqual(new Set([OVERLAP_MS]));
});

it.each([100, 1_000])('at %i changes a second a look reads no more than twice what is much', (perSecond) => {
  const settled = looks(() => perSecond, 30).slice(10);
  expect(Math.max(...settled.map(({ facts }) => facts))).toBeLessThanOrEqual(40_000);
});

it('begins as far back as before when a burst is over', () => {
  const after = looks((look) => (look < 10 ? 1_000 : 1), 30).at(-1);
  expect(after?.overlapMs).toBe(OVERLAP_MS);
});
