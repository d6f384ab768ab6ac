import { aborted, type Logger, QueueError, type QueueSession, startQueueLink } from '@podips/shared';
import type { ChangeLog } from './changes/change-log.js';
import { Delivery } from './delivery/delivery.js';
import { OutboxDrain } from './delivery/outbox-drain.js';
import { QueueGate } from './delivery/queue-gate.js';
import { createQueueSender } from './delivery/queue-sender.js';
import type { ReaderParts } from './parts.js';

const QUEUE_FAILED = 503;
/** Beyond this, what is not durable is found again by the next term. */
const SETTLE_DEADLINE_MS = 12_000;

/** The link to the broker, and what sends over it. */
export interface Outlet {
  /** Waits until all is durable, or its deadline is over, and sends nothing any more. */
  settle(): Promise<void>;
}

/**
 * Connects to the broker and begins to deliver; `resources` end it. What an earlier reader left in the outbox goes first.
 * @param knownAt the watermark of the ledger; undefined without one: then nothing has to be in order with the past
 */
export function startOutlet(
  parts: ReaderParts,
  changes: ChangeLog,
  knownAt: Date | undefined,
  resources: AsyncDisposableStack,
): Outlet {
  const { settings, log, database } = parts;
  const { health, onPublished, onPublishFailed, onStored, onFailed } = createReports(parts);
  const linkChanged = () => {
    delivery.linkChanged();
    drain?.start();
  };
  const linkEvents = {
    onUp({ warnings }: QueueSession) {
      health.note('broker', warnings.length > 0 ? warnings.join('; ') : undefined);
      health.connected();
      linkChanged();
    },
    onDown(error: Error) {
      onPublishFailed(error);
      linkChanged();
    },
    onAlive: () => health.alive(),
  };
  const link = startQueueLink(settings.queue, linkEvents, log);
  resources.defer(() => link.stop());
  const { numbering } = parts;
  const destination = settings.queue.name;
  const queue = createQueueSender(link, { destination, numbering }, { onPublished, onPublishFailed });
  const outbox = database?.outbox;
  const gate = new QueueGate(queue, outbox === undefined || knownAt === undefined);
  const delivery = new Delivery({ changes, queue: gate, outbox, log, onStored, onStoreFailed: onFailed });
  const drain = outbox && new OutboxDrain({ outbox, queue, log, onFailed });
  if (drain && knownAt)
    void drain.empty().then((isEmpty) => {
      if (isEmpty === undefined) return;
      if (!isEmpty) nameOvertaken(parts, knownAt);
      gate.open();
      delivery.linkChanged();
    });
  const timer = setInterval(() => drain?.start(), settings.outboxIntervalMs);
  resources.defer(() => clearInterval(timer));
  return { settle: () => settle(delivery, drain, log) };
}

/** The metrics and lights of the queue and the outbox. */
function createReports({ metrics, health: { queue: health } }: ReaderParts) {
  return {
    health,
    onPublished(count: number) {
      metrics.published.inc(count);
      health.works(`${count} published`);
    },
    onPublishFailed(error: Error) {
      metrics.publishFailures.inc();
      // A broker may accept connections and yet no messages: its disk is full.
      const overdue = error instanceof QueueError && error.code === 'QUEUE_RECEIPT_TIMEOUT';
      health.fails(QUEUE_FAILED, error.message, overdue ? 'work' : 'link');
    },
    onStored: (count: number) => metrics.stored.inc(count),
    onFailed: () => metrics.storeFailures.inc(),
  };
}

function nameOvertaken({ log, markers }: ReaderParts, knownAt: Date): void {
  log.warn('outbox of an earlier reader not drained in time; newer messages overtake it');
  markers.outOfOrder.set(knownAt);
}

async function settle(delivery: Delivery, drain: OutboxDrain | undefined, log: Logger): Promise<void> {
  const deadline = AbortSignal.timeout(SETTLE_DEADLINE_MS);
  const drained = drain?.stop();
  const left = await delivery.settle(deadline);
  delivery.close();
  await Promise.race([drained, aborted(deadline)]);
  if (left > 0) log.error({ messages: left }, 'neither queue nor database accepted the last messages');
}
