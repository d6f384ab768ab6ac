import { createLogger, DIALECTS, type ReceivedMessage, type Replacement } from '@podips/shared';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Inbox, type InboxSession } from './inbox.js';

const QUEUE = '/queue/clusters.east';
const PREFETCH = 10;
const log = createLogger('test', 'silent');
const events = {
  onReceived: vi.fn(),
  onInvalid: vi.fn(),
  onRequeued: vi.fn(),
  onHeld: vi.fn(),
  onReady: vi.fn(),
};
let inbox: Inbox;
let session: FakeSession;

/** Delivers messages to its subscriber, and records what becomes of them. */
class FakeSession implements InboxSession {
  readonly dialect = DIALECTS.activemq;
  readonly acked: string[] = [];
  readonly replaced: Replacement[][] = [];
  failure: Error | undefined;
  deliver: ((message: ReceivedMessage) => void) | undefined;
  prefetch = 0;

  subscribe(_destination: string, prefetch: number, listener: (message: ReceivedMessage) => void) {
    this.prefetch = prefetch;
    this.deliver = listener;
    return async (replacements: readonly Replacement[] = []) => {
      this.deliver = undefined;
      await this.replace(replacements);
    };
  }

  ack(received: ReceivedMessage) {
    this.acked.push(received.headers['message-id'] ?? '');
  }

  async replace(replacements: readonly Replacement[]) {
    if (this.failure) throw this.failure;
    this.replaced.push([...replacements]);
  }
}

function message(id: string, body = '{}', headers: Record<string, string> = {}): ReceivedMessage {
  return { headers: { 'message-id': id, ...headers }, body: Buffer.from(body) };
}
const idsOf = (held: readonly { received: ReceivedMessage }[]) =>
  held.map(({ received }) => received.headers['message-id']);

beforeEach(() => {
  vi.clearAllMocks();
  inbox = new Inbox({ queue: QUEUE, prefetch: PREFETCH }, events, log);
  session = new FakeSession();
  inbox.sessionStarted(session);
  inbox.openIntake();
});

describe('intake', () => {
  it('subscribes with the prefetch, the bound of messages in flight', () => {
    expect(session.prefetch).toBe(PREFETCH);
  });

  it('is not open before messages can be forwarded', () => {
    const idle = new FakeSession();
    new Inbox({ queue: QUEUE, prefetch: PREFETCH }, events, log).sessionStarted(idle);
    expect(idle.deliver).toBeUndefined();
  });

  it('opens on the next session by itself', () => {
    inbox.sessionEnded();
    const next = new FakeSession();
    inbox.sessionStarted(next);
    expect(next.deliver).toBeDefined();
  });

  it('subscribes once, however often it is opened', () => {
    const subscribe = vi.spyOn(session, 'subscribe');
    inbox.openIntake();
    expect(subscribe).not.toHaveBeenCalled();
  });

  it('that is closed keeps the subscription for pending acknowledgements, but accepts nothing', () => {
    session.deliver?.(message('a'));
    const batch = inbox.takeBatch();
    inbox.closeIntake();
    session.deliver?.(message('b'));
    expect(inbox.size).toBe(1);
    inbox.acknowledge(batch);
    expect(session.acked).toEqual(['a']);
  });

  it('that is closed is never opened again', () => {
    inbox.closeIntake();
    inbox.openIntake();
    session.deliver?.(message('a'));
    expect(inbox.size).toBe(0);
  });

  it('accepts nothing from a session that has ended', () => {
    const { deliver } = session;
    inbox.sessionEnded();
    inbox.sessionStarted(new FakeSession());
    deliver?.(message('late'));
    expect(inbox.size).toBe(0);
  });
});

