import { createLogger, DIALECTS, MessageError, QueueError, type Replacement } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadLetters } from './dead-letters.js';

const QUEUE = '/queue/pods';
const INVALID = '/queue/pods.invalid';
const PREFETCH = 6;
const MINUTE_MS = 60_000;
const reason = new MessageError('MESSAGE_NOT_JSON', 'the body is no JSON');
const refused = new QueueError('QUEUE_REFUSED', 'not authorized to write to pods.invalid', {
  retryable: true,
});
const events = { onInvalid: vi.fn(), onHeld: vi.fn() };

let letters: DeadLetters;
/** Of all sessions: the destinations and ids of each attempt. */
let attempts: string[][];
/** Destinations that the broker refuses, or ids of messages. */
let refuses: Set<string>;
/** What a refusal looks like. */
let failure: QueueError;
let session: ReturnType<typeof newSession>;

function newSession() {
  return {
    dialect: DIALECTS.activemq,
    async replace(replacements: readonly Replacement[]) {
      const attempt = replacements.map(({ received, message }) => [
        message.destination,
        received.headers['message-id'] ?? '',
      ]);
      attempts.push(attempt.map((parts) => parts.join(' ')));
      if (attempt.flat().some((part) => refuses.has(part))) throw failure;
    },
  };
}

/** The broker delivers these, again where they were delivered before. */
async function deliver(...ids: readonly string[]): Promise<void> {
  letters.sessionEnded();
  session = newSession();
  for (const id of ids)
    letters.add(session, { received: { headers: { 'message-id': id }, body: Buffer.from('x') }, reason });
  await vi.advanceTimersByTimeAsync(1_000);
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.clearAllMocks();
  attempts = [];
  refuses = new Set();
  failure = refused;
  letters = new DeadLetters(QUEUE, PREFETCH, events, createLogger('test', 'silent'));
});
afterEach(() => {
  letters.stop();
  vi.useRealTimers();
});

describe('dead letters', () => {
  it('that are refused twice are held, and not tried again with each redelivery', async () => {
    refuses.add(INVALID);
    for (let delivery = 0; delivery < 10; delivery += 1) await deliver('a');
    expect(attempts).toHaveLength(2);
    expect(events.onHeld).toHaveBeenLastCalledWith(1, refused.message);
    expect(events.onInvalid).not.toHaveBeenCalled();
  });

  it.each(['QUEUE_RECEIPT_TIMEOUT', 'QUEUE_CONNECTION_FAILED'])(
    'that fail twice by %s, without a word of the broker, are held too',
    async (code) => {
      failure = new QueueError(code, 'no answer', { retryable: true });
      refuses.add(INVALID);
      for (let delivery = 0; delivery < 10; delivery += 1) await deliver('a');
      expect(attempts).toHaveLength(2);
      expect(events.onHeld).toHaveBeenLastCalledWith(1, 'no answer');
    },
  );

  it('are not held because podips itself closed the connection', async () => {
    failure = new QueueError('QUEUE_CLOSED', 'closed', { retryable: true });
    refuses.add(INVALID);
    for (let delivery = 0; delivery < 3; delivery += 1) await deliver('a');
    expect(attempts).toHaveLength(3);
    expect(events.onHeld).not.toHaveBeenCalled();
  });

  it.each([
    ['the session ends', () => letters.sessionEnded()],
    ['they are given up', () => letters.takeAll()],
    ['they go to the end of the queue', () => vi.advanceTimersByTimeAsync(5_000)],
  ])('are no longer reported as held when %s', async (_, leave) => {
    refuses.add(INVALID);
    for (let delivery = 0; delivery < 3; delivery += 1) await deliver('a', 'b', 'c');
    expect(events.onHeld).toHaveBeenLastCalledWith(3, refused.message);
    await leave();
    expect(events.onHeld).toHaveBeenLastCalledWith(0, '');
  });

  it('that are held are moved when the broker accepts them again', async () => {
    refuses.add(INVALID);
    for (let delivery = 0; delivery < 3; delivery += 1) await deliver('a', 'b');
    refuses.clear();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(attempts.slice(2).flat().toSorted()).toEqual([`${INVALID} a`, `${INVALID} b`]);
    expect(events.onInvalid).toHaveBeenCalledTimes(2);
    expect(events.onHeld).toHaveBeenLastCalledWith(0, '');
  });

  it('do not wait for ever behind one that the broker does not like', async () => {
    refuses.add('bad');
    const left = new Set(['bad', 'a', 'b', 'c']);
    for (let round = 0; round < 10; round += 1) {
      await deliver(...left);
      await vi.advanceTimersByTimeAsync(20 * MINUTE_MS);
      for (const [attempt] of attempts.filter((one) => one.length === 1 && !one[0]?.endsWith('bad')))
        left.delete(attempt?.split(' ')[1] ?? '');
    }
    expect([...left]).toEqual(['bad']);
  });

  it('that take half of the prefetch go to the end of the queue, so that others can come', async () => {
    refuses.add(INVALID);
    for (let delivery = 0; delivery < 3; delivery += 1) await deliver('a', 'b', 'c');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts.at(-1)).toEqual([`${QUEUE} a`, `${QUEUE} b`, `${QUEUE} c`]);
  });

  it('whose session is over are left to the broker', async () => {
    refuses.add(INVALID);
    await deliver('a');
    expect(await letters.takeAll()).toEqual([]);
    letters.sessionEnded();
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    expect(attempts).toHaveLength(1);
  });

  it('are given up after what is under way, and nothing more is begun', async () => {
    await deliver('a');
    const replace = vi.spyOn(session, 'replace');
    for (const id of ['b', 'c']) {
      letters.add(session, { received: { headers: { 'message-id': id }, body: Buffer.from('x') }, reason });
      if (id === 'b') vi.advanceTimersByTime(0);
    }
    const left = await letters.takeAll();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(replace).toHaveBeenCalledTimes(1);
    expect(left.map(({ headers }) => headers['message-id'])).toEqual(['c']);
  });
});
