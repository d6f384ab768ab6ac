/**
 * What a candidate has seen of a Lease, in milliseconds of its own steady clock. No clock of the holder is in it: only
 * that a Lease does not change for as long as it lasts shows that the holder is gone.
 */
export interface Observation {
  readonly resourceVersion: string;
  /** When this version was first seen. */
  readonly sinceMs: number;
  /** When it was last seen. */
  readonly seenMs: number;
}

/**
 * Adds an answer of the API server. One that comes after more than `maxSilenceMs` counts as the first: while the API server
 * did not answer, the holder could not renew either, and deserves the time to do so.
 */
export function observe(
  before: Observation | undefined,
  resourceVersion: string,
  maxSilenceMs: number,
  nowMs: number,
): Observation {
  const isUnbroken = before?.resourceVersion === resourceVersion && nowMs - before.seenMs <= maxSilenceMs;
  return { resourceVersion, sinceMs: isUnbroken ? before.sinceMs : nowMs, seenMs: nowMs };
}

/** How long the Lease still lasts if it is not renewed; 0 or less when it has expired. */
export function remainingMs({ sinceMs, seenMs }: Observation, durationMs: number): number {
  return sinceMs + durationMs - seenMs;
}
