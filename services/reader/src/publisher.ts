import {
  backoffDelayMs,
  type Logger,
  MESSAGE_CONTENT_TYPE,
  type OutgoingMessage,
  POD_QUEUE,
  QueueError,
  type QueueLink,
  type QueueSession,
  toError,
} from '@podips/shared';
import type { Outbox } from './outbox.js';

export interface PublisherDeps {
  readonly link: Pick<QueueLink, 'session' | 'state'>;
  /** Undefined when no database is set: messages then wait in memory. */
  readonly outbox: Outbox | undefined;
  readonly events: PublisherEvents;
  readonly log: Logger;
}

export interface PublisherEvents {
  /** The broker has made messages durable. */
  onPublished(count: number): void;
  onPublishFailed(error: Error): void;
  /** The outbox has made messages durable that the broker did not take. */
  onStored(count: number): void;
  onStoreFailed(error: Error): void;
}

export interface PublisherLimits {
  /** Most messages in memory: waiting, or sent without a receipt yet. */
  readonly maxMessages: number;
}

/** Messages that are sent together. */
interface Batch {
  /** Batches are numbered in the order in which they were made up. */
  readonly number: number;
  readonly bodies: readonly string[];
}

/** Messages in one transaction. With two under way the broker syncs one to disk while it reads the next. */
const BATCH_SIZE = 500;
const MAX_BATCHES_IN_FLIGHT = 2;
const HOLD = { baseMs: 500, capMs: 5_000 };

/**
 * Makes messages durable, in the order given: in the queue, else in the outbox, else they stay in memory. It never
 * blocks its caller; a caller asks for `room` first.
 */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #limits: PublisherLimits;
  readonly #waiting: string[] = [];
  /** What nobody took: to be sent again before what waits. */
  readonly #returned: Batch[] = [];
  readonly #waiters = new Set<() => void>();
  /** Messages in batches that are under way or returned. */
  #batched = 0;
  #batches = 0;
  #batchesInFlight = 0;
  #failures = 0;
  #hold: NodeJS.Timeout | undefined;
  #draining: Promise<void> | undefined;

  constructor(deps: PublisherDeps, limits: PublisherLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** How many messages can be taken now. */
  get room(): number {
    return this.#limits.maxMessages - this.buffered;
  }

  /** Messages that are not durable yet. */
  get buffered(): number {
    return this.#waiting.length + this.#batched;
  }

  /** Takes messages for delivery. More than there is room for is a mistake of the caller. */
  publish(bodies: readonly string[]): void {
    if (bodies.length > this.room) throw new RangeError(`no room for ${bodies.length} messages`);
    for (const body of bodies) this.#waiting.push(body);
    this.#pump();
  }

  /** Resolves when the buffer is at most half full, so that a full one is not tried again for every message. */
  async roomAvailable(signal: AbortSignal): Promise<void> {
    while (this.buffered > this.#limits.maxMessages / 2) await waitIn(this.#waiters, signal);
  }

  /** To be called when the link to the broker came up or went down. */
  linkChanged(): void {
    clearTimeout(this.#hold);
    this.#hold = undefined;
    this.#pump();
    this.drainOutbox();
  }

  /** Sends what waits in the outbox, if it can be sent now. One run at a time; failures are reported, not thrown. */
  drainOutbox(): void {
    const { link, outbox, log, events } = this.#deps;
    const { session } = link;
    if (outbox === undefined || session === undefined || this.#draining) return;
    this.#draining = outbox
      .drain((bodies) => this.#send(session, bodies))
      .then(
        (sent) => {
          if (sent > 0) log.info({ sent }, 'outbox drained');
        },
        (err) => {
          log.warn({ err: toError(err) }, 'outbox not drained');
          if (err instanceof QueueError) events.onPublishFailed(err);
          else events.onStoreFailed(toError(err));
        },
      )
      .finally(() => {
        this.#draining = undefined;
        this.#wakeWaiters();
      });
  }

  /**
   * Waits until everything is durable and no drain is under way, or the signal aborts.
   * @returns how many messages are not durable; they exist nowhere but in the cluster's own state
   */
  async settle(signal: AbortSignal): Promise<number> {
    try {
      while (this.buffered > 0 || this.#draining) await waitIn(this.#waiters, signal);
    } catch (err) {
      if (!signal.aborted) throw err;
    }
    clearTimeout(this.#hold);
    return this.buffered;
  }

  #pump(): void {
    while (
      this.#waiting.length + this.#returned.length > 0 &&
      this.#batchesInFlight < MAX_BATCHES_IN_FLIGHT &&
      this.#hold === undefined
    ) {
      const { session, state } = this.#deps.link;
      if (session !== undefined) void this.#deliver((batch) => this.#publishOrStore(session, batch));
      else if (state === 'down' && this.#deps.outbox) void this.#deliver((batch) => this.#store(batch));
      else return;
    }
  }

  /** Takes a batch and tries to make it durable; if that fails, it keeps its place in the order. Never rejects. */
  async #deliver(attempt: (batch: readonly string[]) => Promise<boolean>): Promise<void> {
    const batch = this.#returned.shift() ?? this.#nextBatch();
    this.#batchesInFlight += 1;
    const durable = await attempt(batch.bodies);
    this.#batchesInFlight -= 1;
    if (durable) {
      this.#batched -= batch.bodies.length;
      this.#failures = 0;
    } else {
      // The later of two batches may fail first, or last.
      this.#returned.push(batch);
      this.#returned.sort((a, b) => a.number - b.number);
      this.#holdBack();
    }
    this.#wakeWaiters();
    this.#pump();
  }

  #wakeWaiters(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  #nextBatch(): Batch {
    const bodies = this.#waiting.splice(0, BATCH_SIZE);
    this.#batched += bodies.length;
    this.#batches += 1;
    return { number: this.#batches, bodies };
  }

  async #publishOrStore(session: QueueSession, batch: readonly string[]): Promise<boolean> {
    try {
      await this.#send(session, batch);
      return true;
    } catch (err) {
      this.#deps.events.onPublishFailed(toError(err));
      return this.#store(batch);
    }
  }

  async #send(session: QueueSession, bodies: readonly string[]): Promise<void> {
    await session.send(bodies.map(toQueueMessage));
    this.#deps.events.onPublished(bodies.length);
  }

  async #store(batch: readonly string[]): Promise<boolean> {
    const { outbox, events, log } = this.#deps;
    if (outbox === undefined) return false;
    try {
      await outbox.store(batch);
      events.onStored(batch.length);
      return true;
    } catch (err) {
      log.warn(
        { err: toError(err), messages: batch.length },
        'outbox did not take messages; they wait in memory',
      );
      events.onStoreFailed(toError(err));
      return false;
    }
  }

  /** Neither broker nor database took a batch: wait before the next attempt, unless the link changes first. */
  #holdBack(): void {
    if (this.#hold !== undefined) return;
    this.#hold = setTimeout(
      () => {
        this.#hold = undefined;
        this.#pump();
      },
      backoffDelayMs(this.#failures, HOLD),
    );
    this.#failures += 1;
  }
}

function toQueueMessage(body: string): OutgoingMessage {
  return { destination: POD_QUEUE, body, headers: { 'content-type': MESSAGE_CONTENT_TYPE } };
}

function waitIn(waiters: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (finish: () => void) => () => {
      waiters.delete(wake);
      signal.removeEventListener('abort', abort);
      finish();
    };
    const wake = leave(resolve);
    const abort = leave(() => reject(signal.reason));
    if (signal.aborted) return abort();
    waiters.add(wake);
    signal.addEventListener('abort', abort, { once: true });
  });
}
