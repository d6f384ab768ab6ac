import { expect, test } from 'vitest';
import type { Entry } from './entry.js';
import { maintenanceOf, mutingAt, nextChangeMs, nextMutingChangeMs, phaseOf } from './muting.js';

const entry = (fromMs?: number, toMs?: number, changes: Partial<Entry> = {}): Entry => ({
  id: 'one',
  kind: 'maintenance',
  title: '',
  text: '',
  fromMs,
  toMs,
  lights: undefined,
  ...changes,
});

test.each<[string, Entry, number, string]>([
  ['before it', entry(10, 20), 9, 'planned'],
  ['in its first moment', entry(10, 20), 10, 'now'],
  ['in its last moment', entry(10, 20), 19, 'now'],
  ['at its end', entry(10, 20), 20, 'over'],
  ['without a beginning', entry(undefined, 20), -5, 'now'],
  ['without an end', entry(10), 1e15, 'now'],
])('%s, an entry is what it should be', (_when, one, nowMs, phase) => {
  expect(phaseOf(one, nowMs)).toBe(phase);
});

const writes = entry(10, 20, { lights: ['queue/write'] });
const reads = entry(15, 30, { lights: ['queue/read', 'queue/write'] });

test.each<[string, Entry[], number, string[], boolean]>([
  ['nothing is planned', [], 15, [], false],
  ['it is not yet time', [writes], 9, [], false],
  ['it is over', [writes], 20, [], false],
  ['one light is meant', [writes], 10, ['queue/write'], false],
  ['two windows overlap', [writes, reads], 16, ['queue/write', 'queue/read'], false],
  [
    'all lights are meant',
    [entry(10, 20)],
    10,
    ['kubernetes', 'queue/write', 'queue/read', 'log', 'ledger'],
    true,
  ],
  ['it is an announcement', [entry(10, 20, { kind: 'announcement' })], 15, [], false],
])('where %s, alerts are muted about the right lights', (_what, entries, nowMs, lights, workloads) => {
  const muting = mutingAt(entries, nowMs);
  expect([...muting.lights]).toEqual(lights);
  expect(muting.workloads).toBe(workloads);
});

test.each<[number, number | undefined]>([
  [0, 10],
  [10, 15],
  [15, 20],
  [29, 30],
  [30, undefined],
])('after %i ms, the next change is at %s', (nowMs, changeMs) => {
  expect(nextChangeMs([writes, reads], nowMs)).toBe(changeMs);
});

const announced = entry(12, 13, { kind: 'announcement' });

test.each<[string, Entry[], number, number | undefined]>([
  ['an announcement begins and ends within it', [writes, announced], 11, 20],
  ['a window of more lights begins', [writes, reads], 11, 15],
  [
    'another window of the same lights ends later',
    [writes, entry(5, 30, { lights: ['queue/write'] })],
    11,
    30,
  ],
  [
    'a window of the same lights follows at once',
    [writes, entry(20, 25, { lights: ['queue/write'] })],
    11,
    25,
  ],
  ['a window is planned after a break', [writes, entry(22, 25)], 11, 20],
  ['nothing is planned', [], 11, undefined],
])('where %s, what is muted changes at the right time', (_what, entries, nowMs, changeMs) => {
  expect(nextMutingChangeMs(entries, nowMs)).toBe(changeMs);
});

test('of two windows, a light is said to be in the one that ends last', () => {
  expect(maintenanceOf([reads, writes], 'queue/write', 16)).toBe(reads);
  expect(maintenanceOf([reads, writes], 'log', 16)).toBeUndefined();
});
