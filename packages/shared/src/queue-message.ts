export type QueueHeaders = Readonly<Record<string, string>>;

export interface OutgoingMessage {
  readonly destination: string;
  readonly body: string | Uint8Array;
  readonly headers?: QueueHeaders;
}

export interface ReceivedMessage {
  readonly headers: QueueHeaders;
  readonly body: Uint8Array;
}

/** A received message and the one that replaces it on the queue. */
export interface Replacement {
  readonly received: ReceivedMessage;
  readonly message: OutgoingMessage;
}
