import { aborted, backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import { FluentError, type FluentOptions, FluentSession, probeFluent } from './fluent-session.js';
import type { Inbox } from './inbox.js';

export interface ForwarderEvents {
  /** Fluentd accepts connections; nothing was written. */
  onAlive(): void;
  onConnected(): void;
  onWritten(count: number): void;
  onFailed(error: FluentError): void;
}

export interface ForwarderOptions extends FluentOptions {
  /** Longest wait of a record for others in its chunk, in milliseconds. */
  readonly batchDelayMs: number;
  /** A chunk with so many records is sent at once. */
  readonly batchSize: number;
  /** The interval at which an idle link is probed, in milliseconds. */
  readonly probeIntervalMs: number;
}

const RECONNECT = { baseMs: 500, capMs: 5_000 };
/** A connection that lasted this long was a real one: the next reconnect starts from the shortest delay again. */
const STABLE_AFTER_MS = 10_000;

/**
 * Forwards the inbox's messages to Fluentd, over one connection at a time. When it fails, all messages in flight are
 * requeued, and the next attempt waits; intake stays closed until there is a connection again.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #inbox: Inbox;
  readonly #events: ForwarderEvents;
  readonly #log: Logger;
  readonly #underWay = new Set<Promise<void>>();
  #session: FluentSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  #written = 0;
  #probing = false;

  constructor(options: ForwarderOptions, inbox: Inbox, events: ForwarderEvents, log: Logger) {
    this.#options = options;
    this.#inbox = inbox;
    this.#events = events;
    this.#log = log;
  }

  /** Keeps a connection until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = performance.now();
      const error = await this.#runSession(signal);
      if (signal.aborted) return;
      if (performance.now() - startedMs > STABLE_AFTER_MS) this.#attempt = 0;
      // Closed while idle, as load balancers do: no failure, unless it cannot be reopened.
      if (error.code === 'FLUENT_CLOSED' && this.#inbox.size === 0 && this.#attempt === 0) {
        this.#attempt += 1;
        continue;
      }
      // A line for each outage, not for each attempt.
      const level = this.#attempt === 0 ? 'warn' : 'debug';
      this.#log[level]({ err: error, inFlight: this.#inbox.size }, 'Fluentd unavailable; messages requeued');
      this.#events.onFailed(error);
      await this.#inbox.requeue();
      await pause(backoffDelayMs(this.#attempt, RECONNECT), signal);
      this.#attempt += 1;
    }
  }

  /** A message waits in the inbox: forwards it soon, or at once when there are enough for a chunk. */
  wake(): void {
    if (this.#session === undefined) return;
    if (this.#inbox.waiting >= this.#options.batchSize) this.#forward();
    else this.#timer ??= setTimeout(() => this.#forward(), this.#options.batchDelayMs);
  }

  /** Forwards all waiting messages and waits for their acks, or until the signal aborts. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#forward();
    await Promise.race([Promise.all(this.#underWay), aborted(signal)]);
  }

  async #runSession(signal: AbortSignal): Promise<FluentError> {
    let probe: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    try {
      const session = await FluentSession.connect(this.#options, signal);
      this.#session = session;
      onAbort = () => session.close();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#log[this.#attempt === 0 ? 'info' : 'debug']({ host: this.#options.host }, 'Fluentd connected');
      this.#events.onConnected();
      this.#inbox.openIntake();
      // Messages that arrived while there was no connection have not been forwarded.
      if (this.#inbox.waiting > 0) this.wake();
      probe = setInterval(() => void this.#probe(session, signal), this.#options.probeIntervalMs);
      return await session.closed;
    } catch (err) {
      return err instanceof FluentError
        ? err
        : new FluentError('FLUENT_FAILED', toError(err).message, 500, err);
    } finally {
      clearInterval(probe);
      signal.removeEventListener('abort', onAbort);
      this.#session = undefined;
    }
  }

  #forward(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const session = this.#session;
    if (session === undefined || this.#inbox.waiting === 0) return;
    const batch = this.#inbox.takeBatch();
    const delivery = session.send(batch.map((message) => message.event)).then(
      () => {
        this.#attempt = 0;
        this.#written += batch.length;
        this.#inbox.acknowledge(batch);
        this.#events.onWritten(batch.length);
      },
      // The session has ended with this error: `run` reports it and requeues the batch.
      () => undefined,
    );
    this.#underWay.add(delivery);
    void delivery.finally(() => this.#underWay.delete(delivery));
  }

  async #probe(session: FluentSession, signal: AbortSignal): Promise<void> {
    if (this.#underWay.size > 0 || this.#probing) return;
    const writtenBefore = this.#written;
    this.#probing = true;
    try {
      await probeFluent(this.#options, signal);
      this.#events.onAlive();
    } catch (err) {
      // An ack meanwhile, or a chunk under way, proves more than a probe that was refused.
      const idle = this.#underWay.size === 0 && this.#written === writtenBefore;
      if (err instanceof FluentError && idle && !signal.aborted) session.close(err);
    } finally {
      this.#probing = false;
    }
  }
}
