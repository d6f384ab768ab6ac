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
  #isReadKnown = false;

  /** A heartbeat that reports success. @param nowMs on a monotonic clock */
  heartbeat(operation: LightId, nowMs: number): void {
    if (operation === 'queue/read') {
      this.#firstMs = undefined;
      this.#isReadKnown = true;
    }
    if (operation !== 'queue/write') return;
    // One long after the one before starts another count, unless it is known that none is read.
    if (!this.#isUnread && nowMs - this.#lastMs > OVERDUE_MS) this.#firstMs = undefined;
    this.#firstMs ??= nowMs;
    this.#lastMs = nowMs;
  }

  /** undefined: not known, as no heartbeat of queue read has come yet. */
  get isOverdue(): boolean | undefined {
    return this.#isUnread || (this.#isReadKnown ? false : undefined);
  }

  get #isUnread(): boolean {
    return this.#firstMs !== undefined && this.#lastMs - this.#firstMs >= OVERDUE_MS;
  }
}
