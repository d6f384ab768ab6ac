import { expect, it } from 'vitest';
import { knownOfAll, UNWATCHED_MS } from './unwatched.js';

const NOW_MS = Date.UTC(2026, 0, 31, 12);
const LONG_AGO_MS = NOW_MS - UNWATCHED_MS - 1;

it.each<[string, Record<string, number>, number | undefined, string[], string | null]>([
  ['nothing is counted yet', {}, undefined, [], null],
  ['all are watched', { a: NOW_MS - 5, b: NOW_MS - UNWATCHED_MS }, NOW_MS - UNWATCHED_MS, ['a', 'b'], null],
  [
    'one is not watched any more',
    { a: NOW_MS - 5, dead: LONG_AGO_MS, b: NOW_MS - 9 },
    NOW_MS - 9,
    ['a', 'b'],
    'cluster dead is not watched since 2026-01-24 11:59 UTC',
  ],
  ['none is watched', { a: LONG_AGO_MS - 1, b: LONG_AGO_MS }, LONG_AGO_MS - 1, ['a', 'b'], null],
])('of all clusters together, when %s', (_when, times, untilMs, watched, unwatched) => {
  expect(knownOfAll(new Map(Object.entries(times)), NOW_MS)).toEqual({
    untilMs,
    watched: new Set(watched),
    unwatched,
  });
});
