import type { FrameHeaders } from './frame.js';

/** Where a message goes that a consumer refuses with NACK, as on ActiveMQ. */
export const DEAD_LETTER_QUEUE = '/queue/ActiveMQ.DLQ';

export interface StoredMessage {
  readonly id: string;
  /** Order of arrival at the broker. */
  readonly sequence: number;
  readonly queue: string;
  /** Headers of the sender that consumers see too. */
  readonly headers: FrameHeaders;
  readonly body: Buffer;
  readonly redelivered: boolean;
}

/** Only what is sent with `persistent:true` outlives the broker, as on ActiveMQ. */
export function isPersistent(message: StoredMessage): boolean {
  return message.headers.get('persistent') === 'true';
}

/** One step of what happens to the stored messages. */
export interface Change {
  readonly kind: 'add' | 'remove';
  readonly message: StoredMessage;
}
