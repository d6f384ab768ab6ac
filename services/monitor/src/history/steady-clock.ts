export interface SteadyClockOptions {
  readonly now: () => number;
  /** Milliseconds that only go forward, whoever sets the clock. */
  readonly monotonicMs: () => number;
}

/** So long a clock must have gone without a jump, in milliseconds. */
const HOLD_MS = 3_600_000;
/** What is further than clocks drift between two looks, in milliseconds. */
const JUMP_MS = 600_000;
/** Before that there was no podips: so early are machines whose clock has never been set. */
const EARLIEST_MS = Date.UTC(2025, 0, 1);

/**
 * Says whether a clock can be believed, so that something may be deleted for its age: it has gone steadily for an hour.
 * Wants to be asked every few minutes.
 */
export function createSteadyClock({ now, monotonicMs }: SteadyClockOptions): () => boolean {
  let offsetMs = now() - monotonicMs();
  let steadySinceMs = monotonicMs();
  return () => {
    const [nowMs, passedMs] = [now(), monotonicMs()];
    if (Math.abs(nowMs - passedMs - offsetMs) > JUMP_MS) steadySinceMs = passedMs;
    offsetMs = nowMs - passedMs;
    return passedMs - steadySinceMs >= HOLD_MS && nowMs >= EARLIEST_MS;
  };
}
