import { expect, test } from 'vitest';
import { watchedMs } from './watched.js';

const run = (fromMs: number, toMs: number) => ({ fromMs, toMs });

test.each([
  ['all runs since then', [run(0, 10), run(15, 20), run(30, 30)], 5, 10],
  ['nothing before an interruption that was too long', [run(0, 10), run(21, 30)], 0, 9],
  ['nothing of a clock that was set far back', [run(1_000, 1_010), run(21, 30)], 0, 9],
  ['nothing when the last run began later', [run(0, 10), run(15, 15)], 12, 0],
  ['nothing without runs', [], 0, 0],
])('what was watched is %s', (_what, runs, sinceMs, expected) => {
  expect(watchedMs(runs, sinceMs, 10)).toBe(expected);
});
