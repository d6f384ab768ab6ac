/**
 * The rest of a time. After a clock was set back by less than that, the whole of it; by more, nothing: so the clock
 * never makes it more than twice as long.
 */
export function remainingMs(startMs: number, lengthMs: number, nowMs: number): number {
  return startMs - nowMs > lengthMs ? 0 : Math.min(lengthMs, Math.max(0, startMs + lengthMs - nowMs));
}
