import { createLogger, OPERATIONS } from '@podips/shared';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { heartbeat, LIMIT_MS, memoryStore, NOW_MS } from '../http/app.test.helpers.js';
import { createAttention } from './attention.js';
import { answerOf } from './lights.js';
import type { Heartbeat } from './statuses.js';
import { createTracker, type TrackerOptions, type Transition } from './tracker.js';

const log = createLogger('monitor', 'silent');

beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A tracker over a store with the given heartbeats, and its transitions. */
function follow(heartbeats: readonly Heartbeat[], options: Partial<TrackerOptions> = {}) {
  const tracker = createTracker({
    store: memoryStore(heartbeats),
    now: Date.now,
    ageLimitMs: LIMIT_MS,
    log,
    ...options,
  });
  const transitions: Transition[] = [];
  tracker.onTransition((transition) => transitions.push(transition));
  return { tracker, transitions };
}

const lightChanges = (transitions: readonly Transition[]) =>
  transitions.map(({ from, to }) => `${from}-${to}`);
const now = (changes: Partial<Heartbeat> = {}) => heartbeat('log', { receivedAtMs: Date.now(), ...changes });

test('a heartbeat makes a transition at once, and only one', () => {
  const { tracker, transitions } = follow([]);
  const [good, bad] = [now(), now({ code: 503, message: 'refused' })];
  tracker.receive(good);
  tracker.receive(now());
  tracker.receive(bad);
  tracker.receive(now({ code: 500 }));
  expect(transitions).toEqual([
    { operation: 'log', from: 'grey', to: 'green', atMs: NOW_MS, heartbeat: good },
    { operation: 'log', from: 'green', to: 'red', atMs: NOW_MS, heartbeat: bad },
  ]);
  expect(tracker.states().log).toEqual({
    light: 'red',
    sinceMs: NOW_MS,
    heartbeat: now({ code: 500 }),
    ageMs: 0,
  });
  expect(tracker.states().kubernetes).toEqual({
    light: 'grey',
    sinceMs: undefined,
    heartbeat: undefined,
    ageMs: 0,
  });
});

test('a light becomes yellow in the moment in which the last heartbeat is too old', () => {
  const { tracker, transitions } = follow([]);
  tracker.receive(now());
  vi.advanceTimersByTime(LIMIT_MS);
  expect(tracker.states().log.light).toBe('green');
  vi.advanceTimersByTime(1);
  expect(transitions.at(-1)).toMatchObject({ from: 'green', to: 'yellow', atMs: NOW_MS + LIMIT_MS });
  tracker.receive(now());
  expect(transitions.at(-1)).toMatchObject({ from: 'yellow', to: 'green', atMs: NOW_MS + LIMIT_MS + 1 });
});

test('heartbeats that keep coming keep the light green', () => {
  const { tracker, transitions } = follow([]);
  for (let count = 0; count < 100; count += 1) {
    tracker.receive(now());
    vi.advanceTimersByTime(LIMIT_MS);
  }
  expect(lightChanges(transitions)).toEqual(['grey-green']);
});

test('a light that is red stays red, however long nothing comes', () => {
  const { tracker, transitions } = follow([]);
  tracker.receive(now({ code: 500 }));
  vi.advanceTimersByTime(LIMIT_MS * 100);
  expect(lightChanges(transitions)).toEqual(['grey-red']);
});

test('each operation has an age of its own', () => {
  const { tracker, transitions } = follow([]);
  tracker.receive(heartbeat('kubernetes'));
  vi.advanceTimersByTime(LIMIT_MS / 2);
  tracker.receive(heartbeat('log', { receivedAtMs: Date.now() }));
  vi.advanceTimersByTime(LIMIT_MS / 2 + 1);
  expect(transitions.filter(({ to }) => to === 'yellow').map(({ operation }) => operation)).toEqual([
    'kubernetes',
  ]);
  vi.advanceTimersByTime(LIMIT_MS / 2);
  expect(transitions.at(-1)).toMatchObject({ operation: 'log', to: 'yellow' });
});

test.each([
  ['set back', NOW_MS - 3_600_000],
  ['set ahead', NOW_MS + 3_600_000],
])('a clock that is %s makes no transition', (_how, otherMs) => {
  const { tracker, transitions } = follow([]);
  tracker.receive(now());
  vi.advanceTimersByTime(LIMIT_MS / 2);
  vi.setSystemTime(otherMs);
  vi.advanceTimersByTime(LIMIT_MS / 2);
  tracker.receive(now());
  vi.advanceTimersByTime(LIMIT_MS);
  expect(lightChanges(transitions)).toEqual(['grey-green']);
  vi.advanceTimersByTime(1);
  expect(lightChanges(transitions)).toEqual(['grey-green', 'green-yellow']);
});

