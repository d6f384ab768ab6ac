import {
  MESSAGE_CONTENT_TYPE,
  numberHeaders,
  QueueError,
  type QueueLink,
  type QueueSession,
  toError,
} from '@podips/shared';

/** Sends bodies of messages to the queue. */
export interface QueueSender {
  /** The open session, by which callers tell one from the next; undefined: nothing can be sent. */
  readonly session: unknown;
  /** Whether the last attempt to connect failed. */
  readonly isDown: boolean;
  /** Resolves with the broker's receipt for all. @throws {QueueError} */
  send(bodies: readonly string[]): Promise<void>;
}

/** The numbers of the messages that this process has sent, through all its terms. */
export interface Numbering {
  readonly run: string;
  /** The number of the last message that was sent, and of the last one that the broker has made durable. */
  sent: number;
  published: number;
}

export interface QueueSenderEvents {
  /** The broker has made messages durable. */
  onPublished(count: number): void;
  onPublishFailed(error: Error): void;
}

export interface QueueSenderOptions {
  readonly destination: string;
  readonly numbering: Numbering;
}

/**
 * Sends over the session that is open. A failure is reported only if that session is still the newest. Messages that are
 * sent again get new numbers.
 */
export function createQueueSender(
  link: Pick<QueueLink, 'session' | 'state'>,
  { destination, numbering }: QueueSenderOptions,
  events: QueueSenderEvents,
): QueueSender {
  return {
    get session() {
      return link.session;
    },
    get isDown() {
      return link.state === 'down';
    },
    async send(bodies) {
      const session: Pick<QueueSession, 'send'> | undefined = link.session;
      if (session === undefined)
        throw new QueueError('QUEUE_DOWN', 'the queue is not connected', { retryable: true });
      const { run, sent } = numbering;
      const last = sent + bodies.length;
      numbering.sent = last;
      const headersOf = (index: number) => ({
        'content-type': MESSAGE_CONTENT_TYPE,
        ...numberHeaders({ run, number: sent + index + 1 }),
      });
      try {
        await session.send(bodies.map((body, index) => ({ destination, body, headers: headersOf(index) })));
      } catch (err) {
        if (link.session === session) events.onPublishFailed(toError(err));
        throw err;
      }
      numbering.published = Math.max(numbering.published, last);
      events.onPublished(bodies.length);
    },
  };
}
