import type { BrokerDialect } from './broker-dialect.js';
import type { OutgoingMessage, QueueHeaders, ReceivedMessage } from './queue-message.js';

/** Headers that belong to one delivery, not to the message. */
const DELIVERY_HEADERS: ReadonlySet<string> = new Set([
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

/** Headers of our own that are added to those of a received message. */
const RESERVED_HEADERS = 16;

/**
 * A message like a received one. Headers that the broker would refuse, because they are too long or too many, are left
 * out: another producer's message may have them, over another protocol.
 */
export function copyMessage(
  received: ReceivedMessage,
  destination: string,
  dialect: BrokerDialect,
  extra: QueueHeaders = {},
): OutgoingMessage {
  const { maxHeaders, maxHeaderBytes, deliveryHeaders } = dialect;
  const kept = Object.entries(received.headers).filter(
    ([name, value]) =>
      !DELIVERY_HEADERS.has(name) &&
      !deliveryHeaders.has(name) &&
      encodedLength(name) + encodedLength(value) < maxHeaderBytes,
  );
  const headers = Object.fromEntries(kept.slice(0, maxHeaders - RESERVED_HEADERS));
  return { destination, body: received.body, headers: { ...headers, ...extra } };
}

/** Every character that STOMP escapes becomes two. */
const encodedLength = (text: string) => Buffer.byteLength(text.replace(/[\\:\r\n]/g, '\\\\'));
