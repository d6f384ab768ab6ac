import {
  createLogger,
  DEFAULT_QUEUE_NAME,
  parseMessage,
  type QueueSession,
  type QueueSettings,
  type Running,
  startQueueLink,
} from '@podips/shared';
import type { SinkRecord } from '@podips/simulation';

/** Takes everything off `/queue/pods`, and comes back after the broker was away. */
export interface TestConsumer extends Running {
  /** What came so far, in its order, in the form in which {@link judge} takes it. */
  readonly records: readonly SinkRecord[];
}

const log = createLogger('test', 'silent');
const PREFETCH = 100;

export function startConsumer(settings: QueueSettings): TestConsumer {
  const records: SinkRecord[] = [];
  const onUp = (session: QueueSession) => {
    session.subscribe(DEFAULT_QUEUE_NAME, PREFETCH, (message) => {
      records.push({ tag: DEFAULT_QUEUE_NAME, time: '', record: parseMessage(message.body) });
      session.ack(message);
    });
  };
  const link = startQueueLink(settings, { onUp, onDown: () => undefined, onAlive: () => undefined }, log);
  return { records, stop: () => link.stop() };
}
