import { createLogger, type OutgoingMessage, QueueError, type QueueSession } from '@podips/shared';
import { type Mock, vi } from 'vitest';
import type { Outbox } from '../store/outbox.js';
import { Publisher, type PublisherEvents } from './publisher.js';

const log = createLogger('test', 'silent');
export const refused = new QueueError('QUEUE_CONNECTION_FAILED', 'no broker', { retryable: true });

export const publications = (texts: readonly string[]) => texts.map((body) => ({ body }));
export const bodies = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => `${first + index}`);
/** Lets everything happen that needs no time. */
export const turn = () => vi.advanceTimersByTimeAsync(0);

/** Collects what is made durable, in its order; can be told to refuse, or to leave its callers waiting. */
function createStore() {
  const taken: string[] = [];
  const waiting: Array<{ finish(): void; fail(): void }> = [];
  let mode: 'take' | 'refuse' | 'wait' = 'take';
  const accept = async (bodies: readonly string[]) => {
    if (mode === 'refuse') throw refused;
    if (mode === 'wait')
      await new Promise<void>((finish, reject) => {
        waiting.push({ finish, fail: () => reject(refused) });
      });
    taken.push(...bodies);
  };
  return {
    taken,
    waiting,
    accept,
    set(next: typeof mode) {
      mode = next;
    },
  };
}

/** A publisher between a queue and a database that are both a {@link createStore}. */
export function createPublisher({ maxMessages = 5_000, withOutbox = true, outboxFirst = false } = {}) {
  const queue = createStore();
  const database = createStore();
  const rows: string[] = [];
  /** `skip`: another one has the rows; `more under way`: the database is still storing some. */
  const drains: { mode: 'send' | 'skip' | 'fail' | 'more under way' | 'send, then fail' } = { mode: 'send' };
  const session: Pick<QueueSession, 'send'> = {
    send: (messages: readonly OutgoingMessage[]) => queue.accept(messages.map(({ body }) => String(body))),
  };
  const link: { session: QueueSession | undefined; state: 'connecting' | 'up' | 'down' } = {
    session: undefined,
    state: 'connecting',
  };
  const outbox: Outbox = {
    get rows() {
      return rows.length;
    },
    store: (bodies) => database.accept(bodies),
    isEmpty: async () => rows.length === 0 && drains.mode !== 'more under way',
    async drain(send) {
      if (drains.mode === 'fail') throw new Error('no database');
      if (drains.mode === 'skip') return 0;
      if (rows.length > 0) await send([...rows]);
      if (drains.mode === 'send, then fail') throw new Error('the rows are still there');
      return rows.splice(0).length;
    },
  };
  const events: { [K in keyof PublisherEvents]: Mock<PublisherEvents[K]> } = {
    onPublished: vi.fn(),
    onPublishFailed: vi.fn(),
    onStored: vi.fn(),
    onStoreFailed: vi.fn(),
    onOvertaking: vi.fn(),
  };
  const deps = { link, outbox: withOutbox ? outbox : undefined, log, events };
  const publisher = new Publisher(deps, { queue: '/queue/pods', maxMessages, outboxFirst });
  const setLink = (state: typeof link.state) => {
    link.state = state;
    // The publisher only sends.
    link.session = state === 'up' ? ({ ...session } as QueueSession) : undefined;
    publisher.linkChanged();
  };
  return { publisher, queue, database, rows, drains, events, setLink };
}
