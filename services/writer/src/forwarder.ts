import { aborted, backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import { FluentError, type FluentOptions, FluentSession, probeFluent } from './fluent-session.js';
import type { Inbox } from './inbox.js';

export interface ForwarderEvents {
  /** Fluentd takes connections, though nothing was written. */
  onAlive(): void;
  onConnected(): void;
  onWritten(count: number): void;
  onFailed(error: FluentError): void;
}

export interface ForwarderOptions extends FluentOptions {
  /** How long a record may wait for others to share a chunk with, in milliseconds. */
  readonly batchDelayMs: number;
  /** A chunk is sent at once when it has so many records. */
  readonly batchSize: number;
  /** How often an idle link is probed, in milliseconds. */
  readonly probeIntervalMs: number;
}

const RECONNECT = { baseMs: 500, capMs: 5_000 };
/** A connection that lasted this long was a real one: the next reconnect starts from the shortest delay again. */
const STABLE_AFTER_MS = 10_000;

/**
 * Forwards what the inbox holds to Fluentd, over one connection at a time. When that fails, everything held goes back
 * on the queue, and the next attempt waits; no messages come until there is a connection again.
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
      // Closed while there was nothing to do, as load balancers like it: that is no failure, unless it cannot be opened.
      if (error.code === 'FLUENT_CLOSED' && this.#inbox.size === 0 && this.#attempt === 0) {
        this.#attempt += 1;
        continue;
      }
      // A line for each outage, not for each attempt.
      const level = this.#attempt === 0 ? 'warn' : 'debug';
      this.#log[level]({ err: error, held: this.#inbox.size }, 'Fluentd does not take records');
      this.#events.onFailed(error);
      await this.#inbox.putBack();
      await pause(backoffDelayMs(this.#attempt, RECONNECT), signal);
      this.#attempt += 1;
    }
  }

  /** The inbox has something: forward it soon, or at once when there is enough for a chunk. */
  wake(): void {
    if (this.#session === undefined) return;
    if (this.#inbox.waiting >= this.#options.batchSize) this.#forward();
    else this.#timer ??= setTimeout(() => this.#forward(), this.#options.batchDelayMs);
  }

  /** Forwards what waits and waits for all acks, or until the signal aborts. */
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
      // What came while there was no connection has nobody else to wake it.
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
    const batch = this.#inbox.take();
    const delivery = session.send(batch.map((message) => message.event)).then(
      () => {
        this.#attempt = 0;
        this.#written += batch.length;
        this.#inbox.acknowledge(batch);
        this.#events.onWritten(batch.length);
      },
      // The session has ended with this error: `run` reports it and puts the batch back.
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
      // What was acknowledged meanwhile, or is under way, says more than a connection that was not taken.
      const idle = this.#underWay.size === 0 && this.#written === writtenBefore;
      if (err instanceof FluentError && idle && !signal.aborted) session.close(err);
    } finally {
      this.#probing = false;
    }
  }
}
