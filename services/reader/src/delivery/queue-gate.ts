import type { QueueSender } from './queue-sender.js';

/**
 * The queue as newer messages see it: while the gate is closed, it is not connected to them. What an earlier reader left
 * in the outbox passes meanwhile; when the broker is down, the newer ones go to the outbox behind it.
 */
export class QueueGate implements QueueSender {
  readonly #queue: QueueSender;
  #isOpen: boolean;

  constructor(queue: QueueSender, isOpen: boolean) {
    this.#queue = queue;
    this.#isOpen = isOpen;
  }

  get session(): unknown {
    return this.#isOpen ? this.#queue.session : undefined;
  }

  get isDown(): boolean {
    return this.#queue.isDown;
  }

  send(bodies: readonly string[]): Promise<void> {
    return this.#queue.send(bodies);
  }

  open(): void {
    this.#isOpen = true;
  }
}
