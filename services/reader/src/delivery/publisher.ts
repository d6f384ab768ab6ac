import {
  backoffDelayMs,
  type Logger,
  MESSAGE_CONTENT_TYPE,
  type OutgoingMessage,
  QueueError,
  type QueueLink,
  toError,
} from '@podips/shared';
import type { Outbox } from '../store/outbox.js';
import { OutboxDrain } from './outbox-drain.js';

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
  /** From now on messages go to the queue although what an earlier reader left in the outbox was not sent before them. */
  onOvertaking(): void;
}

export interface PublisherOptions {
  /** The destination of all messages. */
  readonly queue: string;
  /** Most messages in memory: waiting, or sent without a receipt yet. */
  readonly maxMessages: number;
  /**
   * Whether what an earlier reader left in the outbox goes first. Some of it may be seen again by this one, and nobody
   * shall hear of it at the later time before.
   */
  readonly outboxFirst: boolean;
}

/** A message on its way out. */
export interface Publication {
  readonly body: string;
  /** Called with its number when the broker or the outbox has made it durable. */
  readonly onDurable?: (sequence: number) => void;
}

/** Messages that are sent together. */
interface Batch {
  /** The sequence number of its first message. */
  readonly first: number;
  readonly publications: readonly Publication[];
}

/** Messages in one transaction. With two under way the broker syncs one to disk while it reads the next. */
const BATCH_SIZE = 500;
const MAX_BATCHES_UNDER_WAY = 2;
const HOLD = { baseMs: 500, capMs: 5_000 };

