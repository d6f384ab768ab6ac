import { expect, test } from 'vitest';
import { createMemory } from './memory.js';

const COVERAGE = {
  cluster: 'default',
  knownUntilMs: 1_000,
  completeFromMs: Number.NEGATIVE_INFINITY,
  namespaces: null,
  ignored: [],
};
const GAP = { cluster: 'default', startedAt: new Date(100), endedAt: new Date(200), reason: 'restarted' };

test('what the ledger covers is used for a second', () => {
  const clock = { ms: 10_000 };
  const { recent } = createMemory(() => clock.ms);
  expect(recent.coverage()).toBeUndefined();
  const coverage = [COVERAGE];
  recent.keep(coverage);
  clock.ms += 1_000;
  expect(recent.coverage()).toBe(coverage);
  clock.ms += 1;
  expect(recent.coverage()).toBeUndefined();
});

test('it is read again before it is too old, with the gaps of the days that were asked about since', () => {
  const clock = { ms: 10_000 };
  const { recent } = createMemory(() => clock.ms);
  expect(recent.isDue()).toBe(true);
  recent.keep([COVERAGE]);
  recent.gapsOf(7);
  recent.gapsOf(8);
  recent.gapsOf(7);
  expect([recent.isDue(), recent.days()]).toEqual([false, [7, 8]]);
  clock.ms += 501;
  expect([recent.isDue(), recent.coverage()]).toEqual([true, [COVERAGE]]);
  recent.keep([COVERAGE]);
  expect([recent.isDue(), recent.days()]).toEqual([false, []]);
  for (let day = 0; day < 100; day += 1) recent.gapsOf(day);
  expect(recent.days()).toHaveLength(31);
});

test('gaps that were read with an older coverage are not used with a newer one, which may have come with a gap', () => {
  const { recent } = createMemory(() => 0);
  const [older, newer] = [[COVERAGE], [{ ...COVERAGE, knownUntilMs: 2_000 }]];
  recent.keep(older);
  recent.keepGaps(older, 0, []);
  expect(recent.gapsOf(0)).toEqual([]);
  recent.keep(newer);
  expect(recent.gapsOf(0)).toBeUndefined();
  recent.keepGaps(older, 0, []);
  expect(recent.gapsOf(0)).toBeUndefined();
  recent.keepGaps(newer, 0, [GAP]);
  expect(recent.gapsOf(0)).toEqual([GAP]);
});
