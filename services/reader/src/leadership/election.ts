import { type Logger, pause } from '@podips/shared';
import { KubeError } from '../cluster/kube-client.js';
import { Standstill } from '../cluster/standstill.js';
import type { Candidate, Standing } from './candidate.js';

export interface ElectionOptions {
  /** Between two renewals of the leader, and between two looks of a reader that stands by; up to a fifth is added. */
  readonly retryMs: number;
  /** How long the Lease lasts: a leader waits for no longer than half of it, a standby for a quarter of the holder's. */
  readonly durationMs: number;
}

export interface ElectionEvents {
  /** Another reader holds the Lease; called for every answer that says so. */
  onStandby(): void;
  /**
   * @param role what is known about this reader: nothing yet, that it stands by, or that it leads; `unconfirmed` when it
   * led and accepts nothing until an answer confirms that it still does
   */
  onFailure(error: KubeError, role: Role): void;
}

export type Role = 'unknown' | 'standby' | 'leader' | 'unconfirmed';

/** The time during which this reader leads. A renewal that fails does not end it; seeing another holder does. */
export interface Leadership {
  /** Settles when another reader holds the Lease, or after `release`. */
  readonly over: Promise<void>;
  /** Whether this process stood still since it leads: another reader may lead by now. Ends with `release`. */
  readonly standstill: Standstill;
  /**
   * Asks again, until there is an answer, whether this reader still leads.
   * @returns false when it does not, or when the signal aborted before
   */
  confirm(signal: AbortSignal): Promise<boolean>;
  /** Gives the Lease up, so that a reader that stands by takes over at once. */
  release(): Promise<void>;
}

const JITTER = 0.2;
/** How often a standby asks in the time that the holder's Lease lasts, at the least. */
const STANDBY_ANSWERS = 4;
const RELEASE_DEADLINE_MS = 3_000;

/** Leadership without a Lease, for the only reader of a cluster. */
export function soleLeadership(): Leadership {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const standstill = new Standstill(undefined);
  let released = false;
  return {
    over,
    standstill,
    confirm: async (signal) => !released && !signal.aborted,
    async release() {
      released = true;
      standstill[Symbol.dispose]();
      resolve();
    },
  };
}

/**
 * Waits until this reader holds the Lease, then keeps it.
 * @returns undefined when the signal aborted before
 */
export async function awaitLeadership(
  candidate: Candidate,
  options: ElectionOptions,
  events: ElectionEvents,
  log: Logger,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const failures = new FailureReport(events, log);
  let holder: string | undefined;
  let { durationMs } = options;
  while (!signal.aborted) {
    let waitMs = restMs(options);
    try {
      const standing = await candidate.ask(signal);
      failures.end();
      if (standing.leads) return new HeldLeadership(candidate, options, events, log);
      if (standing.holder !== holder)
        log.info({ holder: standing.holder }, 'standing by: another reader leads');
      ({ holder, durationMs } = standing);
      events.onStandby();
      // Looking again at the moment of the expiry makes for the earliest take-over.
      waitMs = Math.min(waitMs, standing.expiresInMs);
    } catch (err) {
      if (signal.aborted) break;
      waitMs = Math.max(waitMs, failures.add(err, holder === undefined ? 'unknown' : 'standby', options));
    }
    // A failure may lie between two answers, and the silence between them still be short enough.
    await pause(Math.min(waitMs, durationMs / STANDBY_ANSWERS), signal);
  }
  // The request that was aborted may have been carried out.
  await releaseQuietly(candidate, log);
  return undefined;
}

class HeldLeadership implements Leadership {
  readonly over: Promise<void>;
  readonly standstill: Standstill;
  readonly #candidate: Candidate;
  readonly #options: ElectionOptions;
  readonly #failures: FailureReport;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #confirmations = 0;
  /** Settles when the request that is under way has been answered: they do not overlap. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(candidate: Candidate, options: ElectionOptions, events: ElectionEvents, log: Logger) {
    this.#candidate = candidate;
    this.#options = options;
    this.#failures = new FailureReport(events, log);
    this.#log = log;
    this.standstill = new Standstill(options.durationMs);
    log.info('leader lease acquired');
    this.over = this.#keep();
  }

  async confirm(signal: AbortSignal): Promise<boolean> {
    this.#confirmations += 1;
    try {
      for (;;) {
        // Also when an answer is under way: that one may be from before whatever made the caller ask.
        const waitMs = await this.#renew();
        if (this.#stopping.signal.aborted) return false;
        if (waitMs === undefined) return !signal.aborted;
        if (!(await pause(waitMs, signal))) return false;
      }
    } finally {
      this.#confirmations -= 1;
    }
  }

  async release(): Promise<void> {
    this.#stopping.abort();
    await this.over;
    await this.#turn;
    this.standstill[Symbol.dispose]();
    await releaseQuietly(this.#candidate, this.#log);
  }

  async #keep(): Promise<void> {
    const { signal } = this.#stopping;
    let waitMs: number | undefined;
    while (await pause(waitMs ?? restMs(this.#options), signal)) waitMs = await this.#renew();
  }

  /** @returns how long to wait before the next attempt when there was no answer; undefined when there was one */
  async #renew(): Promise<number | undefined> {
    const { signal } = this.#stopping;
    const turn = this.#turn.then(async () => {
      if (signal.aborted) return undefined;
      try {
        this.#see(await this.#candidate.ask(signal));
        return undefined;
      } catch (err) {
        if (signal.aborted) return undefined;
        const role = this.#confirmations > 0 ? 'unconfirmed' : 'leader';
        return Math.max(restMs(this.#options), this.#failures.add(err, role, this.#options));
      }
    });
    this.#turn = turn;
    return turn;
  }

  #see(standing: Standing): void {
    this.#failures.end();
    if (standing.leads) return;
    this.#log.warn({ holder: standing.holder }, 'leader lease lost; standing by');
    this.#stopping.abort();
  }
}

/** Says once when requests for the Lease begin to fail, and once when they work again. */
class FailureReport {
  readonly #events: ElectionEvents;
  readonly #log: Logger;
  #status: number | undefined;

  constructor(events: ElectionEvents, log: Logger) {
    this.#events = events;
    this.#log = log;
  }

  /** @returns how long the API server asks to wait, in milliseconds; no longer than a leader can afford */
  add(err: unknown, role: Role, { durationMs }: ElectionOptions): number {
    if (!(err instanceof KubeError)) throw err;
    if (err.status !== this.#status)
      this.#log.warn(
        { err },
        role === 'leader'
          ? 'leader lease not renewed; leadership continues until another holder is seen'
          : 'leader lease not readable',
      );
    this.#status = err.status;
    this.#events.onFailure(err, role);
    return Math.min(err.retryAfterMs ?? 0, durationMs / 2);
  }

  end(): void {
    if (this.#status !== undefined) this.#log.info('leader lease readable again');
    this.#status = undefined;
  }
}

function restMs({ retryMs }: ElectionOptions): number {
  return retryMs * (1 + Math.random() * JITTER);
}

/** A Lease that cannot be given up expires by itself. */
async function releaseQuietly(candidate: Candidate, log: Logger): Promise<void> {
  try {
    await candidate.release(AbortSignal.timeout(RELEASE_DEADLINE_MS));
  } catch (err) {
    log.warn({ err }, 'leader lease not released; it expires by itself');
  }
}
