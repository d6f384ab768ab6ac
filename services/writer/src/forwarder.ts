import {
  AddressOrder,
  aborted,
  backoffDelayMs,
  FailureLog,
  type Logger,
  pause,
  type ServerAddress,
  toError,
} from '@podips/shared';
import { FluentError } from './fluent-error.js';
import { FluentServers } from './fluent-servers.js';
import { type FluentOptions, FluentSession, probeFluent } from './fluent-session.js';
import type { Inbox, InFlightMessage } from './inbox.js';

export interface ForwarderEvents {
  /** Fluentd accepts connections; nothing was written. */
  onAlive(): void;
  /** @param place of the server in the list, from 0 */
  onConnected(place: number): void;
  onWritten(batch: readonly InFlightMessage[]): void;
  /** @param othersLeft there are servers that have not failed since the last ack: no outage yet */
  onFailed(error: FluentError, othersLeft: boolean): void;
}

export interface ForwarderOptions extends FluentOptions {
  /** In the order of preference. */
  readonly servers: readonly ServerAddress[];
  /** Longest wait of a record for others in its chunk, in milliseconds. */
  readonly batchDelayMs: number;
  /** A chunk with so many records is sent at once. */
  readonly batchSize: number;
  /** The interval at which an idle link, and a server that is preferred to the one in use, are probed, in milliseconds. */
  readonly probeIntervalMs: number;
}

const RECONNECT = { baseMs: 500, capMs: 5_000 };
const MOVED = 'FLUENT_MOVED';
/** A connection that lasted this long was a real one: the next reconnect starts from the shortest delay again. */
const STABLE_AFTER_MS = 10_000;

/**
 * Forwards the inbox's messages to Fluentd, over one connection at a time. When it fails, all messages in flight are
 * requeued, and the next attempt, at the next server of the list, waits; intake stays closed until there is a
 * connection again.
 */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #inbox: Inbox;
  readonly #events: ForwarderEvents;
  readonly #log: Logger;
  readonly #servers: FluentServers;
  readonly #addresses = new AddressOrder();
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: FailureLog;
  #session: FluentSession | undefined;
  #connected: ServerAddress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt = 0;
  /** The connection was closed while idle, and nothing has been acknowledged since. */
  #reopened = false;
  #written = 0;
  #probing = false;

  constructor(options: ForwarderOptions, inbox: Inbox, events: ForwarderEvents, log: Logger) {
    this.#options = options;
    this.#servers = new FluentServers(options.servers);
    this.#failures = new FailureLog(log, {
      failed: 'Fluentd unavailable; messages requeued',
      worked: 'Fluentd takes messages again',
    });
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
      if (error.code === MOVED) continue;
      if (performance.now() - startedMs > STABLE_AFTER_MS) this.#worked();
      // Closed while idle, as load balancers do: no failure, unless it cannot be reopened.
      if (
        error.code === 'FLUENT_CLOSED' &&
        this.#inbox.size === 0 &&
        this.#attempt === 0 &&
        !this.#reopened
      ) {
        this.#reopened = true;
        continue;
      }
      this.#failures.failed(error, { inFlight: this.#inbox.size });
      this.#servers.failed(performance.now());
      this.#events.onFailed(error, this.#servers.othersLeft);
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
      const session = await this.#connect(this.#servers.current, signal);
      this.#session = session;
      onAbort = () => session.close();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#events.onConnected(this.#servers.place);
      this.#inbox.openIntake();
      // Messages that arrived while there was no connection have not been forwarded.
      if (this.#inbox.waiting > 0) this.wake();
      probe = setInterval(() => void this.#lookAround(session, signal), this.#options.probeIntervalMs);
      return await session.closed;
    } catch (err) {
      return err instanceof FluentError
        ? err
        : new FluentError('FLUENT_FAILED', toError(err).message, { status: 500, cause: err });
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
        this.#worked();
        this.#failures.worked();
        this.#servers.acknowledged();
        this.#written += batch.length;
        this.#inbox.acknowledge(batch);
        this.#events.onWritten(batch);
      },
      // The session has ended with this error: `run` reports it and requeues the batch.
      () => undefined,
    );
    this.#underWay.add(delivery);
    void delivery.finally(() => this.#underWay.delete(delivery));
  }

  #worked(): void {
    this.#attempt = 0;
    this.#reopened = false;
  }

  async #connect(server: ServerAddress, signal: AbortSignal): Promise<FluentSession> {
    const session = await FluentSession.connect(server, this.#options, this.#addresses, signal);
    const isNews = (this.#attempt === 0 && !this.#reopened) || this.#connected !== server;
    this.#connected = server;
    this.#log[isNews ? 'info' : 'debug']({ server }, 'Fluentd connected');
    return session;
  }

  async #lookAround(session: FluentSession, signal: AbortSignal): Promise<void> {
    if (this.#probing) return;
    this.#probing = true;
    await this.#moveBack(session, signal);
    if (this.#underWay.size === 0 && session.open) await this.#probe(session, signal);
    this.#probing = false;
  }

  /** Returns to a preferred server that answers again, between two chunks: nothing is sent twice, or requeued. */
  async #moveBack(session: FluentSession, signal: AbortSignal): Promise<void> {
    for (const server of this.#servers.rested(performance.now())) {
      const answers = await this.#answers(server, signal);
      // Another one may have taken its place meanwhile.
      if (this.#session !== session) return;
      if (!answers) continue;
      this.#session = undefined;
      await Promise.all(this.#underWay);
      if (!session.open) return;
      this.#servers.use(server);
      session.close(new FluentError(MOVED, 'a preferred server answers again'));
      return;
    }
  }

  async #answers(server: ServerAddress, signal: AbortSignal): Promise<boolean> {
    try {
      await probeFluent(server, this.#options, this.#addresses, signal);
      return true;
    } catch (err) {
      this.#log.debug({ err, server }, 'Fluentd still unavailable');
      return false;
    }
  }

  async #probe(session: FluentSession, signal: AbortSignal): Promise<void> {
    const writtenBefore = this.#written;
    try {
      await probeFluent(session.server, this.#options, this.#addresses, signal);
      this.#failures.worked();
      this.#events.onAlive();
    } catch (err) {
      // An ack meanwhile, or a chunk under way, proves more than a probe that was refused.
      const idle = this.#underWay.size === 0 && this.#written === writtenBefore;
      if (err instanceof FluentError && idle && !signal.aborted) session.close(err);
    }
  }
}
