import { beforeEach, expect, it } from 'vitest';
import { SAME_CLOCK, UNKNOWN_CLOCK } from './clock-bounds.js';
import { NO_TIMES } from './leases.test.helpers.js';
import { type EventSource, Observer } from './observer.js';
import { pod } from './pod-changes.test.helpers.js';
import type { PodTimes } from './pod-times.js';

const T0 = Date.parse('2026-11-20T14:00:00.000Z');
const clock = { serverClock: SAME_CLOCK };
let observer: Observer;
beforeEach(() => {
  clock.serverClock = SAME_CLOCK;
  observer = new Observer(clock, new Date(T0 - 3_600_000));
});

function see(atMs: number, times: Partial<PodTimes>, more: Partial<EventSource> = {}) {
  const seen = observer.event({
    type: 'modified',
    pod: pod(1, { times: { ...NO_TIMES, ...times } }),
    previous: undefined,
    observedAt: new Date(T0 + atMs),
    isCaughtUp: true,
    ...more,
  });
  observer.accepted(seen);
  return seen;
}
/** Written so many milliseconds after T0, as the API server says it: by the second. */
const written = (ms: number) => ({ writtenAt: Math.floor((T0 + ms) / 1_000) });
const NEW = { isCaughtUp: false };

it.each<[string, number, Partial<PodTimes>, Partial<EventSource>, string]>([
  ['was written just now is live', 60_400, written(60_000), {}, 'live'],
  ['was written just now is live also in a new watch', 60_400, written(60_000), NEW, 'live'],
  ['was written some seconds ago is of the past, in a new watch', 63_000, written(60_000), NEW, 'replayed'],
  [
    'was written some seconds ago is of the past also in a watch that is slow',
    63_000,
    written(60_000),
    {},
    'replayed',
  ],
  ['says nothing of its write is live in a watch that is caught up', 60_000, {}, {}, 'live'],
  ['says nothing of its write is of the past in a new watch', 60_000, {}, NEW, 'replayed'],
  [
    'deletes a pod that was written long ago is live in a watch that is caught up',
    60_000,
    written(0),
    { type: 'deleted' },
    'live',
  ],
])('an event that %s', (_, atMs, times, more, how) => {
  expect(see(atMs, times, more).sight.how).toBe(how);
});

it('an event without a time of its own is live right after one that is', () => {
  see(60_000, written(60_000), NEW);
  expect(see(60_100, {}, NEW).sight.how).toBe('live');
});

it('where the clock of the API server is unknown, the bookmark decides', () => {
  clock.serverClock = UNKNOWN_CLOCK;
  expect(see(63_000, written(60_000)).sight.how).toBe('live');
  expect(see(63_000, written(60_000), NEW).sight.how).toBe('replayed');
});

it('an event was written after the one before it, unless the clock was set in between', () => {
  see(60_400, written(60_000));
  expect(see(60_500, {}).sight.after).toBe(T0 + 60_000);
  observer.startAfter(undefined);
  expect(see(60_600, {}).sight.after).toBe(Number.NEGATIVE_INFINITY);
});

it('one that was not accepted bounds nothing', () => {
  const source = { type: 'modified', previous: undefined, isCaughtUp: true } as const;
  const times = { ...NO_TIMES, ...written(60_000) };
  observer.event({ ...source, pod: pod(1, { times }), observedAt: new Date(T0 + 60_400) });
  expect(see(60_500, {}).sight.after).toBe(T0 - 3_600_000);
});

it('learns the clock of a node from what its kubelet wrote just now, by the clock of the API server', () => {
  const second = Math.floor(T0 / 1_000);
  const times = { scheduledAt: second, acceptedAt: second + 100, kubeletNewest: second + 101 };
  see(2_000, { ...times, ...written(1_000) });
  expect(see(2_000, {}).sight.nodeClock).toMatchObject({ mostMs: Number.POSITIVE_INFINITY });
  see(2_000, { ...times, ...written(1_000), kubeletWroteAt: second + 1 });
  expect(see(2_000, {}).sight.nodeClock).toEqual({ leastMs: 99_000, mostMs: 101_000 });
  clock.serverClock = { leastMs: 5_000, mostMs: 5_100 };
  expect(see(2_000, {}).sight.nodeClock).toEqual({ leastMs: 104_000, mostMs: 106_100 });
});
