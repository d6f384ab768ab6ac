import type { QueueHeaders } from './queue-message.js';

/** The brokers that `QUEUE_BROKER` can name. */
export const BROKERS = ['activemq', 'artemis', 'rabbitmq'] as const;
export type BrokerName = (typeof BROKERS)[number];

/** What one broker does differently from another where STOMP leaves it open. */
export interface BrokerDialect {
  /** As its own documentation calls it. */
  readonly name: string;
  /** The beginning of the `server` header in its CONNECTED frame. */
  readonly server: string;
  /** What makes several SENDs durable: the receipt of a transaction's COMMIT, or the receipt of each. */
  readonly durableBy: 'commit' | 'receipts';
  /** How long after the first receipt from a new queue its definition may be in memory only, in milliseconds. */
  readonly definitionOnDiskAfterMs: number;
  /** How a message takes the place of another: SEND and ACK in one transaction, or ACK after the receipt of the SEND. */
  readonly replaceBy: 'transaction' | 'ack-after-receipt';
  /** How a subscription ends: by UNSUBSCRIBE, or, where a message that is on its way would be an error then, by closing. */
  readonly unsubscribeBy: 'frame' | 'closing';
  /** Whether a message may return to its place when its connection closes; else a copy replaces it on the queue. */
  returnsOnClose(headers: QueueHeaders): boolean;
  readonly sendHeaders: QueueHeaders;
  /** @param prefetch most messages without an acknowledgement */
  subscribeHeaders(prefetch: number): QueueHeaders;
  /** Headers of a received message that mean something else in a SEND, or that the broker sets for each delivery. */
  readonly deliveryHeaders: ReadonlySet<string>;
  readonly maxHeaders: number;
  /** Name and value of one header, encoded. */
  readonly maxHeaderBytes: number;
  /** What a consumer cannot have from it; undefined: it can do all that podips needs. */
  readonly cannot: string | undefined;
}

/** Artemis counts the prefetch in bytes. Messages of podips have about this many, headers included. */
const MESSAGE_BYTES = 1_024;
const NO_TRANSACTION =
  'no ACK in a transaction: a message that is requeued or dead-lettered while the connection breaks may come twice';

const activemq: BrokerDialect = {
  name: 'ActiveMQ Classic',
  server: 'ActiveMQ/',
  durableBy: 'commit',
  definitionOnDiskAfterMs: 0,
  replaceBy: 'transaction',
  unsubscribeBy: 'frame',
  // Redelivery policies dead-letter what returns too often.
  returnsOnClose: () => false,
  sendHeaders: {},
  subscribeHeaders: (prefetch) => ({ 'activemq.prefetchSize': String(prefetch) }),
  deliveryHeaders: new Set(),
  // StompWireFormat.java: MAX_HEADERS, MAX_HEADER_LENGTH. More ends the connection.
  maxHeaders: 1_000,
  maxHeaderBytes: 10_240,
  cannot: undefined,
};

/** From its documentation ("STOMP") and its source (StompSession.java, StompFrameHandlerV12.java). */
const artemis: BrokerDialect = {
  ...activemq,
  name: 'Artemis',
  server: 'ActiveMQ-Artemis/',
  // An ACK in a transaction is executed at once, and a NACK discards.
  replaceBy: 'ack-after-receipt',
  // Else the address may become multicast, and what is sent to it without a consumer is confirmed and dropped.
  sendHeaders: { 'destination-type': 'ANYCAST' },
  subscribeHeaders: (prefetch) => ({
    'subscription-type': 'ANYCAST',
    'consumer-window-size': String(prefetch * MESSAGE_BYTES),
  }),
  deliveryHeaders: new Set(['destination-type', 'ingress-timestamp', 'amqMessageId', 'JMSXUserID']),
  // Its documentation ("Message Redelivery and Undelivered Messages"): each delivery that ends with the connection counts.
  cannot: `Artemis has ${NO_TRANSACTION}; and unless max-delivery-attempts is -1 for the queue (it is 10 by default), a message is taken away after that many lost connections`,
};

