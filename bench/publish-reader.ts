import { Publisher } from '@podips/reader';
import { createLogger, DEFAULT_QUEUE_NAME, type QueueSettings, startQueueLink } from '@podips/shared';
import { until } from './until.js';

/** The reader's way to the queue, without the rest of the reader. */
export interface ReaderOutlet extends AsyncDisposable {
  /** Resolves when all are durable. @throws when the broker refused any of them for a while */
  send(bodies: readonly string[]): Promise<void>;
}

/** As in the reader's settings. */
const MAX_BUFFERED = 20_000;
const CONNECT_DEADLINE_MS = 10_000;
const SETTLE_DEADLINE_MS = 60_000;

/** Puts the real publisher on a real link, as the reader does, and waits for the link. */
export async function openReaderOutlet(port: number, signal: AbortSignal): Promise<ReaderOutlet> {
  const log = createLogger('bench', 'silent');
  const failures: Error[] = [];
  const fail = (error: Error) => void failures.push(error);
  const events = {
    onUp: () => publisher.linkChanged(),
    onDown(error: Error) {
      fail(error);
      publisher.linkChanged();
    },
    onAlive: () => undefined,
  };
  await using resources = new AsyncDisposableStack();
  const link = startQueueLink(queueSettings(port), events, log);
  resources.defer(() => link.stop());
  const publisher = new Publisher(
    {
      link,
      outbox: undefined,
      events: {
        onPublished: () => undefined,
        onPublishFailed: fail,
        onStored: () => undefined,
        onStoreFailed: fail,
        onOvertaking: () => undefined,
      },
      log,
    },
    { queue: DEFAULT_QUEUE_NAME, maxMessages: MAX_BUFFERED, outboxFirst: false },
  );
  await until(
    'connected to the broker',
    { deadlineMs: CONNECT_DEADLINE_MS, signal },
    () => link.state === 'up',
  );
  const owned = resources.move();
  return {
    async send(bodies) {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(SETTLE_DEADLINE_MS)]);
      for (let next = 0; next < bodies.length; ) {
        await publisher.roomAvailable(deadline);
        const count = publisher.room;
        publisher.publish(bodies.slice(next, next + count).map((body) => ({ body })));
        next += count;
      }
      const left = await publisher.settle(deadline);
      if (left > 0 || failures.length > 0)
        throw new AggregateError(
          failures,
          `${left} messages left, ${failures.length} failures of the broker`,
        );
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function queueSettings(port: number): QueueSettings {
  return {
    servers: [{ host: '127.0.0.1', port }],
    name: DEFAULT_QUEUE_NAME,
    username: '',
    password: '',
    heartbeatMs: 5_000,
    connectTimeoutMs: 5_000,
    receiptTimeoutMs: 10_000,
  };
}
