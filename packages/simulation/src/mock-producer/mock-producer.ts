import { randomUUID } from 'node:crypto';
import {
  type Logger,
  MESSAGE_CONTENT_TYPE,
  openStatusFile,
  pause,
  type Running,
  startQueueLink,
  toError,
} from '@podips/shared';
import type { MockProducerSettings } from '../mock-settings.js';
import { buildMockMessage } from './mock-message.js';

export interface MockProducer extends Running {
  /** Messages that the broker has confirmed. */
  readonly sent: number;
}

/**
 * Sends one mock message per interval, each until the broker confirms it. A message whose confirmation is lost
 * is sent again under the same `event_id`. The status file `queue_status` is there from a confirmed message to a failure.
 */
export function startMockProducer(settings: MockProducerSettings, log: Logger): MockProducer {
  const run = randomUUID();
  const stopping = new AbortController();
  let sent = 0;
  const status = openStatusFile({ dir: settings.statusDir, name: 'queue_status', log });
  const link = startQueueLink(
    settings.queue,
    { onUp: () => undefined, onDown: () => status.fails(), onAlive: () => undefined },
    log,
  );

  const sendNext = async () => {
    const { session } = link;
    if (!session) return;
    const message = buildMockMessage(sent + 1, run, new Date());
    const headers = { 'content-type': MESSAGE_CONTENT_TYPE };
    try {
      await session.send([{ destination: settings.queue.name, body: JSON.stringify(message), headers }]);
      sent += 1;
      status.works();
      // The one thing that this program is watched for, so at `info` although it comes with every message.
      log.info({ shortMessage: message.short_message }, 'mock message sent');
    } catch (err) {
      status.fails();
      if (!stopping.signal.aborted) log.warn({ err: toError(err) }, 'mock message not confirmed');
    }
  };
  const produce = async () => {
    do await sendNext();
    while (await pause(settings.intervalMs, stopping.signal));
  };
  const ended = produce();

  return {
    get sent() {
      return sent;
    },
    async stop() {
      stopping.abort();
      await link.stop();
      await ended;
    },
  };
}
