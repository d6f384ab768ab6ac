import { hostname } from 'node:os';
import { FluentClient, FluentSocketEvent } from '@fluent-org/logger';
import {
  type AddressOrder,
  explainConnectionError,
  type OpeningSocket,
  openSocket,
  type ServerAddress,
  type TlsSettings,
  toError,
} from '@podips/shared';
import { readAnswers } from './fluent-answers.js';
import { FluentError, type FluentErrorDetails } from './fluent-error.js';
import type { LogEvent } from './record.js';

export interface FluentLogin {
  readonly sharedKey: string;
  /** Empty: the server knows no users. */
  readonly username: string;
  readonly password: string;
}

export interface FluentOptions {
  /** What the tag of every record begins with. */
  readonly tagPrefix: string;
  /** Undefined: plain TCP. */
  readonly tls: TlsSettings | undefined;
  /** Undefined: the server asks for none. */
  readonly login: FluentLogin | undefined;
  /** From the first packet to the end of the handshake. */
  readonly connectTimeoutMs: number;
  /** After this the batch counts as not delivered, although Fluentd may have stored it. */
  readonly ackTimeoutMs: number;
}

const TIMED_OUT = 504;
/** How long a server that is told goodbye may take to hang up. */
const GOODBYE_MS = 1_000;

/**
 * One connection to Fluentd, from its opening to its first failure. Events without an ack are then rejected, and a new
 * connection is opened, because the client library does not recover from every error.
 */
export class FluentSession {
  readonly server: ServerAddress;
  /** Settles, always with an error, when the connection ends for whatever reason. */
  readonly closed: Promise<FluentError>;
  readonly #client: FluentClient;
  readonly #options: FluentOptions;
  readonly #opening: OpeningSocket;
  readonly #rejectPending = new Set<(error: FluentError) => void>();
  #settleClosed: (error: FluentError) => void = () => undefined;
  #ended: FluentError | undefined;
  #stage: 'connecting' | 'handshake' | 'open' = 'connecting';
  #sent = 0;
  #acked = 0;

