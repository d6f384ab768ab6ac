import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { heartbeat, LIMIT_MS, memoryHistory, memoryStore, NOW_MS } from '../http/app.test.helpers.js';
import { createTracker } from '../status/tracker.js';
import { catchUp, endLedger } from './catch-up.js';

const log = createLogger('monitor', 'silent');
beforeEach(() => {
  vi.useFakeTimers({ now: NOW_MS });
});
afterEach(() => {
  vi.useRealTimers();
});

const failed = (agoMs: number) =>
  heartbeat('log', { code: 500, message: 'refused', receivedAtMs: NOW_MS - agoMs });
const worked = (agoMs: number) =>
  heartbeat('log', { message: '1 written', receivedAtMs: NOW_MS - agoMs, host: 'node-2' });

/** A history of a light that was red, and green since. */
async function recovered(redAgoMs: number, greenAgoMs: number) {
  const history = await memoryHistory(Date.now);
  const base = { operation: 'log', atMs: NOW_MS - redAgoMs } as const;
  history.record({ ...base, from: 'grey', to: 'red', heartbeat: failed(redAgoMs) });
  const atMs = NOW_MS - greenAgoMs;
  history.record({ ...base, from: 'red', to: 'green', atMs, heartbeat: worked(greenAgoMs) });
  return history;
}

it('restores the heartbeat of a transition after the last one that was saved', async () => {
  const store = memoryStore([failed(3_000), heartbeat('kubernetes')]);
  const history = await recovered(2_000, 1_000);
  const before = history.incidents(10);
  catchUp(store, history, NOW_MS, log);
  expect(store.latest()).toMatchObject({
    log: { code: 200, message: '1 written', receivedAtMs: NOW_MS - 1_000, host: 'unknown' },
    kubernetes: heartbeat('kubernetes'),
  });
  const tracker = createTracker({ store, now: Date.now, ageLimitMs: LIMIT_MS, log, before: history.last });
  onTestFinished(() => tracker.stop());
  tracker.onTransition((transition) => history.record(transition));
  vi.advanceTimersByTime(1);
  expect(tracker.states().log).toMatchObject({ light: 'green', sinceMs: NOW_MS - 1_000 });
  expect(history.incidents(10)).toEqual(before);
  expect(before).toHaveLength(1);
});

it.each([
  ['newer', [failed(500)], 2_000, 1_000],
  ['of the same time', [failed(1_000)], 2_000, 1_000],
  ['of the same light', [heartbeat('log', { receivedAtMs: NOW_MS - 3_000 })], 2_000, 1_000],
  ['older than what a clock that was wrong had said', [failed(3_000)], -1_000, -2_000],
  ['older than what a clock that was wrong by days had said', [failed(3_000)], -2e8, -3e8],
  ['unknown', [], 2_000, 1_000],
])('leaves what was saved when it is %s', async (_what, saved, redAgoMs, greenAgoMs) => {
  const store = memoryStore(saved);
  const before = store.latest();
  catchUp(store, await recovered(redAgoMs, greenAgoMs), NOW_MS, log);
  expect(store.latest()).toBe(before);
});

it('keeps what was saved when silence made the transition', async () => {
  const store = memoryStore([failed(2 * LIMIT_MS)]);
  const history = await memoryHistory(Date.now);
  const base = { operation: 'log', from: 'green', to: 'yellow', atMs: NOW_MS - LIMIT_MS } as const;
  history.record({ ...base, heartbeat: worked(2 * LIMIT_MS) });
  const before = store.latest();
  catchUp(store, history, NOW_MS, log);
  expect(store.latest()).toBe(before);
});

it('an incident of a ledger ends with its database also when it was not known whether it lasts', async () => {
  const history = await memoryHistory(Date.now);
  const refused = { ...heartbeat('log', { code: 503 }), operation: 'ledger' } as const;
  const base = { operation: 'ledger', heartbeat: refused } as const;
  history.record({ ...base, from: 'green', to: 'red', atMs: NOW_MS - 60_000 });
  history.record({ ...base, from: 'red', to: 'grey', atMs: NOW_MS - 50_000 });
  expect(history.incidents(10)).toMatchObject([{ endedAt: null, endIsLatest: true }]);
  endLedger(history, NOW_MS - 30_000);
  endLedger(history, NOW_MS - 20_000);
  expect(history.incidents(10)).toMatchObject([{ endedAt: new Date(NOW_MS - 30_000).toISOString() }]);
});

it('a ledger that is not there any more has no incident that goes on, nor one that began while it was away', async () => {
  const history = await memoryHistory(Date.now);
  const refused = {
    ...heartbeat('log', { code: 503, receivedAtMs: NOW_MS - 60_000 }),
    operation: 'ledger',
  } as const;
  history.record({
    operation: 'ledger',
    from: 'green',
    to: 'red',
    atMs: NOW_MS - 60_000,
    heartbeat: refused,
  });
  endLedger(history, NOW_MS - 30_000);
  endLedger(history, NOW_MS - 20_000);
  expect(history.incidents(10)).toMatchObject([
    { operation: 'ledger', endedAt: new Date(NOW_MS - 30_000).toISOString() },
  ]);
  // With a database again, the last heartbeat says nothing of the time without.
  const store = memoryStore([refused]);
  const options = { now: Date.now, ageLimitMs: LIMIT_MS, log, before: history.last, hasLedger: true };
  const tracker = createTracker({ store, ...options });
  onTestFinished(() => tracker.stop());
  tracker.onTransition((transition) => history.record(transition));
  vi.advanceTimersByTime(1);
  expect(history.incidents(10)).toMatchObject([{ startedAt: new Date(NOW_MS).toISOString() }, {}]);
});
