import { type Logger, openStatusFile, type Running, startQueueLink } from '@podips/shared';
import type { MockSettings } from '../mock-settings.js';
import { messageLine } from './message-line.js';

/** Low, so that several consumers on one queue share what waits there. */
const PREFETCH = 100;

/**
 * Prints every message of the pod queue and takes it off the queue. The status file `queue_status` is there while the
 * broker is.
 * @param print gets one line per message, without its end
 */
export function startMockConsumer(
  settings: MockSettings,
  log: Logger,
  print: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
): Running {
  const status = openStatusFile({ dir: settings.statusDir, name: 'queue_status', log });
  return startQueueLink(
    settings.queue,
    {
      onUp: (session) =>
        session.subscribe(settings.queue.name, PREFETCH, (message) => {
          print(messageLine(message.body));
          session.ack(message);
        }),
      onDown: () => status.fails(),
      onAlive: () => status.works(),
    },
    log,
  );
}