/**
 * Makes messages durable, in the order given: in the queue, else in the outbox, else they stay in memory. Whenever this
 * process is killed, no message is durable before which one is not: that one would be told again as seen later. It
 * never blocks its caller; a caller asks for `room` first.
 */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #options: PublisherOptions;
  #waiting: Publication[] = [];
  /** What nobody took: to be sent again before what waits. */
  readonly #returned: Batch[] = [];
  /** In order. */
  readonly #underWay = new Set<Batch>();
  /** Those of them that the queue did not take. */
  readonly #storing = new Set<Batch>();
  readonly #waiters = new Set<() => void>();
  /** Messages in batches that are under way or returned. */
  #batched = 0;
  #lastSequence = 0;
  #failures = 0;
  #hold: NodeJS.Timeout | undefined;
  readonly #drain: OutboxDrain | undefined;
  #stopping = false;
  #closed = false;

  constructor(deps: PublisherDeps, options: PublisherOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#drain = deps.outbox && this.#createDrain(deps.outbox);
  }

  /** How many messages can be taken now. */
  get room(): number {
    return this.#options.maxMessages - this.buffered;
  }

  /** Messages that are not durable yet. */
  get buffered(): number {
    return this.#waiting.length + this.#batched;
  }

  /** The number of the newest message taken; they are numbered from 1. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The number of the newest message up to which every one is durable. */
  get durableUpTo(): number {
    const open = [...this.#returned, ...this.#underWay].map(({ first }) => first);
    return Math.min(this.#lastSequence - this.#waiting.length, ...open.map((first) => first - 1));
  }

  /** Takes messages for delivery. More than there is room for is a mistake of the caller. */
  publish(publications: readonly Publication[]): void {
    if (publications.length > this.room) throw new RangeError(`no room for ${publications.length} messages`);
    this.#lastSequence += publications.length;
    for (const publication of publications) this.#waiting.push(publication);
    this.#pump();
  }

  /** Resolves when the buffer is at most half full, so that a full one is not tried again for every message. */
  async roomAvailable(signal: AbortSignal): Promise<void> {
    while (this.buffered > this.#options.maxMessages / 2) await waitIn(this.#waiters, signal);
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
    this.#drain?.start();
  }

  /**
   * Waits until everything is durable and no drain is under way, or the signal aborts. What may not be sent before the
   * outbox goes into it; if that cannot be, it is left.
   * @returns how many messages are not durable; they exist nowhere but in the cluster's own state
   */
  async settle(signal: AbortSignal): Promise<number> {
    this.#stopping = true;
    const drained = this.#drain?.stop();
    this.#pump();
    try {
      while (this.buffered > 0) await waitIn(this.#waiters, signal);
      await Promise.race([drained, waitIn(new Set(), signal)]);
    } catch (err) {
      if (!signal.aborted) throw err;
    }
    return this.buffered;
  }

  /** Sends nothing any more; what is not durable is left to be found again. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#hold);
    void this.#drain?.stop();
  }

  #pump(): void {
    while (
      this.#waiting.length + this.#returned.length > 0 &&
      this.#underWay.size < MAX_BATCHES_UNDER_WAY &&
      this.#storing.size === 0 &&
      this.#hold === undefined &&
      !this.#closed
    ) {
      const { link, outbox } = this.#deps;
      const maySend = link.session !== undefined && !this.#drain?.goesFirst;
      const mayStore = outbox !== undefined && (link.state === 'down' || this.#stopping);
      if (maySend) void this.#deliver((batch) => this.#publishOrStore(batch));
      else if (mayStore) void this.#deliver((batch) => this.#storeInOrder(batch));
      else return;
    }
  }

  /** Takes a batch and tries to make it durable; if that fails, it keeps its place in the order. Never rejects. */
  async #deliver(attempt: (batch: Batch) => Promise<boolean>): Promise<void> {
    const batch = this.#returned.shift() ?? this.#nextBatch();
    this.#underWay.add(batch);
    const durable = await attempt(batch);
    this.#underWay.delete(batch);
    this.#storing.delete(batch);
    if (durable) {
      this.#batched -= batch.publications.length;
      this.#failures = 0;
      for (const [index, { onDurable }] of batch.publications.entries()) onDurable?.(batch.first + index);
    } else {
      // The later of two batches may fail first, or last.
      this.#returned.push(batch);
      this.#returned.sort((a, b) => a.first - b.first);
      this.#holdBack();
    }
    for (const wake of [...this.#waiters]) wake();
    this.#pump();
  }

  #nextBatch(): Batch {
    const first = this.#lastSequence - this.#waiting.length + 1;
    const publications = this.#waiting.slice(0, BATCH_SIZE);
    this.#waiting = this.#waiting.slice(BATCH_SIZE);
    this.#batched += publications.length;
    return { first, publications };
  }

  async #publishOrStore(batch: Batch): Promise<boolean> {
    try {
      await this.#send(bodiesOf(batch));
      return true;
    } catch {
      return this.#storeInOrder(batch); // the failure was reported where it happened
    }
  }

  /** Not before an earlier one is durable: if that fails, so does this. */
  async #storeInOrder(batch: Batch): Promise<boolean> {
    this.#storing.add(batch);
    const isEarlier = ({ first }: Batch) => first < batch.first;
    while ([...this.#underWay].some(isEarlier)) await waitIn(this.#waiters);
    if (this.#returned.some(isEarlier)) return false;
    return this.#store(bodiesOf(batch));
  }

  /** Sends over the session that is open now. A failure is reported only if that session is still the newest. */
  async #send(bodies: readonly string[]): Promise<void> {
    const { link, events } = this.#deps;
    const { session } = link;
    if (session === undefined)
      throw new QueueError('QUEUE_DOWN', 'the queue is not connected', { retryable: true });
    try {
      await session.send(bodies.map((body) => toQueueMessage(this.#options.queue, body)));
    } catch (err) {
      if (link.session === session) events.onPublishFailed(toError(err));
      throw err;
    }
    events.onPublished(bodies.length);
  }

  async #store(bodies: readonly string[]): Promise<boolean> {
    const { outbox, events, log } = this.#deps;
    if (outbox === undefined) return false;
    try {
      await outbox.store(bodies);
      events.onStored(bodies.length);
      return true;
    } catch (err) {
      log.warn(
        { err: toError(err), messages: bodies.length },
        'outbox did not take messages; they wait in memory',
      );
      events.onStoreFailed(toError(err));
      return false;
    }
  }

  #createDrain(outbox: Outbox): OutboxDrain {
    const { link, log, events } = this.#deps;
    const onFirstDone = (overtaken: boolean) => {
      if (overtaken) events.onOvertaking();
      this.#pump();
    };
    const send = (bodies: readonly string[]) => this.#send(bodies);
    const deps = { outbox, link, send, log, onFailed: events.onStoreFailed, onFirstDone };
    return new OutboxDrain(deps, this.#options.outboxFirst);
  }

  /** Neither broker nor database took a batch: wait before the next attempt, unless the link changes first. */
  #holdBack(): void {
    if (this.#hold !== undefined || this.#closed) return;
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

function bodiesOf({ publications }: Batch): readonly string[] {
  return publications.map(({ body }) => body);
}

function toQueueMessage(destination: string, body: string): OutgoingMessage {
  return { destination, body, headers: { 'content-type': MESSAGE_CONTENT_TYPE } };
}

/** Without a signal it is for what ends by itself. */
function waitIn(waiters: Set<() => void>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (finish: () => void) => () => {
      waiters.delete(wake);
      signal?.removeEventListener('abort', abort);
      finish();
    };
    const wake = leave(resolve);
    const abort = leave(() => reject(signal?.reason));
    if (signal?.aborted) return abort();
    waiters.add(wake);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
