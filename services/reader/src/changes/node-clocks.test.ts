import { expect, it } from 'vitest';
import { SAME_CLOCK, UNKNOWN_CLOCK } from './clock-bounds.js';
import { NodeClocks } from './node-clocks.js';
import { projectTimes } from './pod-times.js';
import { recordedVersion, withNodeAhead } from './recording.test.helpers.js';

const NOW = Date.parse('2026-11-26T10:55:30.400Z');
const HOUR_MS = 3_600_000;
const { object } = recordedVersion(
  'web-7f77bb5d89-bs4ln',
  (event) => event.object.status?.podIP !== undefined,
);
const times = projectTimes(object);
/** Accepted ten minutes after its binding, and reported a minute late. */
const late = {
  ...times,
  scheduledAt: (times.acceptedAt ?? 0) - 600,
  kubeletWroteAt: (times.kubeletWroteAt ?? 0) + 60,
};

it('knows the clock of a node by what all of its pods say', () => {
  const clocks = new NodeClocks();
  expect(clocks.of('a', NOW)).toEqual(UNKNOWN_CLOCK);
  clocks.learn('a', late, SAME_CLOCK, NOW);
  expect(clocks.of('a', NOW)).toEqual({ leastMs: -61_000, mostMs: 601_000 });
  clocks.learn('a', times, SAME_CLOCK, NOW);
  clocks.learn('a', late, SAME_CLOCK, NOW);
  expect(clocks.of('a', NOW)).toEqual({ leastMs: -1_000, mostMs: 1_000 });
  expect(clocks.of('b', NOW)).toEqual(UNKNOWN_CLOCK);
});

it('knows it by the clock of the reader', () => {
  const clocks = new NodeClocks();
  clocks.learn('a', times, { leastMs: 5_000, mostMs: 5_100 }, NOW);
  expect(clocks.of('a', NOW)).toEqual({ leastMs: 4_000, mostMs: 6_100 });
});

it('is less sure the longer ago it was', () => {
  const clocks = new NodeClocks();
  clocks.learn('a', times, SAME_CLOCK, NOW);
  expect(clocks.of('a', NOW + HOUR_MS)).toEqual({ leastMs: -2_800, mostMs: 2_800 });
});

it('begins with the newest when the clock was set', () => {
  const clocks = new NodeClocks();
  clocks.learn('a', times, SAME_CLOCK, NOW);
  clocks.learn('a', withNodeAhead(times, 3_600), SAME_CLOCK, NOW);
  expect(clocks.of('a', NOW)).toEqual({ leastMs: HOUR_MS - 1_000, mostMs: HOUR_MS + 1_000 });
});

it('learns nothing from a pod that no kubelet has reported', () => {
  const clocks = new NodeClocks();
  clocks.learn('a', { ...times, kubeletNewest: undefined }, SAME_CLOCK, NOW);
  clocks.learn('', times, SAME_CLOCK, NOW);
  expect(clocks.of('a', NOW)).toEqual(UNKNOWN_CLOCK);
});

it('remembers a limited number of nodes', () => {
  const clocks = new NodeClocks();
  for (let node = 0; node <= 11_000; node += 1) clocks.learn(`node-${node}`, times, SAME_CLOCK, NOW);
  expect(clocks.of('node-0', NOW)).toEqual(UNKNOWN_CLOCK);
  expect(clocks.of('node-1001', NOW)).toEqual({ leastMs: -1_000, mostMs: 1_000 });
});
