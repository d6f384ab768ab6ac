import { connect as connectTcp, type Socket } from 'node:net';
import type { Client } from 'stompit';
import { QueueError, toError } from './errors.js';
import type { QueueServer } from './settings/queue-settings.js';
import { createStompClient, logIn, readBody } from './stomp-client.js';

export interface QueueSessionOptions {
  readonly server: QueueServer;
  readonly username: string;
  readonly password: string;
  /** Requested in both directions. */
  readonly heartbeatMs: number;
  /** From the first packet to the CONNECTED frame. */
  readonly connectTimeoutMs: number;
  /** From sending a frame to its RECEIPT. */
  readonly receiptTimeoutMs: number;
}

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

const DISCONNECT_TIMEOUT_MS = 2_000;

interface Pending {
  resolve(): void;
  reject(error: QueueError): void;
}

/**
 * One STOMP connection, from CONNECTED to its first error: it is never reopened. Sends without a receipt
 * are rejected when it ends, because only the broker knows whether they arrived.
 */
export class QueueSession {
  readonly server: QueueServer;
  /** Settles, always with an error, when the connection ends for whatever reason. */
  readonly closed: Promise<QueueError>;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #receiptTimeoutMs: number;
  readonly #pending = new Set<Pending>();
  #settleClosed: (error: QueueError) => void = () => undefined;
  #ended: QueueError | undefined;
  #transactions = 0;
  #subscriptions = 0;

  /**
   * Opens a connection and logs in.
   * @throws {QueueError} QUEUE_CONNECT_TIMEOUT, QUEUE_CONNECT_FAILED (also for a refused login)
   */
  static async connect(options: QueueSessionOptions, signal?: AbortSignal): Promise<QueueSession> {
    const { server, connectTimeoutMs, heartbeatMs } = options;
    const socket = connectTcp({ host: server.host, port: server.port, noDelay: true, keepAlive: true });
    const client = createStompClient(socket, heartbeatMs);
    const session = new QueueSession(client, socket, options);
    const timer = setTimeout(() => session.#end(connectTimeout(options)), connectTimeoutMs);
    const onAbort = () => session.#end(new Error('stopped'));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      await Promise.race([logIn(client, socket, options), session.closed.then((err) => Promise.reject(err))]);
      return session;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private constructor(client: Client, socket: Socket, options: QueueSessionOptions) {
    this.server = options.server;
    this.#client = client;
    this.#socket = socket;
    this.#receiptTimeoutMs = options.receiptTimeoutMs;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    client.on('error', (err: Error) => this.#end(err));
    client.on('end', () => this.#end(new Error('the connection was closed')));
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Bytes read so far; with heart-beats on, a live broker makes it grow within every interval. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Whether the broker agreed to send heart-beats, so that a dead link is noticed when nothing else flows. */
  get brokerSendsHeartbeats(): boolean {
    return Number(this.#client.headers['heart-beat']?.split(',')[0] ?? 0) > 0;
  }

  /**
   * Sends persistent messages, several of them in one transaction: all or none arrive.
   * Resolves at the broker's RECEIPT, that is when they are durable.
   * @throws {QueueError} retryable; whether the messages arrived is then unknown
   */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    const [first] = messages;
    if (first === undefined) return;
    if (messages.length === 1) return this.#withReceipt((onReceipt) => this.#write(first, {}, onReceipt));
    await this.#inTransaction((transaction) => {
      for (const message of messages) this.#write(message, { transaction });
    });
  }

  /**
   * Replaces received messages: SEND and ACK in one transaction.
   * @throws {QueueError} retryable; the broker then still has the received ones, or already the replacements
   */
  async replace(replacements: readonly Replacement[]): Promise<void> {
    if (replacements.length === 0) return;
    await this.#inTransaction((transaction) => {
      for (const { received, message } of replacements) {
        this.#write(message, { transaction });
        this.#client.ack(received, { transaction });
      }
    });
  }

