import { createLogger, parseMessage, type QueueSession, type Running, startQueueLink } from '@podips/shared';
import type { SinkRecord } from '@podips/simulation';
import { queueSettings, type TestQueue } from './pod-queue.js';

/** Consumes everything on a queue, and reconnects after the broker was unavailable. */
export interface TestConsumer extends Running {
  /** The messages so far, in their order, in the form that {@link judge} accepts. */
  readonly records: readonly SinkRecord[];
}

const log = createLogger('test', 'silent');
const PREFETCH = 100;

export function startConsumer(queue: TestQueue): TestConsumer {
  const records: SinkRecord[] = [];
  const onUp = (session: QueueSession) => {
    session.subscribe(queue.name, PREFETCH, (message) => {
      records.push({ tag: queue.name, time: '', record: parseMessage(message.body) });
      session.ack(message);
    });
  };
  const link = startQueueLink(
    queueSettings(queue),
    { onUp, onDown: () => undefined, onAlive: () => undefined },
    log,
  );
  return { records, stop: () => link.stop() };
}