test('while the clock is wrong, lights and answers agree', () => {
  const { tracker } = follow([]);
  for (const operation of OPERATIONS) tracker.receive(heartbeat(operation));
  vi.setSystemTime(NOW_MS + 3_600_000);
  const states = tracker.states();
  expect(Object.values(states).map(({ light }) => light)).toEqual(Array(4).fill('green'));
  expect(answerOf('all', states, LIMIT_MS)).toBe('success');
});

test('no transition is dated in the future', () => {
  const { tracker, transitions } = follow([]);
  tracker.receive(now());
  vi.setSystemTime(NOW_MS - 3_600_000);
  vi.advanceTimersByTime(LIMIT_MS + 1);
  expect(transitions.at(-1)).toMatchObject({ to: 'yellow', atMs: Date.now() });
});

test('lights begin as the store says, and age from there', () => {
  const { tracker, transitions } = follow([
    heartbeat('kubernetes', { receivedAtMs: NOW_MS - LIMIT_MS + 1_000 }),
    heartbeat('queue/write', { receivedAtMs: NOW_MS - LIMIT_MS - 1 }),
    heartbeat('queue/read', { code: 500 }),
    heartbeat('log', { receivedAtMs: NOW_MS + LIMIT_MS + 1 }),
  ]);
  expect(Object.values(tracker.states()).map(({ light }) => light)).toEqual([
    'green',
    'yellow',
    'red',
    'yellow',
  ]);
  vi.advanceTimersByTime(1_001);
  expect(transitions.map(({ operation, to }) => `${operation} ${to}`)).toEqual(['kubernetes yellow']);
});

test('changes while no monitor was running are transitions after the start, with their own time', () => {
  const { tracker, transitions } = follow([heartbeat('log', { receivedAtMs: NOW_MS - 3 * LIMIT_MS })], {
    before: (operation) => (operation === 'log' ? { light: 'green', sinceMs: 7 } : undefined),
  });
  expect(tracker.states().log).toMatchObject({ light: 'green', sinceMs: 7 });
  vi.advanceTimersByTime(1);
  expect(transitions).toMatchObject([
    { operation: 'log', from: 'green', to: 'yellow', atMs: NOW_MS - 2 * LIMIT_MS },
  ]);
});

test('no transition is dated before the one before it, however old the heartbeat that was saved', () => {
  const { transitions } = follow([heartbeat('log', { code: 500, receivedAtMs: NOW_MS - 3 * LIMIT_MS })], {
    before: () => ({ light: 'yellow', sinceMs: NOW_MS - 1_000 }),
  });
  vi.advanceTimersByTime(1);
  expect(transitions.filter(({ operation }) => operation === 'log')).toMatchObject([
    { from: 'yellow', to: 'red', atMs: NOW_MS - 1_000 },
  ]);
});

test('what was overdue ends when that ends, not with the heartbeat before it', () => {
  let isOverdue: boolean | undefined = false;
  const { tracker, transitions } = follow([], { isOverdue: (id) => id === 'log' && isOverdue });
  tracker.receive(now());
  for (const [afterMs, known] of [
    [40_000, true],
    [100_000, undefined],
    [100_000, false],
  ] as const) {
    vi.advanceTimersByTime(afterMs);
    isOverdue = known;
    tracker.check();
  }
  expect(transitions.slice(1)).toMatchObject([
    { from: 'green', to: 'yellow', atMs: NOW_MS + 40_000 },
    { from: 'yellow', to: 'green', atMs: NOW_MS + 240_000 },
  ]);
});

test.each<[string, boolean | undefined, (tracker: ReturnType<typeof follow>['tracker']) => void]>([
  ['a heartbeat', undefined, (tracker) => tracker.receive(now())],
  ['a report', false, (tracker) => tracker.check()],
])('after a restart, what was overdue stays so until %s says more', (_what, known, end) => {
  let isOverdue: boolean | undefined;
  const { tracker, transitions } = follow([heartbeat('log', { receivedAtMs: NOW_MS - 60_000 })], {
    before: (id) => (id === 'log' ? { light: 'yellow', sinceMs: NOW_MS - 20_000 } : undefined),
    isOverdue: () => isOverdue,
  });
  vi.advanceTimersByTime(30_000);
  tracker.check();
  expect(transitions).toEqual([]);
  isOverdue = known;
  end(tracker);
  expect(transitions).toMatchObject([{ from: 'yellow', to: 'green', atMs: NOW_MS + 30_000 }]);
});