  /**
   * Subscribes with one acknowledgement per message. The broker sends at most `prefetch` without one.
   * @returns ends the subscription: no more messages are delivered, unacknowledged ones stay on the queue
   */
  subscribe(destination: string, prefetch: number, listener: (message: ReceivedMessage) => void): () => void {
    this.#subscriptions += 1;
    const id = `s${this.#subscriptions}`;
    let ended = false;
    const headers = { id, destination, ack: 'client-individual', 'activemq.prefetchSize': prefetch };
    this.#client.subscribe(headers, (error, message) => {
      if (error) return; // the session has ended; `closed` says why
      message.on('error', (err) => this.#end(err));
      readBody(message, (body) => {
        if (!ended) listener({ headers: message.headers, body });
      });
    });
    return () => {
      ended = true;
      // The library's own way ends the connection when a message arrives that was already on its way.
      if (this.open) this.#client.sendFrame('UNSUBSCRIBE', { id }).end();
    };
  }

  /** Acknowledges a message. If the frame is lost the broker redelivers the message: at least once. */
  ack(received: ReceivedMessage): void {
    if (this.open) this.#client.ack(received);
  }

  /** Sends DISCONNECT, waits until the broker has processed all frames before it, and closes. Never rejects. */
  async close(): Promise<void> {
    if (this.open) {
      const timer = setTimeout(
        () => this.#end(new Error('no receipt for DISCONNECT')),
        DISCONNECT_TIMEOUT_MS,
      );
      this.#client.disconnect(() => this.#end(new Error('closed by us')));
      await this.closed;
      clearTimeout(timer);
    }
  }

  async #inTransaction(write: (transaction: string) => void): Promise<void> {
    this.#transactions += 1;
    const transaction = `t${this.#transactions}`;
    await this.#withReceipt((onReceipt) => {
      this.#client.sendFrame('BEGIN', { transaction }).end();
      write(transaction);
      this.#client.sendFrame('COMMIT', { transaction }, { onReceipt }).end();
    });
  }

  #write(message: OutgoingMessage, extra: Record<string, string>, onReceipt?: () => void): void {
    // A new object for every frame: stompit adds to the one that it is given.
    const headers = {
      destination: message.destination,
      persistent: 'true',
      'content-length': Buffer.byteLength(message.body),
      ...message.headers,
      ...extra,
    };
    this.#client.sendFrame('SEND', headers, onReceipt ? { onReceipt } : undefined).end(message.body);
  }

  #withReceipt(write: (onReceipt: () => void) => void): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#end(
          new QueueError('QUEUE_RECEIPT_TIMEOUT', `no receipt within ${this.#receiptTimeoutMs} ms`, {
            retryable: true,
          }),
        );
      }, this.#receiptTimeoutMs);
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#pending.delete(pending);
        finish();
      };
      const pending: Pending = {
        resolve: () => settle(resolve),
        reject: (error) => settle(() => reject(error)),
      };
      this.#pending.add(pending);
      write(pending.resolve);
    });
  }

  #end(cause: Error): void {
    if (this.#ended) return;
    const error = cause instanceof QueueError ? cause : describeEnd(this.server, cause);
    this.#ended = error;
    for (const pending of [...this.#pending]) pending.reject(error);
    this.#client.destroy();
    this.#settleClosed(error);
  }
}

function connectTimeout({ server, connectTimeoutMs }: QueueSessionOptions): QueueError {
  const text = `${server.host}:${server.port} did not answer within ${connectTimeoutMs} ms`;
  return new QueueError('QUEUE_CONNECT_TIMEOUT', text, { retryable: true });
}

function describeEnd(server: QueueServer, cause: Error): QueueError {
  const text = `connection to ${server.host}:${server.port} failed: ${toError(cause).message || 'no reason given'}`;
  return new QueueError('QUEUE_CONNECTION_FAILED', text, { retryable: true, cause });
}
