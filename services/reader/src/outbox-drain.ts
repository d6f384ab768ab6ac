import { type Logger, QueueError, type QueueLink, toError } from '@podips/shared';
import type { Outbox } from './outbox.js';

export interface OutboxDrainDeps {
  readonly outbox: Outbox;
  readonly link: Pick<QueueLink, 'session'>;
  /** Rejects with a {@link QueueError} when the queue did not take them; that was reported then. */
  readonly send: (bodies: readonly string[]) => Promise<void>;
  readonly log: Logger;
  readonly onFailed: (error: Error) => void;
  /** Nothing needs to wait for the outbox any more; `overtaken` when some of it may still be there. */
  readonly onFirstDone: (overtaken: boolean) => void;
}

/** Since the first connection. Then the database is away, or a row cannot be sent: nothing else shall wait for that. */
const FIRST_MS = 15_000;

/** Sends what waits in the outbox, whenever it can be sent. */
export class OutboxDrain {
  readonly #deps: OutboxDrainDeps;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #goesFirst: boolean;
  #firstTimer: NodeJS.Timeout | undefined;

  /** @param first whether nothing shall be sent before what is in the outbox now */
  constructor(deps: OutboxDrainDeps, first: boolean) {
    this.#deps = deps;
    this.#goesFirst = first;
  }

  /** Whether other messages have to wait for the outbox. For a limited time. */
  get goesFirst(): boolean {
    return this.#goesFirst;
  }

  /** Drains, if there is a session. One run at a time; failures are reported, not thrown. */
  start(): void {
    const { session } = this.#deps.link;
    if (session === undefined || this.#running || this.#stopping.signal.aborted) return;
    if (this.#goesFirst) this.#firstTimer ??= setTimeout(() => this.#firstDone(true), FIRST_MS);
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      // A new session does not wait for the one that this run began with.
      if (this.#deps.link.session !== session) this.start();
    });
  }

  /** Ends after the rows that are under way. Resolves when they are sent. */
  async stop(): Promise<void> {
    clearTimeout(this.#firstTimer);
    this.#stopping.abort();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { outbox, send, log, onFailed } = this.#deps;
    try {
      const sent = await outbox.drain(send, this.#stopping.signal);
      if (sent > 0) log.info({ sent }, 'outbox drained');
      if (this.#goesFirst && !this.#stopping.signal.aborted) this.#firstDone(false);
    } catch (err) {
      log.warn({ err: toError(err) }, 'outbox not drained');
      if (!(err instanceof QueueError)) onFailed(toError(err));
    }
  }

  #firstDone(overtaken: boolean): void {
    clearTimeout(this.#firstTimer);
    this.#goesFirst = false;
    if (overtaken) this.#deps.log.warn('the outbox cannot be sent; newer messages go before it');
    this.#deps.onFirstDone(overtaken);
  }
}
