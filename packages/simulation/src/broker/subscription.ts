import type { Frame } from './frame.js';
import type { StompVersion } from './header-escape.js';
import type { Consumer, MessageQueue } from './message-queue.js';
import { StompError } from './stomp-error.js';
import type { StoredMessage } from './stored-message.js';

export const ACK_MODES = ['auto', 'client', 'client-individual'] as const;
export type AckMode = (typeof ACK_MODES)[number];

export interface SubscriptionOptions {
  readonly id: string;
  readonly queue: MessageQueue;
  readonly ackMode: AckMode;
  /** How many messages it may hold without an acknowledgement. */
  readonly prefetch: number;
  readonly version: StompVersion;
  /** Whether the connection still takes messages, that is how far the client lags behind in reading. */
  readonly roomy: () => boolean;
  readonly send: (frame: Frame) => void;
  /** Called for each message of an `auto` subscription when it is on its way. */
  readonly consumed: (message: StoredMessage) => void;
}

/** A client's interest in one queue, and the messages that it has not acknowledged. */
export class Subscription implements Consumer {
  readonly queue: MessageQueue;
  readonly #options: SubscriptionOptions;
  readonly #unacknowledged = new Map<string, StoredMessage>();

  constructor(options: SubscriptionOptions) {
    this.queue = options.queue;
    this.#options = options;
  }

  get ready(): boolean {
    return this.#unacknowledged.size < this.#options.prefetch && this.#options.roomy();
  }

  deliver(message: StoredMessage): void {
    const { id, ackMode, version, send, consumed } = this.#options;
    const headers = new Map(message.headers)
      .set('subscription', id)
      .set('message-id', message.id)
      .set('destination', message.queue);
    if (message.redelivered) headers.set('redelivered', 'true');
    // Unique among what the client holds, and all that ACK and NACK need to name (STOMP 1.2, "ACK").
    if (version === '1.2' && ackMode !== 'auto') headers.set('ack', message.id);
    send({ command: 'MESSAGE', headers, body: message.body });
    if (ackMode === 'auto') consumed(message);
    else this.#unacknowledged.set(message.id, message);
  }

  holds(messageId: string): boolean {
    return this.#unacknowledged.has(messageId);
  }

  /**
   * The messages that an ACK or NACK of this one is about: it alone, or in `client` mode all that was delivered before it too.
   * @throws {StompError} STOMP_MESSAGE_UNKNOWN
   */
  coveredBy(messageId: string): StoredMessage[] {
    const named = this.#unacknowledged.get(messageId);
    if (named === undefined)
      throw new StompError('STOMP_MESSAGE_UNKNOWN', `message ${messageId} is not waiting to be acknowledged`);
    if (this.#options.ackMode !== 'client') return [named];
    const held = [...this.#unacknowledged.values()];
    return held.slice(0, held.indexOf(named) + 1);
  }

  /** The client is done with a message. */
  forget(message: StoredMessage): void {
    this.#unacknowledged.delete(message.id);
  }

  /** Ends the subscription: what is not acknowledged goes back to the queue for others. */
  end(): void {
    this.queue.detach(this);
    this.queue.takeBack([...this.#unacknowledged.values()]);
    this.#unacknowledged.clear();
  }
}