/** From its source (rabbit_stomp_processor.erl, rabbit_stomp_frame.hrl, rabbit_stomp_headers.hrl) of 3.10 and 4.x. */
const rabbitmq: BrokerDialect = {
  name: 'RabbitMQ',
  server: 'RabbitMQ/',
  // The receipt of COMMIT comes before the broker's confirms.
  durableBy: 'receipts',
  // Seen with 3.10, where Mnesia's log is written with a delay of two seconds.
  definitionOnDiskAfterMs: 4_000,
  replaceBy: 'ack-after-receipt',
  unsubscribeBy: 'closing',
  // A quorum queue counts returns, and drops a message after 20 of them; a copy begins at none.
  returnsOnClose: (headers) => headers['x-delivery-count'] === undefined,
  sendHeaders: {},
  subscribeHeaders: (prefetch) => ({ 'prefetch-count': String(prefetch) }),
  deliveryHeaders: new Set([
    'x-delivery-count',
    'x-acquired-count',
    'amqp-message-id',
    'expiration',
    'user-id',
    // In a SEND these are properties of the queue that it creates.
    'durable',
    'auto-delete',
    'exclusive',
    'x-dead-letter-exchange',
    'x-dead-letter-routing-key',
    'x-expires',
    'x-max-length',
    'x-max-length-bytes',
    'x-max-age',
    'x-max-priority',
    'x-message-ttl',
    'x-queue-name',
    'x-queue-type',
    'x-stream-filter-size-bytes',
    'x-stream-max-segment-size-bytes',
  ]),
  maxHeaders: 100,
  maxHeaderBytes: 102_400,
  cannot: `RabbitMQ has ${NO_TRANSACTION}`,
};

export const DIALECTS: Readonly<Record<BrokerName, BrokerDialect>> = { activemq, artemis, rabbitmq };

/** Expects nothing of a broker beyond STOMP 1.2, and no more than the least of the known ones. */
const unknown: BrokerDialect = {
  ...rabbitmq,
  name: 'a broker that podips does not know',
  server: '',
  returnsOnClose: () => false,
  sendHeaders: artemis.sendHeaders,
  subscribeHeaders: (prefetch) =>
    Object.assign({}, ...Object.values(DIALECTS).map((dialect) => dialect.subscribeHeaders(prefetch))),
  deliveryHeaders: new Set([...artemis.deliveryHeaders, ...rabbitmq.deliveryHeaders]),
  maxHeaderBytes: activemq.maxHeaderBytes,
  cannot: `nothing is known of the broker, so there is ${NO_TRANSACTION}`,
};

export interface RecognizedBroker {
  readonly dialect: BrokerDialect;
  /** What an operator should know of the choice. */
  readonly doubts: readonly string[];
  /** Why the settings cannot be right: with the rules of another broker, messages would count as durable too early. */
  readonly contradiction?: string;
}

/**
 * The dialect for a connection.
 * @param server CONNECTED's `server` header; brokers can hide it
 * @param setting the broker that the settings name, which holds unless the header names another; undefined: the header
 * decides
 */
export function recognizeBroker(server: string | undefined, setting?: BrokerName): RecognizedBroker {
  const names = Object.values(DIALECTS).find((dialect) => server?.startsWith(dialect.server));
  const says = server === undefined ? 'does not say what it is' : `says that it is ${server.slice(0, 60)}`;
  if (setting !== undefined) {
    const dialect = DIALECTS[setting];
    if (names === undefined || names === dialect) return { dialect, doubts: [] };
    const contradiction = `QUEUE_BROKER is ${setting}, but the broker ${says}: name that one, or set auto`;
    return { dialect, doubts: [], contradiction };
  }
  if (names) return { dialect: names, doubts: [] };
  const doubt = `the broker ${says}, none of ${BROKERS.join(', ')}; only what STOMP 1.2 promises is assumed`;
  return { dialect: unknown, doubts: [doubt] };
}