describe('a message in flight', () => {
  it('is forwarded once, in the order of the queue, and in flight until it is acknowledged', () => {
    for (const id of ['a', 'b', 'c']) session.deliver?.(message(id));
    expect([inbox.waiting, inbox.size]).toEqual([3, 3]);
    const batch = inbox.takeBatch();
    expect(idsOf(batch)).toEqual(['a', 'b', 'c']);
    expect([inbox.takeBatch(), inbox.waiting, inbox.size]).toEqual([[], 0, 3]);
    inbox.acknowledge(batch);
    expect([session.acked, inbox.size]).toEqual([['a', 'b', 'c'], 0]);
  });

  it('is acknowledged once', () => {
    session.deliver?.(message('a'));
    const batch = inbox.takeBatch();
    inbox.acknowledge(batch);
    inbox.acknowledge(batch);
    expect(session.acked).toEqual(['a']);
  });

  it('of an ended session is not acknowledged, because the broker redelivers it', () => {
    session.deliver?.(message('a'));
    const batch = inbox.takeBatch();
    inbox.sessionEnded();
    expect(inbox.size).toBe(0);
    const next = new FakeSession();
    inbox.sessionStarted(next);
    inbox.acknowledge(batch);
    expect([session.acked, next.acked]).toEqual([[], []]);
  });
});

describe('requeueing', () => {
  it('requeues all messages in flight, with headers of its own but none of the delivery, and pauses intake', async () => {
    session.deliver?.(message('a', '{"n":1}', { ack: 'x', redelivered: 'true', 'x-own': 'kept' }));
    const batch = inbox.takeBatch();
    session.deliver?.(message('b'));
    await inbox.requeue();
    const [replaced = []] = session.replaced;
    expect(idsOf(replaced)).toEqual(['a', 'b']);
    expect(replaced[0]?.message).toEqual({
      destination: QUEUE,
      body: Buffer.from('{"n":1}'),
      headers: { 'x-own': 'kept' },
    });
    expect([inbox.size, session.deliver]).toEqual([0, undefined]);
    expect(events.onRequeued.mock.calls).toEqual([[2]]);
    inbox.acknowledge(batch);
    expect(session.acked).toEqual([]);
    inbox.openIntake();
    expect(session.deliver).toBeDefined();
  });

  it('that fails is logged once and has no other effect: the broker redelivers the messages', async () => {
    const warn = vi.spyOn(log, 'warn');
    session.deliver?.(message('a'));
    session.failure = new Error('connection lost');
    await inbox.requeue();
    expect(warn).toHaveBeenCalledTimes(1);
    expect(events.onRequeued).not.toHaveBeenCalled();
    expect(inbox.size).toBe(0);
  });

  it('does nothing without messages, nor without a session', async () => {
    await inbox.requeue();
    inbox.sessionEnded();
    await inbox.requeue();
    expect(events.onRequeued).not.toHaveBeenCalled();
  });
});

describe('an invalid message', () => {
  it('is dead-lettered with its reason, and no longer in flight', async () => {
    session.deliver?.(message('bad', '[]', { 'x-own': 'kept' }));
    await vi.waitFor(() => expect(session.replaced).toHaveLength(1));
    expect(session.replaced[0]?.[0]?.message).toEqual({
      destination: '/queue/clusters.east.invalid',
      body: Buffer.from('[]'),
      headers: {
        'x-own': 'kept',
        'podips-error': 'MESSAGE_NOT_OBJECT',
        'podips-reason': 'the body is an array; a JSON object was expected',
      },
    });
    expect(inbox.size).toBe(0);
    expect(events.onInvalid.mock.calls).toEqual([['MESSAGE_NOT_OBJECT']]);
    expect(events.onReady).not.toHaveBeenCalled();
  });

  it('that cannot be dead-lettered is left to the broker', async () => {
    session.failure = new Error('connection lost');
    const warn = vi.spyOn(log, 'warn').mockClear();
    session.deliver?.(message('bad', 'text'));
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
    expect(events.onInvalid).not.toHaveBeenCalled();
    expect(session.acked).toEqual([]);
  });
});
