import { createLogger } from '@podips/shared';
import { expect, test, vi } from 'vitest';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { AlertError, type Channel } from './channel.js';
import { createCourier } from './courier.js';
import { decide, NOTHING_REPORTED } from './decide.js';
import { messageOf } from './message.js';
import type { Notice } from './notice.js';

const log = createLogger('monitor', 'silent');
const DAY_MS = 86_400_000;
const RULES = {
  forMs: 0,
  repeatIntervalMs: 0,
  maxPerHour: 20,
  groupWaitMs: 0,
  startedAtMs: 0,
  ageLimitMs: 300_000,
};

function noticeOf(operation: 'kubernetes' | 'log', atMs = 0): Notice {
  const chain = chainOf({ [operation]: stateOf(operation, 'red', atMs) });
  const { notice } = decide(NOTHING_REPORTED, chain, atMs, RULES);
  if (notice === undefined) throw new Error('no notice');
  return notice;
}

/** A channel each of whose attempts ends when the test says so, and a courier for it. */
function setUp(now: () => number = () => 0, holdMs: (notice: Notice) => number = () => 0) {
  const subjects: string[] = [];
  const ends: PromiseWithResolvers<string | undefined>[] = [];
  const channel: Channel = {
    id: 'fake',
    kind: 'fake',
    target: 'nowhere',
    send({ subject }, signal) {
      subjects.push(subject);
      const end = Promise.withResolvers<string | undefined>();
      signal.addEventListener('abort', () => end.reject(new Error('aborted')));
      ends.push(end);
      return end.promise;
    },
  };
  const words = (notice: Notice) => messageOf(notice, { cluster: 'default', pageUrl: undefined });
  const onChange = vi.fn();
  const onDelivered = vi.fn();
  const courier = createCourier({
    channel,
    words,
    now,
    log,
    onChange,
    onDelivered,
    retry: { baseMs: 1, capMs: 1 },
    holdMs,
  });
  const fail = (retryable: boolean) =>
    ends.shift()?.reject(new AlertError('FAKE', 'it is broken', { retryable }));
  const untilAttempt = (count: number) => vi.waitFor(() => expect(subjects).toHaveLength(count));
  return {
    courier,
    subjects,
    onChange,
    onDelivered,
    fail,
    take: () => ends.shift()?.resolve(undefined),
    untilAttempt,
  };
}

test('a notice is retried until it is accepted, and counts as delivered only then', async () => {
  const { courier, onDelivered, fail, take, untilAttempt } = setUp();
  courier.deliver(noticeOf('kubernetes'));
  fail(true);
  await untilAttempt(2);
  expect(courier.record.view()).toMatchObject({ error: 'it is broken', lastSuccessAt: null });
  fail(true);
  await untilAttempt(3);
  expect(onDelivered).not.toHaveBeenCalled();
  take();
  await vi.waitFor(() => expect(courier.undelivered).toBeUndefined());
  expect(onDelivered).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ subject: '[podips default] Kubernetes read failing' }),
  );
  expect(courier.record).toMatchObject({ sent: 1, failed: 2, failedInRow: 0 });
  expect(courier.record.view().error).toBeNull();
});

test('what comes while the channel is down goes into one message', async () => {
  const { courier, subjects, fail, take, untilAttempt } = setUp();
  courier.deliver(noticeOf('kubernetes'));
  for (let count = 0; count < 100; count += 1) courier.deliver(noticeOf('log'));
  fail(true);
  await untilAttempt(2);
  take();
  await vi.waitFor(() => expect(courier.undelivered).toBeUndefined());
  expect(subjects).toEqual([
    '[podips default] Kubernetes read failing',
    '[podips default] Fluentd write failing and 1 more',
  ]);
});

test('a notice that comes during a delivery is sent after it', async () => {
  const { courier, subjects, take, untilAttempt } = setUp();
  courier.deliver(noticeOf('kubernetes'));
  courier.deliver(noticeOf('log'));
  take();
  await untilAttempt(2);
  take();
  await vi.waitFor(() => expect(courier.undelivered).toBeUndefined());
  expect(subjects[1]).toBe('[podips default] Fluentd write failing');
});

test.each([
  { name: 'a notice that was refused is tried again', retryable: false, nowMs: 0 },
  { name: 'a notice that is a day old is tried again', retryable: true, nowMs: DAY_MS },
])('$name', async ({ retryable, nowMs }) => {
  const { courier, onChange, fail, take, untilAttempt } = setUp(() => nowMs);
  courier.deliver(noticeOf('kubernetes'));
  onChange.mockClear();
  fail(retryable);
  await untilAttempt(2);
  expect(onChange).toHaveBeenCalled();
  expect(courier.record.view().error).toBe('it is broken');
  take();
  await vi.waitFor(() => expect(courier.undelivered).toBeUndefined());
});

test('a stop ends an attempt that hangs, and what was not delivered is known', async () => {
  const { courier, subjects } = setUp();
  courier.deliver(noticeOf('kubernetes'));
  courier.deliver(noticeOf('log'));
  await courier.stop(1);
  expect(courier.record.view().error).toBeNull();
  expect(courier.undelivered?.changes.map(({ operation }) => operation)).toEqual(['kubernetes', 'log']);
  courier.deliver(noticeOf('log'));
  expect(subjects).toHaveLength(1);
});

test('a stop lets an attempt end that is about to', async () => {
  const { courier, take } = setUp();
  courier.deliver(noticeOf('kubernetes'));
  const stopped = courier.stop(DAY_MS);
  take();
  await stopped;
  expect(courier.undelivered).toBeUndefined();
});

test('a retry that falls into a maintenance waits for its end', async () => {
  const holds = [0, 5, 5, 0];
  const asked: (number | undefined)[] = [];
  const { courier, subjects, fail, take, untilAttempt } = setUp(
    () => 0,
    () => {
      asked.push(subjects.length);
      return holds.shift() ?? 0;
    },
  );
  courier.deliver(noticeOf('log'));
  await untilAttempt(1);
  fail(true);
  await untilAttempt(2);
  expect(asked).toEqual([0, 1, 1, 1]);
  take();
  await vi.waitFor(() => expect(courier.undelivered).toBeUndefined());
  await courier.stop(0);
});
