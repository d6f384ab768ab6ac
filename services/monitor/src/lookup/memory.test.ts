import { expect, test } from 'vitest';
import { createMemory, createMoment, type Moment } from './memory.js';

const COVERAGE = {
  cluster: 'default',
  knownUntilMs: 1_000,
  completeFromMs: Number.NEGATIVE_INFINITY,
  namespaces: null,
  ignored: [],
};
const GAP = { cluster: 'default', startedAt: new Date(100), endedAt: new Date(200), reason: 'restarted' };

test('what the ledger covers is used for a second, and read again before, with the gaps of the days that were asked about', () => {
  const clock = { ms: 10_000 };
  const { recent } = createMemory(() => clock.ms);
  expect([recent.current(), recent.isDue(), recent.daysAsked()]).toEqual([undefined, true, []]);
  const moment = createMoment([COVERAGE], clock.ms);
  recent.keep(moment);
  for (const day of [7, 8, 7]) moment.gapsOf(day);
  expect([recent.current(), recent.isDue(), recent.daysAsked()]).toEqual([moment, false, [7, 8]]);
  clock.ms += 501;
  expect([recent.current(), recent.isDue()]).toEqual([moment, true]);
  for (let day = 0; day < 100; day += 1) moment.gapsOf(day);
  expect(recent.daysAsked()).toHaveLength(31);
  clock.ms += 500;
  expect([recent.current(), recent.daysAsked()]).toEqual([undefined, []]);
});

test('gaps are used with the coverage with which they were read, and no earlier one replaces a later one', () => {
  const { recent } = createMemory(() => 0);
  const [older, newer] = [1, 2].map((askedMs) => createMoment([COVERAGE], askedMs)) as [Moment, Moment];
  recent.keep(newer);
  newer.keepGaps(0, [GAP]);
  older.keepGaps(0, []);
  recent.keep(older);
  expect(recent.current()?.gapsOf(0)).toEqual([GAP]);
});
