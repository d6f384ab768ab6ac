import type { LightId } from '../status/statuses.js';

/** How long messages are published while none is read. */
const OVERDUE_MS = 15_000;

/**
 * Whether messages are published and none is read, by the heartbeats alone, as readers and writers of earlier versions send
 * them. A single heartbeat of queue write says little, as it may be about the connection: they have to go on.
 */
export class Unread {
  /** The first and the last heartbeat of queue write since the last one of queue read. */
  #firstMs: number | undefined;
  #lastMs = 0;

  /** A heartbeat that reports success. @param nowMs on a monotonic clock */
  heartbeat(operation: LightId, nowMs: number): void {
    if (operation === 'queue/read') this.#firstMs = undefined;
    if (operation !== 'queue/write') return;
    // One long after the one before starts another count.
    if (this.#firstMs === undefined || nowMs - this.#lastMs > OVERDUE_MS) this.#firstMs = nowMs;
    this.#lastMs = nowMs;
  }

  isOverdue(nowMs: number): boolean {
    return this.#firstMs !== undefined && this.#lastMs - this.#firstMs >= OVERDUE_MS && nowMs >= this.#lastMs;
  }
}
