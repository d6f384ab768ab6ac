import type { Socket } from 'node:net';
import type { Client } from 'stompit';
import { AddressOrder, openSocket } from './address-order.js';
import { type BrokerDialect, type BrokerName, recognizeBroker } from './broker-dialect.js';
import { QueueError } from './errors.js';
import { closedByUs, connectionFailed, connectTimeout, frameTooLong, refused } from './queue-errors.js';
import type { OutgoingMessage, ReceivedMessage, Replacement } from './queue-message.js';
import { DEFAULT_VHOST, type QueueServer } from './settings/queue-settings.js';
import { createStompClient, logIn, readBody } from './stomp-client.js';
import { StompSender } from './stomp-sender.js';
import type { TlsSettings } from './tls-client.js';

export interface QueueSessionOptions {
  readonly server: QueueServer;
  readonly username: string;
  readonly password: string;
  /** Undefined: as CONNECTED says. */
  readonly broker?: BrokerName | undefined;
  /** The `host` of CONNECT, by which RabbitMQ chooses the virtual host. */
  readonly vhost?: string | undefined;
  readonly tls?: TlsSettings | undefined;
  /** Requested in both directions. */
  readonly heartbeatMs: number;
  /** From the first packet to the CONNECTED frame. */
  readonly connectTimeoutMs: number;
  /** From sending a frame to its RECEIPT. */
  readonly receiptTimeoutMs: number;
}

/** Ends a subscription after its messages have been replaced. @throws {QueueError} as {@link QueueSession.replace} */
export type EndSubscription = (replacements?: readonly Replacement[]) => Promise<void>;

