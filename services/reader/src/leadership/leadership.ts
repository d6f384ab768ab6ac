import { randomUUID } from 'node:crypto';
import { aborted, type Logger, pause, toError } from '@podips/shared';
import { type HeldLock, type LockOptions, tryLock } from './leader-lock.js';

export interface LeadershipOptions extends LockOptions {
  /** Between two attempts of one that waits. */
  readonly standbyIntervalMs: number;
  /** After this without an answer of the database a waiting reader leads all the same: there is nobody to ask. */
  readonly databaseWaitMs: number;
}

export interface Leadership {
  /** True when the database has confirmed it; false while nobody can be asked. */
  readonly confirmed: boolean;
  /** Settles when the database confirms what nobody could be asked about before. */
  readonly confirmation: Promise<void>;
  /** Settles when another reader leads, or after `release`. */
  readonly over: Promise<void>;
  release(): Promise<void>;
}

export interface LeadershipEvents {
  /** Another reader leads, as far as is known; called for every attempt. */
  onStandby(): void;
}

/** Of one that led when the database went away; shorter than that of one that waits, so that it gets the lock first. */
const REGAIN_INTERVAL_MS = 250;

/**
 * Waits until this reader is the one that publishes for its cluster: the one that holds a PostgreSQL advisory lock.
 * When the database goes away afterwards, the reader that leads goes on leading and takes the lock again as soon as it
 * can; if another has it by then, `over` settles.
 * @returns undefined when the signal aborted before
 */
export async function awaitLeadership(
  options: LeadershipOptions,
  events: LeadershipEvents,
  log: Logger,
  signal: AbortSignal,
): Promise<Leadership | undefined> {
  const startedMs = performance.now();
  const name = `podips-leader ${randomUUID()}`;
  while (!signal.aborted) {
    try {
      const lock = await tryLock(options, name, false, signal);
      if (lock) return keepLeadership(options, name, lock, log);
      events.onStandby();
    } catch (err) {
      if (signal.aborted) break;
      log.warn({ err: toError(err) }, 'the database cannot be asked who leads');
      if (options.rival.since) events.onStandby();
      else if (performance.now() - startedMs > options.databaseWaitMs)
        return keepLeadership(options, name, undefined, log);
    }
    await pause(options.standbyIntervalMs, signal);
  }
  return undefined;
}

/** Without a database there is nobody to ask, and only one reader may run. */
export function soleLeadership(): Leadership {
  const { promise: over, resolve } = Promise.withResolvers<void>();
  return { confirmed: true, confirmation: Promise.resolve(), over, release: async () => resolve() };
}

function keepLeadership(
  options: LeadershipOptions,
  name: string,
  first: HeldLock | undefined,
  log: Logger,
): Leadership {
  const stopping = new AbortController();
  const confirmation = Promise.withResolvers<void>();
  let lock = first;
  if (lock) confirmation.resolve();

  const run = async () => {
    while (!stopping.signal.aborted) {
      if (lock) {
        await Promise.race([lock.lost, aborted(stopping.signal)]);
        if (stopping.signal.aborted) return;
        log.warn('the database that says who leads is away; going on');
        lock = undefined;
      }
      const answer = await askAgain(options, name, stopping.signal);
      if (answer === 'taken') return log.warn('another reader leads');
      if (answer === 'away') {
        await pause(REGAIN_INTERVAL_MS, stopping.signal);
        continue;
      }
      lock = answer;
      confirmation.resolve();
      log.info('the database says again that this reader leads');
    }
  };
  const over = run().finally(() => lock?.release());
  return {
    get confirmed() {
      return lock !== undefined;
    },
    confirmation: confirmation.promise,
    over,
    async release() {
      stopping.abort();
      await over;
    },
  };
}

async function askAgain(
  options: LeadershipOptions,
  name: string,
  signal: AbortSignal,
): Promise<HeldLock | 'taken' | 'away'> {
  try {
    return (await tryLock(options, name, true, signal)) ?? 'taken';
  } catch {
    return 'away'; // said once, when the lock was lost; asked again by the caller
  }
}
