import type { Span } from './windows.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A workload's own figures of so long say what is usual. */
export const USUAL_MS = 7 * DAY_MS;
/** Looked at in parts of at least this, so that a quiet hour does not end a bad time. */
const PART_MS = 6 * HOUR_MS;
/** A part is as bad as now when it had more than a third of the trouble. */
const AS_BAD = 1 / 3;

/** The time before a window, and what is known of it. In milliseconds, since the epoch. */
export interface Before {
  readonly windowMs: number;
  /** The end of the time before the window. */
  readonly toMs: number;
  /** Nothing is known of what was before. */
  readonly sinceMs: number;
}

/**
 * What the trouble of a window usually is, by the seven days before the present trouble began, so that it does not become
 * usual itself; undefined when less than a day is known. What has lasted for all that is known of seven days is usual.
 * @param trouble of the window @param sum the trouble of a span
 */
export function usualOf(
  trouble: number,
  { windowMs, toMs, sinceMs }: Before,
  sum: (span: Span) => number,
): number | undefined {
  const fromMs = Math.max(toMs - USUAL_MS, sinceMs);
  if (toMs - fromMs < DAY_MS) return undefined;
  const average = (span: Span) => (sum(span) * windowMs) / (span.toMs - span.fromMs);
  const partMs = Math.max(PART_MS, windowMs);
  if (trouble === 0) return average({ fromMs, toMs });
  let beganMs = toMs;
  while (beganMs - partMs >= fromMs) {
    if (average({ fromMs: beganMs - partMs, toMs: beganMs }) <= trouble * AS_BAD) break;
    beganMs -= partMs;
  }
  if (beganMs - partMs < fromMs) return average({ fromMs, toMs });
  return average({ fromMs: Math.max(beganMs - USUAL_MS, sinceMs), toMs: beganMs });
}