const DISCONNECT_TIMEOUT_MS = 2_000;
/** The messages that podips makes have some kB; memory for several of this size has to be there. */
const MAX_FRAME_BYTES = 33_554_432;

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
  #settleClosed: (error: QueueError) => void = () => undefined;
  #ended: QueueError | undefined;
  /** Why the connection is about to end, known before it does: we close it, or the broker has sent an ERROR frame. */
  #reason: QueueError | undefined;
  #stage: Parameters<typeof connectionFailed>[2];
  #recognized = recognizeBroker(undefined);
  /** In the dialect that is known so far. */
  #sender: StompSender;
  #subscriptions = 0;
  /** Where the frame began that is being read, as far as it is known. */
  #frameStart = 0;

  /**
   * Opens a connection and logs in.
   * @param addresses the order in which the addresses of the server's name are tried
   * @throws {QueueError} QUEUE_CONNECT_TIMEOUT, QUEUE_CONNECTION_FAILED, QUEUE_REFUSED
   */
  static async connect(
    options: QueueSessionOptions,
    signal?: AbortSignal,
    addresses = new AddressOrder(),
  ): Promise<QueueSession> {
    const { server, connectTimeoutMs, vhost = DEFAULT_VHOST } = options;
    const connection = openSocket({ ...server, tls: options.tls }, addresses);
    const session = new QueueSession(connection.socket, options);
    const timer = setTimeout(() => session.#end(connectTimeout(server, connectTimeoutMs)), connectTimeoutMs);
    const onAbort = () => session.#end(closedByUs());
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const onRefused = (reason: string) => {
      session.#reason = refused(server, reason);
    };
    try {
      const loggedIn = logIn(session.#client, connection, { ...options, vhost }, onRefused);
      await Promise.race([loggedIn, session.closed.then((err) => Promise.reject(err))]);
      session.#stage = 'logged in';
      session.#frameRead();
      session.#recognized = recognizeBroker(session.broker, options.broker);
      session.#sender = session.#createSender();
      return session;
    } catch (err) {
      connection.giveUp();
      throw err;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private constructor(socket: Socket, options: QueueSessionOptions) {
    this.server = options.server;
    this.#socket = socket;
    this.#stage = options.tls ? 'tls' : 'plain';
    this.#client = createStompClient(socket, options.heartbeatMs);
    this.#receiptTimeoutMs = options.receiptTimeoutMs;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#sender = this.#createSender();
    this.#client.on('error', (err: Error) => this.#end(err));
    this.#client.on('end', () => this.#end(new Error('the connection was closed')));
    // The library reads as many headers, and as long a body, as are sent.
    socket.on('data', () => {
      if (socket.bytesRead - this.#frameStart > MAX_FRAME_BYTES)
        this.#end(frameTooLong(this.server, MAX_FRAME_BYTES));
    });
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /** Bytes read so far; with heart-beats on, a live broker makes it grow within every interval. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  get dialect(): BrokerDialect {
    return this.#recognized.dialect;
  }

  /** What the broker calls itself, for example `ActiveMQ/5.18.3`; undefined: it does not say. */
  get broker(): string | undefined {
    return this.#client.headers.server;
  }

  /** Why it must not be used: it is not the broker that the settings name. */
  get contradiction(): string | undefined {
    return this.#recognized.contradiction;
  }

  /** What an operator should know of this connection; a line for each. */
  get warnings(): string[] {
    const sendsHeartbeats = Number(this.#client.headers['heart-beat']?.split(',')[0] ?? 0) > 0;
    const noHeartbeats = 'the broker sends no heart-beats; a dead link is noticed only on the next send';
    return [...this.#recognized.doubts, ...(sendsHeartbeats ? [] : [noHeartbeats])];
  }

  /**
   * Sends persistent messages. Where a transaction makes them durable, all or none arrive.
   * Resolves at the broker's last RECEIPT, that is when they are durable.
   * @throws {QueueError} retryable; whether the messages arrived is then unknown
   */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    await this.#sender.send(messages);
  }

  /**
   * Replaces received messages: in one transaction, or, where ACK takes no part in transactions, by an ACK after the
   * replacement is durable.
   * @throws {QueueError} retryable; the broker then still has the received ones, or already the replacements, or, without
   * a transaction, both
   */
  async replace(replacements: readonly Replacement[]): Promise<void> {
    await this.#sender.replace(replacements);
  }

  /**
   * Subscribes with one acknowledgement per message. The broker sends at most `prefetch` without one.
   * @returns ends the subscription: no more messages are delivered, unacknowledged ones stay on the queue. Some brokers
   * allow that only by the end of the session.
   */
  subscribe(
    destination: string,
    prefetch: number,
    listener: (message: ReceivedMessage) => void,
  ): EndSubscription {
    this.#subscriptions += 1;
    const id = `s${this.#subscriptions}`;
    let ended = false;
    const headers = { id, destination, ack: 'client-individual', ...this.dialect.subscribeHeaders(prefetch) };
    this.#client.subscribe(headers, (error, message) => {
      if (error) return; // the session has ended; `closed` says why
      message.on('error', (err) => this.#end(err));
      readBody(message, (body) => {
        this.#frameRead();
        if (!ended) listener({ headers: message.headers, body });
      });
    });
    return async (replacements = []) => {
      ended = true;
      const { returnsOnClose, unsubscribeBy } = this.dialect;
      await this.replace(replacements.filter(({ received }) => !returnsOnClose(received.headers)));
      if (unsubscribeBy === 'closing') await this.close();
      // The library's own way ends the connection when a message arrives that was already on its way.
      else if (this.open) this.#client.sendFrame('UNSUBSCRIBE', { id }).end();
    };
  }

  /** Acknowledges a message. If the frame is lost the broker redelivers the message: at least once. */
  ack(received: ReceivedMessage): void {
    if (this.open) this.#client.ack(received);
  }

  /** Sends DISCONNECT, waits until the broker has processed all frames before it, and closes. Never rejects. */
  async close(): Promise<void> {
    if (!this.open) return;
    this.#reason = closedByUs();
    const timer = setTimeout(() => this.#end(closedByUs()), DISCONNECT_TIMEOUT_MS);
    this.#client.disconnect(() => undefined);
    await this.closed;
    clearTimeout(timer);
  }

  #createSender(): StompSender {
    return new StompSender({
      client: this.#client,
      dialect: this.dialect,
      receiptTimeoutMs: this.#receiptTimeoutMs,
      closed: this.closed,
      onOverdue: (error) => this.#end(error),
      onReceipt: () => this.#frameRead(),
    });
  }

  #frameRead(): void {
    this.#frameStart = this.#socket.bytesRead;
  }

  #end(cause: Error): void {
    if (this.#ended) return;
    const error =
      cause instanceof QueueError
        ? cause
        : (this.#reason ?? connectionFailed(this.server, cause, this.#stage));
    this.#ended = error;
    this.#sender.end(error);
    this.#client.destroy();
    this.#settleClosed(error);
  }
}
