import { type Logger, QueueError, type QueueLink, toError } from '@podips/shared';
import type { Outbox } from '../store/outbox.js';

export interface OutboxDrainDeps {
  readonly outbox: Outbox;
  readonly link: Pick<QueueLink, 'session'>;
  /** Rejects with a {@link QueueError} when the queue did not take them; that was reported then. */
  readonly send: (bodies: readonly string[]) => Promise<void>;
  readonly log: Logger;
  readonly onFailed: (error: Error) => void;
  /** Nothing has to wait for the outbox any more; `overtaken` when some of it may still be there. */
  readonly onFirstDone: (overtaken: boolean) => void;
}

/**
 * While connected, and without a row being sent. Then the database is away, or somebody else has rows or a row cannot be
 * sent: nothing else shall wait for that.
 */
const FIRST_MS = 15_000;
const FIRST_RETRY_MS = 500;
/** A row that ends every session does not hold up the others for longer than so many of them. */
const FIRST_SESSIONS = 10;

/** Sends what waits in the outbox, whenever it can be sent. */
export class OutboxDrain {
  readonly #deps: OutboxDrainDeps;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #goesFirst: boolean;
  #firstTimer: NodeJS.Timeout | undefined;
  #sessions = 0;
  #newestSession: QueueLink['session'];
  #retryTimer: NodeJS.Timeout | undefined;

  /** @param first whether nothing shall be sent before what is in the outbox now */
  constructor(deps: OutboxDrainDeps, first: boolean) {
    this.#deps = deps;
    this.#goesFirst = first;
  }

  /** Whether other messages have to wait for the outbox. For a limited time, unless it makes progress. */
  get goesFirst(): boolean {
    return this.#goesFirst;
  }

  /** Drains, if there is a session. One run at a time; failures are reported, not thrown. */
  start(): void {
    const { session } = this.#deps.link;
    if (session === undefined || this.#stopping.signal.aborted) return;
    if (this.#goesFirst && session !== this.#newestSession) this.#limitFirst(session);
    if (this.#running) return;
    clearTimeout(this.#retryTimer);
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      // A new session does not wait for the one that this run began with.
      if (this.#deps.link.session !== session) this.start();
      else if (this.#goesFirst && !this.#stopping.signal.aborted)
        this.#retryTimer = setTimeout(() => this.start(), FIRST_RETRY_MS);
    });
  }

  /** Ends after the rows that are under way. Resolves when they are sent. */
  async stop(): Promise<void> {
    this.#clearTimers();
    this.#stopping.abort();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { outbox, send, log, onFailed } = this.#deps;
    try {
      let batches = 0;
      const sendOn = (bodies: readonly string[]) => {
        // That there is another one says that the one before it is deleted.
        if (batches > 0) this.#firstTimer?.refresh();
        batches += 1;
        return send(bodies);
      };
      const sent = await outbox.drain(sendOn, this.#stopping.signal);
      if (sent > 0) {
        this.#firstTimer?.refresh();
        log.info({ sent }, 'outbox drained');
      }
      // Rows are left when another reader has them: it may be dead, and nobody knows yet.
      if (this.#goesFirst && (await outbox.isEmpty())) this.#firstDone(false);
    } catch (err) {
      log.warn({ err: toError(err) }, 'outbox not drained');
      if (!(err instanceof QueueError)) onFailed(toError(err));
    }
  }

  #limitFirst(session: QueueLink['session']): void {
    this.#newestSession = session;
    this.#sessions += 1;
    clearTimeout(this.#firstTimer);
    const ms = this.#sessions > FIRST_SESSIONS ? 0 : FIRST_MS;
    this.#firstTimer = setTimeout(() => this.#giveUpFirst(), ms);
  }

  #giveUpFirst(): void {
    if (this.#deps.link.session === undefined) return; // begins anew with the next one
    this.#deps.log.warn('the outbox cannot be sent; newer messages go before it');
    this.#firstDone(true);
  }

  #firstDone(overtaken: boolean): void {
    if (!this.#goesFirst) return;
    this.#clearTimers();
    this.#goesFirst = false;
    this.#deps.onFirstDone(overtaken);
  }

  #clearTimers(): void {
    clearTimeout(this.#firstTimer);
    clearTimeout(this.#retryTimer);
  }
}
