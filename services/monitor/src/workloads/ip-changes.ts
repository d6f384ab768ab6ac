import { createRing } from './ring.js';
import { QUARTER_MS } from './tally.js';

/** So many quarters of an hour have 24 hours. */
const QUARTERS = 96;
/** What is older is not shown. */
export const SHOWN_MS = (QUARTERS + 1) * QUARTER_MS;

/** Starts and ends of pods' holds on addresses, by the quarter of an hour of the last day. */
export interface IpChanges {
  /** @param atMs milliseconds since the epoch */
  started(atMs: number): void;
  ended(atMs: number): void;
  /** The last 24 hours, the newest quarter last. */
  quarters(nowMs: number): { readonly starts: number[]; readonly ends: number[] };
}

export function createIpChanges(): IpChanges {
  const [starts, ends] = [createRing(QUARTER_MS, QUARTERS + 1), createRing(QUARTER_MS, QUARTERS + 1)];
  return {
    started: (atMs) => starts.add(atMs),
    ended: (atMs) => ends.add(atMs),
    quarters: (nowMs) => ({ starts: starts.last(QUARTERS, nowMs), ends: ends.last(QUARTERS, nowMs) }),
  };
}