test('a light that has not changed since an earlier run continues', () => {
  const { tracker, transitions } = follow([heartbeat('log', { code: 500 })], {
    before: (operation) => (operation === 'log' ? { light: 'red', sinceMs: 7 } : undefined),
  });
  vi.advanceTimersByTime(LIMIT_MS * 2);
  expect(transitions).toEqual([]);
  expect(tracker.states().log).toMatchObject({ light: 'red', sinceMs: 7 });
});

test('a store that knows more than the history is transitions as news', () => {
  const { transitions } = follow([heartbeat('log', { receivedAtMs: NOW_MS - 1_000 })], {
    before: () => undefined,
  });
  vi.advanceTimersByTime(1);
  expect(transitions).toMatchObject([{ from: 'grey', to: 'green', atMs: NOW_MS - 1_000 }]);
});

test('a listener that throws is logged and harms no other', () => {
  const error = vi.spyOn(log, 'error');
  const tracker = createTracker({ store: memoryStore(), now: Date.now, ageLimitMs: LIMIT_MS, log });
  const transitions = vi.fn();
  tracker.onTransition(() => {
    throw new Error('broken');
  });
  tracker.onTransition(transitions);
  tracker.receive(now());
  expect(transitions).toHaveBeenCalledTimes(1);
  expect(error).toHaveBeenCalledTimes(1);
});

test('a tracker that is stopped waits for nothing', () => {
  const { tracker, transitions } = follow([heartbeat('log')]);
  tracker.stop();
  vi.advanceTimersByTime(LIMIT_MS * 2);
  tracker.receive(now({ receivedAtMs: NOW_MS }));
  expect(vi.getTimerCount()).toBe(0);
  expect(transitions).toEqual([]);
});

/** A tracker whose monitor can stand still; its monotonic clock is that of the process. */
function followWithPauses(heartbeats: readonly Heartbeat[] = [], options: Partial<TrackerOptions> = {}) {
  let pausedMs = 0;
  const clocks = { now: () => Date.now() + pausedMs, monotonicMs: () => performance.now() + pausedMs };
  const attention = createAttention(clocks);
  onTestFinished(() => attention.stop());
  const followed = follow(heartbeats, { ...clocks, ...options, attention });
  const beat = (code: number) => now({ code, receivedAtMs: clocks.now() });
  const standStill = (ms: number) => {
    pausedMs += ms;
  };
  return { ...followed, ...clocks, beat, standStill };
}

test('after the monitor stood still, no light is broken before its reports had their usual time', () => {
  const { tracker, transitions, beat, standStill, now: nowMs } = followWithPauses();
  tracker.receive(beat(200));
  vi.advanceTimersByTime(10_000);
  standStill(10 * LIMIT_MS);
  const wokenMs = nowMs();
  expect(tracker.states().log).toMatchObject({ light: 'grey', sinceMs: wokenMs });
  vi.advanceTimersByTime(LIMIT_MS);
  expect(lightChanges(transitions)).toEqual(['grey-green', 'green-grey']);
  vi.advanceTimersByTime(1);
  expect(transitions.at(-1)).toMatchObject({ to: 'yellow', atMs: wokenMs + LIMIT_MS + 1 });
});

test.each([
  [200, 'green'],
  [503, 'red'],
])('after the monitor stood still, the next report of %d makes the light %s at its own time', (code, to) => {
  const { tracker, transitions, beat, standStill, now: nowMs } = followWithPauses();
  tracker.receive(beat(503));
  standStill(10 * LIMIT_MS);
  tracker.check();
  vi.advanceTimersByTime(3_000);
  tracker.receive(beat(code));
  expect(transitions.slice(1)).toMatchObject([
    { from: 'red', to: 'grey', atMs: nowMs() - 3_000 },
    { from: 'grey', to, atMs: nowMs() },
  ]);
});

test('silence that was watched stays known when the monitor stands still for a moment', () => {
  const { tracker, transitions, beat, standStill } = followWithPauses();
  tracker.receive(beat(200));
  vi.advanceTimersByTime(LIMIT_MS + 1);
  standStill(11_000);
  tracker.check();
  expect(lightChanges(transitions)).toEqual(['grey-green', 'green-yellow']);
  standStill(3 * LIMIT_MS);
  tracker.check();
  expect(tracker.states().log.light).toBe('grey');
});

