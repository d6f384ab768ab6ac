/**
 * A Lease as a candidate has seen it, in milliseconds of its own steady clock. No clock of the holder is in it: only
 * that a Lease does not change for as long as it lasts shows that the holder is gone.
 */
export interface Observation {
  readonly resourceVersion: string;
  /** When this version was first seen. */
  readonly sinceMs: number;
  /** When it was last seen. */
  readonly seenMs: number;
}

/** When an answer was asked for, and when it came. */
export interface AnswerTimes {
  readonly askedMs: number;
  readonly answeredMs: number;
}

/**
 * Adds an answer of the API server. One that was asked for more than `maxSilenceMs` after the one before counts as the
 * first: while the API server did not answer, the holder could not renew either, and deserves the time to do so. How long
 * the answer itself took is no silence, for it came within its deadline.
 */
export function observe(
  before: Observation | undefined,
  resourceVersion: string,
  maxSilenceMs: number,
  { askedMs, answeredMs }: AnswerTimes,
): Observation {
  const isUnbroken = before?.resourceVersion === resourceVersion && askedMs - before.seenMs <= maxSilenceMs;
  return { resourceVersion, sinceMs: isUnbroken ? before.sinceMs : answeredMs, seenMs: answeredMs };
}

/** How long the Lease still lasts if it is not renewed; 0 or less when it has expired. */
export function remainingMs({ sinceMs, seenMs }: Observation, durationMs: number): number {
  return sinceMs + durationMs - seenMs;
}
