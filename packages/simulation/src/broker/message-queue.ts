import { Fifo } from './fifo.js';
import type { StoredMessage } from './stored-message.js';

/** A consumer to which a queue hands its messages. */
export interface Consumer {
  /** Whether it takes one more message now. */
  readonly ready: boolean;
  deliver(message: StoredMessage): void;
}

/** One queue: messages in order of arrival, dispatched in turn to the consumers that are ready. */
export class MessageQueue {
  readonly name: string;
  readonly #fresh = new Fifo<StoredMessage>();
  /** Taken back from consumers that left, by sequence; all older than anything in `#fresh`. */
  #returned: StoredMessage[] = [];
  readonly #consumers: Consumer[] = [];
  #turn = 0;
  #held = 0;
  #enqueued = 0;

  constructor(name: string) {
    this.name = name;
  }

  /** Messages that are not acknowledged: waiting, or held by a consumer. */
  get depth(): number {
    return this.#waiting + this.#held;
  }

  /** Messages ever put on the queue. */
  get enqueued(): number {
    return this.#enqueued;
  }

  get consumerCount(): number {
    return this.#consumers.length;
  }

  add(message: StoredMessage): void {
    this.#fresh.push(message);
    this.#enqueued += 1;
  }

  /** A message that a consumer holds is done with. */
  settle(): void {
    this.#held -= 1;
  }

  /** Puts messages that a consumer held back to their places in the order. */
  takeBack(messages: readonly StoredMessage[]): void {
    this.#held -= messages.length;
    this.#returned = [...this.#returned, ...messages].sort((a, b) => a.sequence - b.sequence);
  }

  attach(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  detach(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index !== -1) this.#consumers.splice(index, 1);
  }

  /** Hands out messages until none waits or no consumer is ready. */
  dispatch(): void {
    while (this.#waiting > 0) {
      const consumer = this.#nextReady();
      const message = consumer && (this.#returned.shift() ?? this.#fresh.take());
      if (!message) return;
      this.#held += 1;
      consumer.deliver(message);
    }
  }

  get #waiting(): number {
    return this.#returned.length + this.#fresh.length;
  }

  #nextReady(): Consumer | undefined {
    const count = this.#consumers.length;
    for (let step = 0; step < count; step += 1) {
      const index = (this.#turn + step) % count;
      const consumer = this.#consumers[index];
      if (!consumer?.ready) continue;
      this.#turn = index + 1;
      return consumer;
    }
    return undefined;
  }
}
