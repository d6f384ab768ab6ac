import type { Behaviour, Flow } from './behaviour.js';
import { type Frame, serializeFrame } from './frame.js';
import type { AckMode } from './frame-fields.js';
import type { StompVersion } from './header-escape.js';
import type { Consumer, MessageQueue } from './message-queue.js';
import { StompError } from './stomp-error.js';
import type { StoredMessage } from './stored-message.js';

export interface SubscriptionOptions {
  readonly id: string;
  readonly queue: MessageQueue;
  readonly ackMode: AckMode;
  /** How many messages it may hold without an acknowledgement. */
  readonly flow: Flow;
  readonly behaviour: Behaviour;
  readonly version: StompVersion;
  /** Whether the connection still takes messages, that is how far the client lags behind in reading. */
  readonly roomy: () => boolean;
  readonly send: (frame: Frame) => void;
  /** Called for each message of an `auto` subscription when it is on its way. */
  readonly consumed: (message: StoredMessage) => void;
}

interface Held {
  readonly message: StoredMessage;
  readonly cost: number;
}

/** A client's interest in one queue, and the messages that it has not acknowledged. */
export class Subscription implements Consumer {
  readonly queue: MessageQueue;
  readonly #options: SubscriptionOptions;
  readonly #unacknowledged = new Map<string, Held>();
  #cost = 0;

  constructor(options: SubscriptionOptions) {
    this.queue = options.queue;
    this.#options = options;
  }

  get ready(): boolean {
    return this.#cost < this.#options.flow.window && this.#options.roomy();
  }

  deliver(message: StoredMessage): void {
    const { ackMode, version, flow, send, consumed } = this.#options;
    const delivered = this.#frame(message);
    send(delivered);
    if (ackMode === 'auto') {
      consumed(message);
      return;
    }
    const cost = flow.cost(() => serializeFrame(delivered, version).byteLength);
    this.#unacknowledged.set(message.id, { message, cost });
    this.#cost += cost;
  }

  #frame(message: StoredMessage): Frame {
    const { id, ackMode, version, behaviour } = this.#options;
    const headers = new Map(message.headers)
      .set('subscription', id)
      .set('message-id', message.id)
      .set('destination', message.destination);
    for (const [name, value] of Object.entries(behaviour.deliveryHeaders(message))) headers.set(name, value);
    // Unique among what the client holds, and all that ACK and NACK need to name (STOMP 1.2, "ACK").
    if (version === '1.2' && ackMode !== 'auto') headers.set('ack', message.id);
    return { command: 'MESSAGE', headers, body: message.body };
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
    if (this.#options.ackMode !== 'client') return [named.message];
    const held = [...this.#unacknowledged.values()];
    return held.slice(0, held.indexOf(named) + 1).map(({ message }) => message);
  }

  /** The client is done with a message. */
  forget(message: StoredMessage): void {
    this.#cost -= this.#unacknowledged.get(message.id)?.cost ?? 0;
    this.#unacknowledged.delete(message.id);
  }

  /**
   * Ends the subscription: what is not acknowledged goes back to the queue for others.
   * @returns what has been delivered too often and does not go back
   */
  end(connectionEnded: boolean): StoredMessage[] {
    const { behaviour } = this.#options;
    this.queue.detach(this);
    const held = [...this.#unacknowledged.values()].map(({ message }, index) => ({
      ...message,
      attempts: message.attempts + (behaviour.countsAsDelivered(index, connectionEnded) ? 1 : 0),
    }));
    this.#unacknowledged.clear();
    this.#cost = 0;
    const isSpent = ({ attempts }: StoredMessage) => attempts >= behaviour.maxDeliveryAttempts;
    this.queue.takeBack(held.filter((message) => !isSpent(message)));
    return held.filter(isSpent);
  }
}
