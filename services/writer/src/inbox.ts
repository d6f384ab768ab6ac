import {
  invalidQueueOf,
  type Logger,
  MessageError,
  type OutgoingMessage,
  type QueueSession,
  type ReceivedMessage,
  toError,
} from '@podips/shared';
import { type LogEvent, toLogEvent } from './record.js';

/** A message that Fluentd has not acknowledged yet. */
export interface HeldMessage {
  readonly received: ReceivedMessage;
  readonly event: LogEvent;
}

/** What the inbox needs of a connection to the broker. */
export type InboxSession = Pick<QueueSession, 'subscribe' | 'ack' | 'replace'>;

export interface InboxOptions {
  /** The destination that messages come from, and return to. */
  readonly queue: string;
  /** Most messages held without an acknowledgement. */
  readonly prefetch: number;
}

export interface InboxEvents {
  onReceived(): void;
  /** A message can never succeed and goes to the queue for invalid ones. */
  onInvalid(reason: string): void;
  onRequeued(count: number): void;
  /** There is something to forward. */
  onReady(): void;
}

/**
 * The messages that the broker has lent us: at most its prefetch. They leave by being acknowledged, by being put back,
 * or when the session ends, for then the broker gives them to somebody again.
 */
export class Inbox {
  readonly #events: InboxEvents;
  readonly #log: Logger;
  readonly #waiting = new Set<HeldMessage>();
  readonly #forwarding = new Set<HeldMessage>();
  readonly #queue: string;
  readonly #prefetch: number;
  #session: InboxSession | undefined;
  #unsubscribe: (() => void) | undefined;
  #intake: 'paused' | 'open' | 'closed' = 'paused';

  constructor({ queue, prefetch }: InboxOptions, events: InboxEvents, log: Logger) {
    this.#queue = queue;
    this.#prefetch = prefetch;
    this.#events = events;
    this.#log = log;
  }

  /** All messages held: not yet forwarded, or forwarded without an ack. */
  get size(): number {
    return this.#waiting.size + this.#forwarding.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** A session is open: takes messages from it as long as intake is open. */
  sessionStarted(session: InboxSession): void {
    this.#session = session;
    this.#subscribe();
  }

  /** The session has ended: the broker takes back what it lent. */
  sessionEnded(): void {
    this.#session = undefined;
    this.#unsubscribe = undefined;
    this.#waiting.clear();
    this.#forwarding.clear();
  }

  /** Lets messages come. Until the first call none do, so that nothing is lent to a writer that cannot forward it. */
  openIntake(): void {
    if (this.#intake !== 'paused') return;
    this.#intake = 'open';
    this.#subscribe();
  }

  /**
   * Stops intake for good; what is held stays held. The subscription stays open: without it the broker would lend what
   * is held to somebody else at once, and take no acknowledgement for it. What still comes returns when the session ends.
   */
  closeIntake(): void {
    this.#intake = 'closed';
  }

  /** Takes all that waits, to be forwarded; to be followed by `acknowledge` or `putBack`. */
  take(): readonly HeldMessage[] {
    const batch = [...this.#waiting];
    this.#waiting.clear();
    for (const message of batch) this.#forwarding.add(message);
    return batch;
  }

  /** Fluentd has the messages. */
  acknowledge(batch: readonly HeldMessage[]): void {
    for (const message of batch) {
      // One that is not held any more belongs to an ended session: the broker sends it again, with the same event_id.
      if (this.#forwarding.delete(message)) this.#session?.ack(message.received);
    }
  }

  /**
   * Puts everything held back on the queue, so that another writer can have it, and takes no more until intake is
   * opened again. Never rejects.
   */
  async putBack(): Promise<void> {
    const session = this.#session;
    const held = [...this.#forwarding, ...this.#waiting];
    this.#waiting.clear();
    this.#forwarding.clear();
    if (this.#intake === 'open') this.#intake = 'paused';
    if (session === undefined) return;
    const replaced = session.replace(
      held.map(({ received }) => ({ received, message: copyTo(this.#queue, received) })),
    );
    // After the acknowledgements, which the broker takes only while the subscription is there.
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    try {
      await replaced;
      if (held.length > 0) this.#events.onRequeued(held.length);
    } catch (err) {
      this.#log.warn(
        { err: toError(err), messages: held.length },
        'not put back; the broker sends them again',
      );
    }
  }

  #subscribe(): void {
    const session = this.#session;
    if (session === undefined || this.#intake !== 'open' || this.#unsubscribe) return;
    this.#unsubscribe = session.subscribe(this.#queue, this.#prefetch, (received) =>
      this.#receive(session, received),
    );
  }

  #receive(session: InboxSession, received: ReceivedMessage): void {
    if (this.#intake !== 'open' || session !== this.#session) return;
    this.#events.onReceived();
    try {
      this.#waiting.add({ received, event: toLogEvent(received.body, Date.now()) });
      this.#events.onReady();
    } catch (err) {
      if (!(err instanceof MessageError)) throw err;
      void this.#setAside(session, received, err);
    }
  }

  async #setAside(session: InboxSession, received: ReceivedMessage, reason: MessageError): Promise<void> {
    const bytes = received.body.byteLength;
    this.#log.warn(
      { err: reason, bytes, messageId: received.headers['message-id'] },
      'message set aside as invalid',
    );
    this.#events.onInvalid(reason.code);
    const message = copyTo(invalidQueueOf(this.#queue), received, {
      'podips-error': reason.code,
      'podips-reason': reason.message,
    });
    try {
      await session.replace([{ received, message }]);
    } catch (err) {
      this.#log.warn({ err: toError(err) }, 'not set aside; the broker sends it again');
    }
  }
}

/** Headers that belong to one delivery, not to the message. */
const DELIVERY_HEADERS = new Set([
  'ack',
  'content-length',
  'destination',
  'expires',
  'message-id',
  'original-destination',
  'persistent',
  'priority',
  'receipt',
  'redelivered',
  'subscription',
  'timestamp',
  'transaction',
]);

function copyTo(
  destination: string,
  received: ReceivedMessage,
  extra: Record<string, string> = {},
): OutgoingMessage {
  const own = Object.entries(received.headers).filter(([name]) => !DELIVERY_HEADERS.has(name));
  return { destination, body: received.body, headers: { ...Object.fromEntries(own), ...extra } };
}
