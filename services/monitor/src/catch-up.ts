import type { History } from './history/history.js';
import { heardOf, type StatusStore } from './statuses.js';

/**
 * After a kill the store may know less than the history: a heartbeat that turned a light, and that was not saved. Without
 * it an old heartbeat would turn the light back, at a time before it was turned.
 */
export function catchUp(
  store: Pick<StatusStore, 'latest' | 'record'>,
  history: Pick<History, 'last'>,
  nowMs: number,
): void {
  for (const heartbeat of heardOf(store.latest())) {
    const last = history.last(heartbeat.operation);
    if (last?.code === undefined) continue;
    const { code, message, sinceMs } = last;
    // What is dated later than now was told by a clock that was wrong.
    if (sinceMs > heartbeat.receivedAtMs && sinceMs < nowMs)
      store.record({ ...heartbeat, code, message, receivedAtMs: sinceMs });
  }
}
