import { connect as connectTcp } from 'node:net';
import { FluentClient, FluentSocketEvent } from '@fluent-org/logger';
import { PodipsError, toError } from '@podips/shared';
import type { LogEvent } from './record.js';

/** Fluentd, or the link to it, failed. `status` is what the monitor shows. */
export class FluentError extends PodipsError {
  readonly status: number;

  constructor(code: string, message: string, status: number, cause?: unknown) {
    super(code, message, { retryable: true, cause });
    this.status = status;
  }
}

export interface FluentOptions {
  readonly host: string;
  readonly port: number;
  readonly tag: string;
  readonly connectTimeoutMs: number;
  /** After this the batch counts as not delivered, although Fluentd may have stored it. */
  readonly ackTimeoutMs: number;
}

const UNAVAILABLE = 503;
const TIMED_OUT = 504;

/**
 * One connection to Fluentd, from its opening to its first failure. Events without an ack are then rejected, and a new
 * connection is opened, because the client library does not recover from every error.
 */
export class FluentSession {
  /** Settles, always with an error, when the connection ends for whatever reason. */
  readonly closed: Promise<FluentError>;
  readonly #client: FluentClient;
  readonly #options: FluentOptions;
  readonly #rejectPending = new Set<(error: FluentError) => void>();
  #settleClosed: (error: FluentError) => void = () => undefined;
  #ended: FluentError | undefined;
  #opened = false;

  /** @throws {FluentError} FLUENT_CONNECT_FAILED */
  static async connect(options: FluentOptions, signal: AbortSignal): Promise<FluentSession> {
    const session = new FluentSession(options);
    const end = (text: string) => session.#fail('FLUENT_CONNECT_FAILED', text);
    const timer = setTimeout(
      () => end(`no connection within ${options.connectTimeoutMs} ms`),
      options.connectTimeoutMs,
    );
    const onAbort = () => end('stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      const failed = session.closed.then((error) => Promise.reject(error));
      const opened = session.#client.connect().catch((err) => end(toError(err).message));
      await Promise.race([failed, opened.then(() => session.#ended && failed)]);
      session.#opened = true;
      return session;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  private constructor(options: FluentOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => {
      this.#settleClosed = resolve;
    });
    this.#client = new FluentClient(options.tag, {
      eventMode: 'PackedForward',
      ack: { ackTimeout: options.ackTimeoutMs },
      milliseconds: true,
      // The library's default of 3 s makes the client fatal, for ever, when an ack comes later.
      socket: { host: options.host, port: options.port, timeout: -1, disableReconnect: true },
    });
    this.#client.socketOn(FluentSocketEvent.ERROR, (err: unknown) =>
      this.#fail(this.#opened ? 'FLUENT_FAILED' : 'FLUENT_CONNECT_FAILED', toError(err).message),
    );
    this.#client.socketOn(FluentSocketEvent.CLOSE, () =>
      this.#fail('FLUENT_CLOSED', 'the connection was closed'),
    );
  }

  /**
   * Sends events as one chunk. Resolves at Fluentd's ack for it.
   * @throws {FluentError} FLUENT_ACK_TIMEOUT and others; the session has then ended
   */
  async send(events: readonly LogEvent[]): Promise<void> {
    if (this.#ended) throw this.#ended;
    const { promise: failed, reject } = Promise.withResolvers<never>();
    this.#rejectPending.add(reject);
    try {
      // All in one tick: the library makes one chunk of all events that are emitted before it writes.
      const acknowledged = Promise.all(events.map(({ time, record }) => this.#client.emit(record, time)));
      await Promise.race([acknowledged, failed]);
    } catch (err) {
      const cause = toError(err);
      const late = cause.name === 'AckTimeoutError';
      const text = late ? `no ack within ${this.#options.ackTimeoutMs} ms` : cause.message;
      throw this.#fail(
        late ? 'FLUENT_ACK_TIMEOUT' : 'FLUENT_FAILED',
        text,
        late ? TIMED_OUT : UNAVAILABLE,
        cause,
      );
    } finally {
      this.#rejectPending.delete(reject);
    }
  }

  /** Closes the connection; what is not acknowledged is rejected with the error. */
  close(error = describe(this.#options, 'FLUENT_CLOSED', 'closed by us')): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const reject of this.#rejectPending) reject(error);
    // Its rejections repeat this error.
    this.#client.shutdown().catch(() => undefined);
    this.#settleClosed(error);
  }

  #fail(code: string, reason: string, status = UNAVAILABLE, cause?: unknown): FluentError {
    this.close(describe(this.#options, code, reason, status, cause));
    // An earlier failure is the cause of this one.
    return this.#ended ?? describe(this.#options, code, reason, status, cause);
  }
}

function describe(
  options: FluentOptions,
  code: string,
  reason: string,
  status = UNAVAILABLE,
  cause?: unknown,
): FluentError {
  return new FluentError(code, `Fluentd at ${options.host}:${options.port}: ${reason}`, status, cause);
}

/**
 * Checks that Fluentd's port accepts connections. The forward protocol has no heart-beat, so only this detects a dead
 * host while there is nothing to send.
 * @throws {FluentError} FLUENT_CONNECT_FAILED
 */
export async function probeFluent(options: FluentOptions, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(options.connectTimeoutMs)]);
  const socket = connectTcp({ host: options.host, port: options.port, signal: deadline });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.on('error', reject);
    });
  } catch (err) {
    throw describe(options, 'FLUENT_CONNECT_FAILED', toError(err).message, UNAVAILABLE, err);
  } finally {
    socket.destroy();
  }
}
