import { MESSAGE_CONTENT_TYPE, QueueError, type QueueLink, type QueueSession, toError } from '@podips/shared';

/** Sends bodies of messages to the queue. */
export interface QueueSender {
  /** The open session, by which callers tell one from the next; undefined: nothing can be sent. */
  readonly session: unknown;
  /** Whether the last attempt to connect failed. */
  readonly isDown: boolean;
  /** Resolves with the broker's receipt for all. @throws {QueueError} */
  send(bodies: readonly string[]): Promise<void>;
}

export interface QueueSenderEvents {
  /** The broker has made messages durable. */
  onPublished(count: number): void;
  onPublishFailed(error: Error): void;
}

/** Sends over the session that is open. A failure is reported only if that session is still the newest. */
export function createQueueSender(
  link: Pick<QueueLink, 'session' | 'state'>,
  destination: string,
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
      const headers = { 'content-type': MESSAGE_CONTENT_TYPE };
      try {
        await session.send(bodies.map((body) => ({ destination, body, headers })));
      } catch (err) {
        if (link.session === session) events.onPublishFailed(toError(err));
        throw err;
      }
      events.onPublished(bodies.length);
    },
  };
}
