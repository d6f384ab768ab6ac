import type { Frame } from './frame.js';
import type { AckMode } from './frame-fields.js';
import type { StoredMessage } from './stored-message.js';

/** What the two sides owe each other while nothing else is sent. */
export interface Heartbeats {
  /** The client is given up after this long without a byte, in milliseconds; 0: never. */
  readonly clientSilenceMs: number;
  /** How often that is looked at, in milliseconds. */
  readonly checkEveryMs: number;
  /** Longest time without a byte to the client, in milliseconds; 0: none agreed. */
  readonly outgoingMs: number;
  /** `heart-beat` of CONNECTED; undefined: without one. */
  readonly answer: string | undefined;
}

/** What a client asks for in `heart-beat`, in milliseconds. */
export interface WantedHeartbeats {
  readonly clientSendsMs: number;
  readonly clientWantsMs: number;
}

/** How many messages a subscription may hold without an acknowledgement. */
export interface Flow {
  /** It gets one more as long as what it holds costs less than this. */
  readonly window: number;
  /** @param encodedBytes counts the length of the whole MESSAGE frame */
  cost(encodedBytes: () => number): number;
}

export type BrokerAction = 'send' | 'receive';

/** The points in which brokers that speak STOMP differ. */
export interface Behaviour {
  /** `server` of CONNECTED. */
  readonly server: string;
  /** Whether an ACK with a transaction waits for its COMMIT. */
  readonly ackJoinsTransaction: boolean;
  /** Whether NACK moves a message to the dead letter queue; otherwise it removes it. */
  readonly nackDeadLetters: boolean;
  readonly deadLetterQueue: string;
  /** After so many deliveries that count, a message is dead-lettered instead of delivered again. */
  readonly maxDeliveryAttempts: number;
  /** Whether a connection ends with the first ERROR frame. */
  readonly endsAtError: boolean;
  /** Whether what is sent without a type is dropped where nobody subscribes. */
  readonly multicastByDefault: boolean;
  /** @param wanted undefined: CONNECT has no `heart-beat` */
  heartbeats(wanted: WantedHeartbeats | undefined, ownMs: number): Heartbeats;
  /** @throws {StompError} STOMP_FRAME_MALFORMED */
  flow(subscribe: Frame, ackMode: AckMode): Flow;
  /** Headers that the broker adds to a MESSAGE. */
  deliveryHeaders(message: StoredMessage): Readonly<Record<string, string>>;
  /** How many deliveries count for a message that comes back. @param index its place among those that one consumer held */
  countsAsDelivered(index: number, connectionEnded: boolean): boolean;
  loginRefused(user: string): string;
  /** The user has no right to this. */
  refusal(user: string, action: BrokerAction, destination: string): string;
}
