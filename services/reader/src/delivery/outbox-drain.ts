import { FailureLog, type Logger, pause, QueueError, toError } from '@podips/shared';
import type { Outbox } from '../store/outbox.js';
import type { QueueSender } from './queue-sender.js';

export interface OutboxDrainDeps {
  readonly outbox: Pick<Outbox, 'drain' | 'trackEarlier'>;
  readonly queue: QueueSender;
  readonly log: Logger;
  readonly onFailed: (error: Error) => void;
}

const RETRY_MS = 500;
/**
 * While connected, and nothing of it is sent. After that newer messages wait no longer: the database fails, or a row
 * cannot be sent.
 */
const PATIENCE_MS = 15_000;

/** Sends what waits in the outbox to the queue, one run at a time. */
export class OutboxDrain {
  readonly #deps: OutboxDrainDeps;
  readonly #stopping = new AbortController();
  readonly #failures: FailureLog;
  #running: Promise<void> | undefined;
  #runs = 0;

  constructor(deps: OutboxDrainDeps) {
    this.#deps = deps;
    this.#failures = new FailureLog(deps.log, {
      failed: 'outbox not drained',
      worked: 'outbox can be drained again',
    });
  }

  /** Sends what is there, if there is a session. Failures are reported, not thrown. */
  start(): void {
    const { queue } = this.#deps;
    const { session } = queue;
    if (this.#running || session === undefined || this.#stopping.signal.aborted) return;
    this.#runs += 1;
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      // A new session does not wait for the one that this run began with.
      if (queue.session !== session) this.start();
    });
  }

  /**
   * Sends what an earlier reader left, and what the database is still storing for it. The time without a session does not
   * count: then nothing can overtake it.
   * @returns whether all of it was sent before the patience ended; undefined after `stop`
   */
  async empty(): Promise<boolean | undefined> {
    const { outbox, queue, log } = this.#deps;
    const { signal } = this.#stopping;
    const countLeft = outbox.trackEarlier();
    let rows: number | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    let looking: Promise<void> | undefined;
    for (let left = PATIENCE_MS; left > 0; ) {
      const startedMs = performance.now();
      const runs = this.#runs;
      looking ??= countLeft()
        .then((count) => {
          rows = count;
        })
        .catch((err) => log.debug({ err: toError(err) }, 'outbox not read'))
        .finally(() => {
          looking = undefined;
        });
      await Promise.race([looking, pause(RETRY_MS, signal)]);
      if (rows === 0 || signal.aborted) return signal.aborted ? undefined : true;
      this.start();
      if (!(await pause(RETRY_MS, signal))) return undefined;
      // A row that ends every session uses the patience up as well.
      if (queue.session !== undefined || this.#runs !== runs) left -= performance.now() - startedMs;
      if (rows === undefined || rows >= fewest) continue;
      fewest = rows;
      left = PATIENCE_MS;
    }
    return false;
  }

  /** Ends after the rows that are in flight. Resolves when they are sent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { outbox, queue, log, onFailed } = this.#deps;
    try {
      const sent = await outbox.drain((bodies) => queue.send(bodies), this.#stopping.signal);
      this.#failures.worked();
      if (sent > 0) log.info({ sent }, 'outbox drained');
    } catch (err) {
      this.#failures.failed(toError(err));
      if (!(err instanceof QueueError)) onFailed(toError(err));
    }
  }
}