  /**
   * Opens a connection: TCP, then TLS and the login, where they are set.
   * @throws {FluentError} FLUENT_CONNECT_FAILED, FLUENT_REFUSED, FLUENT_MALFORMED
   */
  static async connect(
    server: ServerAddress,
    options: FluentOptions,
    addresses: AddressOrder,
    signal: AbortSignal,
  ): Promise<FluentSession> {
    const session = new FluentSession(server, options, open(server, options, addresses));
    const timer = setTimeout(() => session.#fail(session.#late()), options.connectTimeoutMs);
    const onAbort = () => session.#fail('stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await session.#establish();
      return session;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  private constructor(server: ServerAddress, options: FluentOptions, opening: OpeningSocket) {
    this.server = server;
    this.#options = options;
    this.#opening = opening;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    const { login, ackTimeoutMs } = options;
    const takeAck = () => {
      this.#acked += 1;
      return this.#acked <= this.#sent;
    };
    const reader = readAnswers({ login: login !== undefined, takeAck });
    this.#client = new FluentClient(options.tagPrefix, {
      eventMode: 'PackedForward',
      ack: { ackTimeout: ackTimeoutMs },
      milliseconds: true,
      // Fluentd refuses a client that has its own name.
      ...(login && { security: { clientHostname: `podips-writer@${hostname()}`, ...login } }),
      // The library's default timeout of 3 s makes the client fatal, for ever, when an ack comes later.
      socket: { open: () => ({ ...opening, reader }), timeout: -1, disableReconnect: true },
    });
    this.#client.socketOn(FluentSocketEvent.CONNECTED, () => {
      this.#stage = 'handshake';
    });
    this.#client.socketOn(FluentSocketEvent.ERROR, (err: unknown) => {
      // Fluentd hangs up by a reset.
      this.#fail(err, this.#rejectPending.size === 0 ? 'FLUENT_CLOSED' : 'FLUENT_FAILED');
    });
    this.#client.socketOn(FluentSocketEvent.CLOSE, () => this.#fail(this.#closedText(), 'FLUENT_CLOSED'));
  }

  get open(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Sends events as one chunk for each tag. Resolves at Fluentd's acks for them.
   * @throws {FluentError} FLUENT_ACK_TIMEOUT and others; the session has then ended
   */
  async send(events: readonly LogEvent[]): Promise<void> {
    if (this.#ended) throw this.#ended;
    const { promise: failed, reject } = Promise.withResolvers<never>();
    this.#rejectPending.add(reject);
    this.#sent += new Set(events.map(({ label }) => label)).size;
    try {
      // All in one tick: the library makes one chunk of all events of a tag that are emitted before it writes.
      const acknowledged = Promise.all(
        events.map(({ label, time, record }) => this.#client.emit(label, record, time)),
      );
      await Promise.race([acknowledged, failed]);
    } catch (err) {
      const late = toError(err).name === 'AckTimeoutError';
      throw late
        ? this.#fail(`no ack within ${this.#options.ackTimeoutMs} ms`, 'FLUENT_ACK_TIMEOUT', {
            status: TIMED_OUT,
            deaf: true,
          })
        : this.#fail(err);
    } finally {
      this.#rejectPending.delete(reject);
    }
  }

  /** Says goodbye; what is not acknowledged is rejected with the error. */
  close(error = describe(this.server, 'FLUENT_CLOSED', 'closed by us')): void {
    if (this.#ended) return;
    this.#end(error);
    const { socket } = this.#opening;
    const timer = setTimeout(() => socket.destroy(), GOODBYE_MS);
    socket.once('close', () => clearTimeout(timer));
  }

  async #establish(): Promise<void> {
    const failed = this.closed.then((error) => Promise.reject(error));
    const established = new Promise<void>((resolve) => {
      this.#client.socketOn(FluentSocketEvent.ESTABLISHED, resolve);
    });
    // Its rejection repeats the error event.
    this.#client.connect().catch(() => undefined);
    await Promise.race([failed, established]);
    this.#stage = 'open';
  }

  /** @returns the session's error, which an earlier failure may have made */
  #fail(cause: unknown, usualCode = 'FLUENT_FAILED', details: FluentErrorDetails = {}): FluentError {
    if (this.#ended) return this.#ended;
    const known = cause instanceof FluentError ? cause : undefined;
    const opened = this.#stage === 'open';
    const error = describe(
      this.server,
      known?.code ?? (opened ? usualCode : 'FLUENT_CONNECT_FAILED'),
      explainConnectionError(toError(cause), 'LOG'),
      { cause, status: known?.status, deaf: opened && this.#acked === 0, ...details },
    );
    this.#opening.giveUp();
    this.#end(error);
    this.#opening.socket.destroy();
    return error;
  }

  #end(error: FluentError): void {
    this.#ended = error;
    for (const reject of this.#rejectPending) reject(error);
    // Its rejections repeat this error.
    this.#client.shutdown().catch(() => undefined);
    this.#settleClosed(error);
  }

  #late(): string {
    const { connectTimeoutMs, tls } = this.#options;
    const missing =
      this.#stage === 'handshake'
        ? 'greeting of a server with a shared key'
        : `${tls ? 'TLS ' : ''}connection`;
    return `no ${missing} within ${connectTimeoutMs} ms`;
  }

  #closedText(): string {
    return this.#stage === 'handshake'
      ? 'the connection was closed instead of an answer to the login'
      : 'the connection was closed';
  }
}

function open(server: ServerAddress, { tls }: FluentOptions, addresses: AddressOrder): OpeningSocket {
  try {
    return openSocket({ ...server, tls }, addresses);
  } catch (cause) {
    throw describe(server, 'FLUENT_CONNECT_FAILED', `a file of LOG_TLS ${toError(cause).message}`, { cause });
  }
}

function describe(
  { host, port }: ServerAddress,
  code: string,
  reason: string,
  details: FluentErrorDetails = {},
): FluentError {
  return new FluentError(code, `Fluentd at ${host}:${port}: ${reason}`, details);
}

/**
 * Opens a connection as far as a chunk could be sent, and closes it. The forward protocol has no heart-beat, so only
 * this detects a dead host while there is nothing to send; Fluentd probes its own peers in the same way.
 * @throws {FluentError} as {@link FluentSession.connect}
 */
export async function probeFluent(...connect: Parameters<typeof FluentSession.connect>): Promise<void> {
  const session = await FluentSession.connect(...connect);
  session.close();
}
