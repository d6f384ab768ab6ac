/** A time in which the monitor stood still, as its wall clock gave it, in milliseconds. */
export interface Standstill {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Since when the monitor has been listening without standing still: what it missed says nothing about those who report. */
export interface Attention {
  /** Since when it listens, on the wall clock. */
  readonly sinceMs: number;
  /** For how long it has been listening, in milliseconds. */
  listenedMs(): number;
  /** For how long it has listened since it was created, without the times in which it stood still. */
  totalMs(): number;
  /** Whether what arrives now may have waited for the monitor while that stood still. */
  isCatchingUp(): boolean;
  /** Finds out whether it stood still until now. */
  look(): void;
  /** Calls the listener after each standstill, before anything else is concluded. */
  onStandstill(listener: (standstill: Standstill) => void): void;
  stop(): void;
}

/** For tests, and where it does not matter. */
export const ALWAYS_ATTENTIVE: Attention = {
  sinceMs: 0,
  listenedMs: () => Infinity,
  totalMs: () => 0,
  isCatchingUp: () => false,
  look: () => undefined,
  onStandstill: () => undefined,
  stop: () => undefined,
};

export interface AttentionOptions {
  readonly now: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly monotonicMs?: () => number;
}

const TICK_MS = 2_000;
/** A tick that is so late was not only slow. */
const STANDSTILL_MS = 10_000;
/** The kernel keeps connections for a process that stands still; these are read within this time. */
const CATCH_UP_MS = 2_000;

/**
 * Notices that the process or its machine stood still: by a tick that comes late, on the monotonic clock or, where that
 * stands still as well, on the wall clock. A clock that is set ahead looks the same, and counts as a standstill.
 */
export function createAttention(options: AttentionOptions): Attention {
  const { now, monotonicMs = () => performance.now() } = options;
  const listeners: ((standstill: Standstill) => void)[] = [];
  let last = { wallMs: now(), monotonicMs: monotonicMs() };
  let since = last;
  let earlierMs = 0;
  let hasStoodStill = false;

  const look = () => {
    const before = last;
    last = { wallMs: now(), monotonicMs: monotonicMs() };
    const passedMs = Math.max(last.monotonicMs - before.monotonicMs, last.wallMs - before.wallMs);
    if (passedMs <= STANDSTILL_MS) return;
    earlierMs += before.monotonicMs - since.monotonicMs;
    since = last;
    hasStoodStill = true;
    for (const listener of listeners) listener({ fromMs: before.wallMs, toMs: last.wallMs });
  };
  const timer = setInterval(look, TICK_MS).unref();
  const listenedMs = () => {
    look();
    return last.monotonicMs - since.monotonicMs;
  };
  return {
    get sinceMs() {
      return since.wallMs;
    },
    listenedMs,
    totalMs: () => listenedMs() + earlierMs,
    isCatchingUp: () => {
      const isFresh = listenedMs() < CATCH_UP_MS;
      return hasStoodStill && isFresh;
    },
    look,
    onStandstill: (listener) => void listeners.push(listener),
    stop: () => clearInterval(timer),
  };
}
