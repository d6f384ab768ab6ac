import type { Sighting } from './leases.js';
import { projectTimes } from './pod-times.js';

/** A pod that says nothing of times. */
export const NO_TIMES = projectTimes({});

/** All that a version shows happened at this moment, in milliseconds. */
export function sightingAt(ms: number, inferred = false): Sighting {
  const interval = { notBefore: ms, best: ms, notAfter: ms };
  return { inferred, start: () => interval, end: () => interval, restart: () => interval };
}
