import { ChangeLog, createQueueSender, Delivery } from '@podips/reader';
import {
  createLogger,
  DEFAULT_QUEUE_NAME,
  nameRun,
  type QueueSettings,
  startQueueLink,
} from '@podips/shared';
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

/** Puts the real delivery on a real link, as the reader does, and waits for the link. */
export async function openReaderOutlet(port: number, signal: AbortSignal): Promise<ReaderOutlet> {
  const log = createLogger('bench', 'silent');
  const failures: Error[] = [];
  const fail = (error: Error) => void failures.push(error);
  const events = {
    onUp: () => delivery.linkChanged(),
    onDown(error: Error) {
      fail(error);
      delivery.linkChanged();
    },
    onAlive: () => undefined,
  };
  await using resources = new AsyncDisposableStack();
  const link = startQueueLink(queueSettings(port), events, log);
  resources.defer(() => link.stop());
  const changes = new ChangeLog({ maxMessages: MAX_BUFFERED, maxRows: undefined });
  const numbering = { run: nameRun(), sent: 0, published: 0 };
  const queue = createQueueSender(
    link,
    { destination: DEFAULT_QUEUE_NAME, numbering },
    { onPublished: () => undefined, onPublishFailed: fail },
  );
  const delivery = new Delivery({
    changes,
    queue,
    outbox: undefined,
    log,
    onStored: () => undefined,
    onStoreFailed: fail,
  });
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
        await changes.roomAvailable(deadline);
        for (const body of bodies.slice(next, next + changes.room)) {
          // An entry for each, as of the events of a watch.
          changes.append({ messages: [body], leases: [], gaps: [], checkpoint: undefined });
          next += 1;
        }
      }
      const left = await delivery.settle(deadline);
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
