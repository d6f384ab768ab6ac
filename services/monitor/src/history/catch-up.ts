import { type Logger, OK } from '@podips/shared';
import { receivedHeartbeats, type StatusStore } from '../status/statuses.js';
import type { History } from './history.js';

/** The history keeps no senders. */
const UNKNOWN = 'unknown';

/**
 * After a kill the store may know less than the history: a heartbeat that made a transition and was not saved.
 * Without it the one before would revert the light.
 */
export function catchUp(
  store: Pick<StatusStore, 'latest' | 'record'>,
  history: Pick<History, 'last'>,
  nowMs: number,
  log: Logger,
): void {
  for (const { operation, code: saved, receivedAtMs } of receivedHeartbeats(store.latest())) {
    const last = history.last(operation);
    // One that was not known any more made no transition of its own.
    if (last?.code === undefined || last.light === 'grey') continue;
    const { code, message, sinceMs } = last;
    const otherLight = (code === OK) !== (saved === OK);
    // A time later than now is from a clock that was wrong.
    if (!otherLight || sinceMs <= receivedAtMs || sinceMs >= nowMs) continue;
    log.info({ operation, code }, 'last heartbeat was not saved; restored from the history');
    const sender = { remoteAddress: UNKNOWN, host: UNKNOWN };
    store.record({ operation, code, message, receivedAtMs: sinceMs, ...sender });
  }
}

/** The ledger that an earlier run had is followed no more: nothing is known of it from this start on, so no incident goes on. */
export function endLedger(history: Pick<History, 'last' | 'record'>, nowMs: number): void {
  const last = history.last('ledger');
  if (last === undefined || (last.light === 'grey' && last.code === undefined)) return;
  history.record({ operation: 'ledger', from: last.light, to: 'grey', atMs: nowMs, heartbeat: undefined });
}
