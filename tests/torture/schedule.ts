import type { Fault } from '../faults/fault.js';

/** A fault at a time, both in milliseconds from the start. */
export interface PlannedFault {
  readonly fault: Fault;
  readonly beginsAtMs: number;
  readonly endsAtMs: number;
}

const MIN_LASTING_MS = 500;
const MAX_LASTING_MS = 12_000;
const MAX_REST_MS = 5_000;

/**
 * Plans faults up to a time: several at once, but never two of one part. The same random numbers make the same plan.
 * @param random returns a number in [0, 1)
 */
export function planFaults(faults: readonly Fault[], untilMs: number, random: () => number): PlannedFault[] {
  const planned: PlannedFault[] = [];
  const freeAtMs = new Map<string, number>();
  for (let nowMs = random() * MAX_REST_MS; nowMs < untilMs; nowMs += random() * MAX_REST_MS) {
    const fault = faults[Math.floor(random() * faults.length)];
    const lastsMs = MIN_LASTING_MS + random() * (MAX_LASTING_MS - MIN_LASTING_MS);
    if (fault === undefined || (freeAtMs.get(fault.part) ?? 0) > nowMs) continue;
    const endsAtMs = Math.min(nowMs + lastsMs, untilMs);
    planned.push({ fault, beginsAtMs: nowMs, endsAtMs });
    freeAtMs.set(fault.part, endsAtMs + MAX_REST_MS);
  }
  return planned;
}
