import type { FrameHeaders } from './frame.js';

export interface StoredMessage {
  readonly id: string;
  /** Order of arrival at the broker. */
  readonly sequence: number;
  readonly queue: string;
  /** What it was sent to; the queue itself unless a destination has several queues. */
  readonly destination: string;
  /** Headers of the sender that consumers see too. */
  readonly headers: FrameHeaders;
  readonly body: Buffer;
  /** Earlier deliveries that count. */
  readonly attempts: number;
}

/** In the names of temporary queues, each of one subscription, after that of the destination. */
export const TEMPORARY = '::';

/** Whether a queue ends with its subscription. */
export function isTemporary(queue: string): boolean {
  return queue.includes(TEMPORARY);
}

/** Only what is sent with `persistent:true` outlives the broker, as on ActiveMQ, unless its queue does not. */
export function isPersistent(message: StoredMessage): boolean {
  return message.headers.get('persistent') === 'true' && !isTemporary(message.queue);
}

/** One step of what happens to the stored messages. */
export interface Change {
  readonly kind: 'add' | 'remove';
  readonly message: StoredMessage;
}