test('a monitor that stands still again and again concludes from silence after twice the age limit', () => {
  const { tracker, transitions, beat, standStill } = followWithPauses();
  tracker.receive(beat(200));
  const listen = (ms: number) => {
    vi.advanceTimersByTime(ms);
    standStill(LIMIT_MS);
    tracker.check();
  };
  for (let piece = 0; piece < 3; piece += 1) listen(0.6 * LIMIT_MS);
  vi.advanceTimersByTime(0.2 * LIMIT_MS);
  expect(lightChanges(transitions)).toEqual(['grey-green', 'green-grey']);
  vi.advanceTimersByTime(1);
  expect(lightChanges(transitions)).toEqual(['grey-green', 'green-grey', 'grey-yellow']);
});

test.each([
  [503, 'green'],
  [200, 'red'],
])('a report of %d that waited while the monitor stood still is not taken for a new one', (late, before) => {
  const { tracker, beat, standStill } = followWithPauses();
  tracker.receive(beat(before === 'green' ? 200 : 503));
  standStill(10 * LIMIT_MS);
  tracker.receive(beat(late));
  expect(tracker.states().log.light).toBe('grey');
});

test.each([
  [200, 'success'],
  [503, 'fail'],
])(
  'a report of %d that waited while the monitor stood still is stored, so that /podips answers %s',
  (late, answer) => {
    const { tracker, beat, standStill } = followWithPauses();
    const heartbeats = vi.fn();
    tracker.onHeartbeat(heartbeats);
    for (const operation of OPERATIONS) tracker.receive({ ...beat(200), operation });
    standStill(2 * LIMIT_MS);
    for (const operation of OPERATIONS) tracker.receive({ ...beat(late), operation });
    expect(answerOf('all', tracker.states(), LIMIT_MS)).toBe(answer);
    expect(heartbeats).toHaveBeenCalledTimes(2 * OPERATIONS.length);
  },
);

test.each([
  [200, LIMIT_MS, 'green'],
  [503, LIMIT_MS, 'red'],
  [200, LIMIT_MS + 1, 'grey'],
])(
  'a report of %d that waited is as old as the standstill: after %d ms the light is %s',
  (late, ms, light) => {
    const { tracker, beat, standStill } = followWithPauses();
    tracker.receive(beat(200));
    vi.advanceTimersByTime(LIMIT_MS + 2_000);
    expect(tracker.states().log.light).toBe('yellow');
    standStill(ms);
    tracker.receive(beat(late));
    expect(tracker.states().log.light).toBe(light);
  },
);

test('a standstill that is shorter than the age limit changes no light', () => {
  const { tracker, transitions, beat, standStill } = followWithPauses();
  tracker.receive(beat(200));
  standStill(LIMIT_MS - 4_000);
  vi.advanceTimersByTime(3_000);
  tracker.receive(beat(200));
  expect(lightChanges(transitions)).toEqual(['grey-green']);
});

test('a machine whose monotonic clock stood still with it is noticed by the wall clock', () => {
  const attention = createAttention({ now: Date.now });
  onTestFinished(() => attention.stop());
  const { tracker } = follow([], { attention });
  tracker.receive(now());
  vi.setSystemTime(NOW_MS + 3_600_000);
  vi.advanceTimersByTime(2_000);
  expect(tracker.states().log.light).toBe('grey');
});

test('after a restart, silence counts from the start of the monitor on', () => {
  const { transitions } = followWithPauses([heartbeat('log', { receivedAtMs: NOW_MS - 2 * LIMIT_MS })], {
    before: (id) => (id === 'log' ? { light: 'green', sinceMs: 7 } : undefined),
  });
  vi.advanceTimersByTime(LIMIT_MS + 1);
  expect(transitions).toMatchObject([
    { from: 'green', to: 'grey', atMs: NOW_MS },
    { from: 'grey', to: 'yellow', atMs: NOW_MS + LIMIT_MS + 1 },
  ]);
});

test.each([
  ['yellow', 1, 'yellow'],
  ['grey', 2 * LIMIT_MS + 1, 'yellow'],
  ['red', 2 * LIMIT_MS + 1, 'red'],
  ['yellow', 0, 'grey'],
  ['grey', LIMIT_MS, 'grey'],
] as const)(
  'after a restart, a light that was %s and of whose silence %d ms were watched is %s',
  (light, watchedMs, to) => {
    const code = light === 'red' ? 503 : 200;
    const { tracker } = followWithPauses([heartbeat('log', { code, receivedAtMs: NOW_MS - 9 * LIMIT_MS })], {
      before: (id) => (id === 'log' ? { light, sinceMs: NOW_MS - 8 * LIMIT_MS } : undefined),
      watchedMs: () => watchedMs,
    });
    vi.advanceTimersByTime(1);
    expect(tracker.states().log.light).toBe(to);
  },
);
