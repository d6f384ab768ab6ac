import { backoffDelayMs, FailureLog, type Logger, toError } from '@podips/shared';
import type { ChangeLog } from '../changes/change-log.js';
import { MAX_ENTRY_MESSAGES } from '../changes/entry.js';
import type { Outbox } from '../store/outbox.js';
import type { QueueSender } from './queue-sender.js';

export interface DeliveryDeps {
  readonly changes: ChangeLog;
  readonly queue: QueueSender;
  /** Undefined without a database: messages then wait in memory. */
  readonly outbox: Pick<Outbox, 'store'> | undefined;
  readonly log: Logger;
  /** The outbox has made messages durable that the broker did not accept. */
  readonly onStored: (count: number) => void;
  readonly onStoreFailed: (error: Error) => void;
}

/** Messages that are sent in one transaction. */
interface Batch {
  /** The number of its newest entry. */
  readonly upTo: number;
  readonly bodies: readonly string[];
  state: 'waiting' | 'sending' | 'refused' | 'storing' | 'durable';
}

/** With two in flight the broker syncs one to disk while it reads the next. */
const MAX_IN_FLIGHT = 2;
const HOLD = { baseMs: 500, capMs: 5_000 };

/**
 * The cursor that delivers: makes messages of the change log durable, strictly in order: in the queue, else in the outbox,
 * else they stay in memory. Whenever this process is killed, no message is durable before which one is not: that one
 * would be published again with a later time.
 */
export class Delivery {
  readonly #deps: DeliveryDeps;
  /** Taken from the log, oldest first. */
  readonly #batches: Batch[] = [];
  readonly #storeFailures: FailureLog;
  #failures = 0;
  #hold: NodeJS.Timeout | undefined;
  #phase: 'running' | 'draining' | 'closed' = 'running';

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
    this.#storeFailures = new FailureLog(deps.log, {
      failed: 'outbox write failed; messages wait in memory',
      worked: 'outbox can be written again',
    });
    deps.changes.onChange(() => this.#pump());
  }

  /** To be called when the link to the broker came up or went down. */
  linkChanged(): void {
    clearTimeout(this.#hold);
    this.#hold = undefined;
    this.#pump();
  }

  /**
   * Waits until everything is durable, or the signal aborts.
   * @returns how many messages are not; they exist nowhere but in the cluster's own state
   */
  async settle(signal: AbortSignal): Promise<number> {
    const { changes } = this.#deps;
    this.#phase = 'draining';
    this.#pump();
    await changes
      .until(() => changes.undelivered === 0, signal)
      .catch((err) => {
        if (!signal.aborted) throw err;
      });
    return changes.undelivered;
  }

  /** Sends nothing any more; what is not durable is left to be found again. */
  close(): void {
    this.#phase = 'closed';
    clearTimeout(this.#hold);
  }

  #pump(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) void this.#attempt(...next);
  }

  /** The next possible attempt: to send the oldest batch that waits, or to store the oldest of all. */
  #next(): [Batch, 'sending' | 'storing'] | undefined {
    if (this.#hold !== undefined || this.#phase === 'closed') return undefined;
    const { queue, outbox } = this.#deps;
    const oldest = this.#batches[0];
    const outboxOnly = this.#batches.some(({ state }) => state === 'refused' || state === 'storing');
    if (queue.session !== undefined && !outboxOnly) {
      const inFlight = this.#batches.filter(({ state }) => state === 'sending').length;
      const batch = this.#batches.find(({ state }) => state === 'waiting');
      const free = inFlight < MAX_IN_FLIGHT ? (batch ?? this.#take()) : undefined;
      return free && [free, 'sending'];
    }
    const mayStore = outbox !== undefined && (outboxOnly || queue.isDown || this.#phase === 'draining');
    const first = mayStore ? (oldest ?? this.#take()) : undefined;
    return first && ['waiting', 'refused'].includes(first.state) ? [first, 'storing'] : undefined;
  }

  /** Takes the next messages from the log. */
  #take(): Batch | undefined {
    const after = this.#batches.at(-1)?.upTo ?? 0;
    const entries = [...this.#deps.changes.undeliveredAfter(after, MAX_ENTRY_MESSAGES)];
    const upTo = entries.at(-1)?.number;
    if (upTo === undefined) return undefined;
    const batch: Batch = { upTo, bodies: entries.flatMap(({ messages }) => messages), state: 'waiting' };
    this.#batches.push(batch);
    return batch;
  }

  /** Tries to make a batch durable; if that fails, it keeps its place in the order. Never rejects. */
  async #attempt(batch: Batch, by: 'sending' | 'storing'): Promise<void> {
    batch.state = by;
    const isDurable = await (by === 'sending' ? this.#send(batch) : this.#store(batch));
    if (isDurable) {
      batch.state = 'durable';
      this.#failures = 0;
      this.#advance();
    } else if (by === 'sending' && this.#deps.outbox) {
      batch.state = 'refused';
    } else {
      for (const other of this.#batches) if (other.state === 'refused') other.state = 'waiting';
      batch.state = 'waiting';
      this.#holdBack();
    }
    this.#pump();
  }

  async #send({ bodies }: Batch): Promise<boolean> {
    try {
      await this.#deps.queue.send(bodies);
      return true;
    } catch {
      return false; // reported by the sender
    }
  }

  async #store({ bodies }: Batch): Promise<boolean> {
    const { outbox, onStored, onStoreFailed } = this.#deps;
    try {
      await outbox?.store(bodies);
      this.#storeFailures.worked();
      onStored(bodies.length);
      return true;
    } catch (err) {
      const error = toError(err);
      this.#storeFailures.failed(error, { messages: bodies.length });
      onStoreFailed(error);
      return false;
    }
  }

  /** Passes the entries up to the first batch that is not durable. */
  #advance(): void {
    const open = this.#batches.findIndex(({ state }) => state !== 'durable');
    const durable = this.#batches.splice(0, open === -1 ? this.#batches.length : open);
    const upTo = durable.at(-1)?.upTo;
    if (upTo !== undefined) this.#deps.changes.delivered(upTo);
  }

  /** Neither broker nor database accepted a batch: waits before the next attempt, unless the link changes first. */
  #holdBack(): void {
    if (this.#hold !== undefined || this.#phase === 'closed') return;
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
