import type { QueueError } from './errors.js';
import { receiptTimeout } from './queue-errors.js';

interface Pending {
  reject(error: QueueError): void;
}

/** The frames of one connection whose receipts have not come yet. */
export class PendingReceipts {
  readonly #timeoutMs: number;
  readonly #onOverdue: (error: QueueError) => void;
  readonly #pending = new Set<Pending>();
  #ended: QueueError | undefined;

  /** @param timeoutMs from one receipt to the next, in milliseconds */
  constructor(timeoutMs: number, onOverdue: (error: QueueError) => void) {
    this.#timeoutMs = timeoutMs;
    this.#onOverdue = onOverdue;
  }

  /**
   * Resolves when `onReceipt` was called `count` times.
   * @param write writes the frames
   * @throws {QueueError} what `end` was given
   */
  expect(count: number, write: (onReceipt: () => void) => void): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise<void>((resolve, reject) => {
      let missing = count;
      const timer = setTimeout(() => this.#onOverdue(receiptTimeout(this.#timeoutMs)), this.#timeoutMs);
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#pending.delete(pending);
        finish();
      };
      const pending: Pending = { reject: (error) => settle(() => reject(error)) };
      this.#pending.add(pending);
      write(() => {
        missing -= 1;
        if (missing === 0) settle(resolve);
        else timer.refresh();
      });
    });
  }

  /** The connection has ended: rejects all, also those that are expected later. */
  end(error: QueueError): void {
    this.#ended = error;
    for (const pending of [...this.#pending]) pending.reject(error);
  }
}
