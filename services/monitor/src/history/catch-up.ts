import { type Logger, OK } from '@podips/shared';
import { receivedHeartbeats, type StatusStore } from '../status/statuses.js';
import type { History } from './history.js';

/** The history keeps no senders. */
const UNKNOWN = 'unknown';

/**
 * After a kill the store may know less than the history: a heartbeat that turned a light, and that was not saved. Without
 * it the one before would turn the light back.
 */
export function catchUp(
  store: Pick<StatusStore, 'latest' | 'record'>,
  history: Pick<History, 'last'>,
  nowMs: number,
  log: Logger,
): void {
  for (const { operation, code: saved, receivedAtMs } of receivedHeartbeats(store.latest())) {
    const last = history.last(operation);
    if (last?.code === undefined) continue;
    const { code, message, sinceMs } = last;
    const otherLight = (code === OK) !== (saved === OK);
    // What is dated later than now was told by a clock that was wrong.
    if (!otherLight || sinceMs <= receivedAtMs || sinceMs >= nowMs) continue;
    log.info({ operation, code }, 'the last heartbeat was not saved: taken from the history');
    const sender = { remoteAddress: UNKNOWN, host: UNKNOWN };
    store.record({ operation, code, message, receivedAtMs: sinceMs, ...sender });
  }
}
