import { createLogger, type OutgoingMessage, QueueError, type QueueSession } from '@podips/shared';
import { type Mock, vi } from 'vitest';
import { ChangeLog } from '../changes/change-log.js';
import { MAX_ENTRY_MESSAGES } from '../changes/entry.js';
import type { Outbox } from '../store/outbox.js';
import { Delivery } from './delivery.js';
import { OutboxDrain } from './outbox-drain.js';
import { QueueGate } from './queue-gate.js';
import { createQueueSender } from './queue-sender.js';

const log = createLogger('test', 'silent');
export const refused = new QueueError('QUEUE_CONNECTION_FAILED', 'no broker', { retryable: true });

export const bodies = (count: number, first = 0) =>
  Array.from({ length: count }, (_, index) => `${first + index}`);
/** Lets everything happen that needs no time. */
export const turn = () => vi.advanceTimersByTimeAsync(0);

/** Collects what is made durable, in its order; can be made to refuse, or to leave its callers waiting. */
function createStore() {
  const accepted: string[] = [];
  const waiting: Array<{ finish(): void; fail(): void }> = [];
  let mode: 'accept' | 'refuse' | 'wait' = 'accept';
  const accept = async (bodies: readonly string[]) => {
    if (mode === 'refuse') throw refused;
    if (mode === 'wait')
      await new Promise<void>((finish, reject) => {
        waiting.push({ finish, fail: () => reject(refused) });
      });
    accepted.push(...bodies);
  };
  return {
    accepted,
    waiting,
    accept,
    set(next: typeof mode) {
      mode = next;
    },
  };
}

/** How the outbox answers a drain. `skip`: another reader has the rows; `more under way`: some are still being stored. */
type DrainMode = 'send' | 'skip' | 'fail' | 'more under way' | 'send, then fail' | 'send one';

/** A change log, and its delivery to a queue and a database that are both a {@link createStore}. */
export function createDelivery({ maxMessages = 5_000, withOutbox = true, gateIsOpen = true } = {}) {
  const queue = createStore();
  const database = createStore();
  const rows: string[] = [];
  let sent = 0;
  const drains: { mode: DrainMode } = { mode: 'send' };
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
    trackEarlier() {
      let newest: number | undefined;
      return async () => {
        if (drains.mode === 'more under way') return undefined;
        newest ??= sent + rows.length;
        return Math.max(0, newest - sent);
      };
    },
    async drain(send) {
      if (drains.mode === 'fail') throw new Error('no database');
      if (drains.mode === 'skip') return 0;
      const batch = rows.slice(0, drains.mode === 'send one' ? 1 : undefined);
      if (batch.length > 0) await send(batch);
      if (drains.mode === 'send, then fail') throw new Error('the rows are still there');
      sent += batch.length;
      return rows.splice(0, batch.length).length;
    },
  };
  const events: Record<'onPublishFailed' | 'onStoreFailed' | 'onDrainFailed', Mock<(error: Error) => void>> &
    Record<'onPublished' | 'onStored', Mock<(count: number) => void>> = {
    onPublished: vi.fn(),
    onPublishFailed: vi.fn(),
    onStored: vi.fn(),
    onStoreFailed: vi.fn(),
    onDrainFailed: vi.fn(),
  };
  const changes = new ChangeLog({ maxMessages, maxRows: undefined });
  const sender = createQueueSender(
    link,
    { destination: '/queue/pods', numbering: { run: '00000000', sent: 0, published: 0 } },
    events,
  );
  const gate = new QueueGate(sender, gateIsOpen);
  const delivery = new Delivery({
    changes,
    queue: gate,
    outbox: withOutbox ? outbox : undefined,
    log,
    onStored: events.onStored,
    onStoreFailed: events.onStoreFailed,
  });
  const drain = new OutboxDrain({ outbox, queue: sender, log, onFailed: events.onDrainFailed });
  return {
    changes,
    delivery,
    gate,
    drain,
    queue,
    database,
    rows,
    drains,
    events,
    /** Appends them in entries that are as large as can be. */
    publish(messages: readonly string[]) {
      for (let next = 0; next < messages.length; next += MAX_ENTRY_MESSAGES)
        changes.append({
          messages: messages.slice(next, next + MAX_ENTRY_MESSAGES),
          leases: [],
          gaps: [],
          checkpoint: undefined,
        });
    },
    setLink(state: typeof link.state) {
      link.state = state;
      // Only `send` of it is used.
      link.session = state === 'up' ? ({ ...session } as QueueSession) : undefined;
      delivery.linkChanged();
      drain.start();
    },
  };
}
