import { expect, test } from 'vitest';
import type { OperationState } from '../status/tracker.js';
import { createLedgerFollower } from './follow-ledger.js';
import type { LedgerView } from './ledger-view.js';

const START_MS = Date.UTC(2026, 0, 1);

const GOOD: LedgerView = {
  answeredAt: new Date(START_MS).toISOString(),
  waiting: 0,
  waitingMore: false,
  knownUntil: new Date(START_MS).toISOString(),
  gaps: 0,
  error: null,
  isMissing: false,
  failingSince: null,
  lacks: null,
};

/** A follower that has just started, and the codes that it sent. */
function follow(light: OperationState['light']) {
  let nowMs = START_MS;
  const listeners: (() => void)[] = [];
  const codes: number[] = [];
  const onNews = (listener: () => void) => void listeners.push(listener);
  const follower = createLedgerFollower({ reader: undefined, onNews: () => undefined }, () => nowMs);
  const heartbeat =
    light === 'grey'
      ? undefined
      : {
          ...{
            operation: 'ledger' as const,
            code: 503,
            message: 'disk full',
            receivedAtMs: START_MS - 60_000,
          },
          ...{ remoteAddress: '', host: 'reader' },
        };
  const state = { light, sinceMs: START_MS - 60_000, heartbeat, ageMs: 60_000 };
  const operations = { kubernetes: state, 'queue/write': state, 'queue/read': state, log: state };
  follower.follow(
    { view: () => GOOD, onNews },
    {
      states: () => ({ ...operations, ledger: state }),
      receive: ({ code }) => void codes.push(code),
    },
  );
  return {
    codes,
    isOverdue: follower.isOverdue,
    lookAfter(ms: number) {
      nowMs = START_MS + ms;
      for (const listener of listeners) listener();
    },
  };
}

test.each(['red', 'yellow'] as const)(
  'after a restart, a ledger that was %s is not good before the reader has had time to say so',
  (light) => {
    const { codes, isOverdue, lookAfter } = follow(light);
    lookAfter(100);
    expect([codes, isOverdue()]).toEqual([[], undefined]);
    lookAfter(15_000);
    expect([codes, isOverdue()]).toEqual([[200], false]);
  },
);

test('a ledger that nobody has said anything of is good at the first look', () => {
  const { codes, lookAfter } = follow('grey');
  lookAfter(100);
  expect(codes).toEqual([200]);
});
