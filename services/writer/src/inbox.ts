import {
  copyMessage,
  type EndSubscription,
  type Logger,
  MessageError,
  type QueueSession,
  type ReceivedMessage,
  toError,
} from '@podips/shared';
import { type DeadLetterEvents, DeadLetters } from './dead-letters.js';
import { type LogEvent, toLogEvent } from './record.js';

/** A message that Fluentd has not acknowledged yet. */
export interface InFlightMessage {
  readonly received: ReceivedMessage;
  readonly event: LogEvent;
}

/** The part of a connection to the broker that the inbox needs. */
export type InboxSession = Pick<QueueSession, 'subscribe' | 'ack' | 'replace' | 'dialect'>;

export interface InboxOptions {
  /** The destination that messages come from, and return to. */
  readonly queue: string;
  /** Most messages in flight without an acknowledgement. */
  readonly prefetch: number;
}

export interface InboxEvents extends DeadLetterEvents {
  onReceived(): void;
  onRequeued(count: number): void;
  /** A message waits to be forwarded. */
  onReady(): void;
}

/**
 * The messages in flight from the broker: at most its prefetch. They leave when they are acknowledged or requeued, or
 * when the session ends, because the broker then redelivers them.
 */
export class Inbox {
  readonly #events: InboxEvents;
  readonly #log: Logger;
  readonly #waiting = new Set<InFlightMessage>();
  readonly #forwarding = new Set<InFlightMessage>();
  readonly #queue: string;
  readonly #prefetch: number;
  readonly #deadLetters: DeadLetters;
  #session: InboxSession | undefined;
  #unsubscribe: EndSubscription | undefined;
  #intake: 'paused' | 'open' | 'closed' = 'paused';

  constructor({ queue, prefetch }: InboxOptions, events: InboxEvents, log: Logger) {
    this.#queue = queue;
    this.#prefetch = prefetch;
    this.#events = events;
    this.#log = log;
    this.#deadLetters = new DeadLetters(queue, prefetch, events, log);
  }

  /** All messages in flight: not yet forwarded, or forwarded without an ack. */
  get size(): number {
    return this.#waiting.size + this.#forwarding.size;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** A session is open: accepts messages from it as long as intake is open. */
  sessionStarted(session: InboxSession): void {
    this.#session = session;
    this.#subscribe();
  }

  /** The session has ended: the broker redelivers what was in flight. */
  sessionEnded(): void {
    this.#session = undefined;
    this.#unsubscribe = undefined;
    this.#waiting.clear();
    this.#forwarding.clear();
    this.#deadLetters.sessionEnded();
  }

  /** Nothing is done any more by itself; to be called after the last `requeue`. */
  stop(): void {
    this.#deadLetters.stop();
  }

  /** Opens intake. It is closed until the first call, so that nothing is delivered to a writer that cannot forward it. */
  openIntake(): void {
    if (this.#intake !== 'paused') return;
    this.#intake = 'open';
    this.#subscribe();
  }

  /**
   * Stops intake for good; messages in flight stay. The subscription stays open: without it the broker would redeliver
   * them to another writer at once, and accept no acknowledgement. Messages that still arrive are redelivered when the
   * session ends.
   */
  closeIntake(): void {
    this.#intake = 'closed';
  }

  /** Moves all waiting messages to forwarding; to be followed by `acknowledge` or `requeue`. */
  takeBatch(): readonly InFlightMessage[] {
    const batch = [...this.#waiting];
    this.#waiting.clear();
    for (const message of batch) this.#forwarding.add(message);
    return batch;
  }

  /** Fluentd has the messages. */
  acknowledge(batch: readonly InFlightMessage[]): void {
    for (const message of batch) {
      // Any other belongs to an ended session: the broker redelivers it, with the same event_id.
      if (this.#forwarding.delete(message)) this.#session?.ack(message.received);
    }
  }

  /**
   * Requeues all messages in flight, so that another writer can have them, and closes intake until it is opened again.
   * Never rejects.
   */
  async requeue(): Promise<void> {
    const session = this.#session;
    const inFlight = [...this.#forwarding, ...this.#waiting];
    this.#waiting.clear();
    this.#forwarding.clear();
    if (this.#intake === 'open') this.#intake = 'paused';
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = undefined;
    if (session === undefined || unsubscribe === undefined) return;
    const invalid = await this.#deadLetters.takeAll();
    const received = [...inFlight.map((message) => message.received), ...invalid];
    try {
      await unsubscribe(
        received.map((one) => ({ received: one, message: copyMessage(one, this.#queue, session.dialect) })),
      );
      if (received.length > 0) this.#events.onRequeued(received.length);
    } catch (err) {
      this.#log.warn(
        { err: toError(err), messages: received.length },
        'messages not requeued; the broker redelivers them',
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
      this.#deadLetters.add(session, { received, reason: err });
    }
  }
}
