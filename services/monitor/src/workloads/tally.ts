import { createRing, type Ring } from './ring.js';

/** What is counted of a workload. */
export const COUNTED = [
  'started',
  'ended',
  'replaced',
  'restarts',
  'disrupted',
  'failed',
  'succeeded',
] as const;
export type Counted = (typeof COUNTED)[number];
/** What should not happen. */
export const TROUBLES = ['replaced', 'restarts', 'failed'] as const satisfies readonly Counted[];
export type Counts = Readonly<Record<Counted, number>>;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
export const QUARTER_MS = 15 * MINUTE_MS;

/** Counts of a workload: by the minute of the last day, and by the quarter of an hour of the last two weeks. */
export interface Tally {
  /** @param atMs milliseconds since the epoch */
  add(what: Counted, atMs: number, by?: number): void;
  /** The sums from one time to another, to the minute within the last day, else to the quarter of an hour. */
  sum(fromMs: number, toMs: number): Counts;
  /** What should not have happened, from one time to another, to the quarter of an hour. */
  trouble(fromMs: number, toMs: number): number;
  /** When the first of these was counted from one time to another, as exactly as the sums; undefined: none was. */
  first(what: readonly Counted[], fromMs: number, toMs: number): number | undefined;
  /** A kind's counts in each of the last quarters of an hour, the newest last. */
  quarters(what: Counted, count: number, nowMs: number): number[];
}

interface Rings {
  readonly minutes: Ring;
  readonly quarters: Ring;
}

/**
 * Takes 6 kB for each kind that was ever counted.
 * @param minutesFromMs nothing before is counted by the minute, in milliseconds since the epoch
 */
export function createTally(minutesFromMs = Number.NEGATIVE_INFINITY): Tally {
  const rings = new Map<Counted, Rings>();
  return {
    add(what, atMs, by) {
      let ring = rings.get(what);
      if (ring === undefined) {
        ring = {
          minutes: createRing(MINUTE_MS, DAY_MS / MINUTE_MS + 1),
          quarters: createRing(QUARTER_MS, (14 * DAY_MS) / QUARTER_MS + 1),
        };
        rings.set(what, ring);
      }
      if (atMs >= minutesFromMs) ring.minutes.add(atMs, by);
      ring.quarters.add(atMs, by);
    },
    first(what, fromMs, toMs) {
      const times = what.flatMap((one) => rings.get(one)?.[scaleOf(fromMs, toMs)].first(fromMs, toMs) ?? []);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    sum(fromMs, toMs) {
      const scale = scaleOf(fromMs, toMs);
      const sums = COUNTED.map((what) => [what, rings.get(what)?.[scale].sum(fromMs, toMs) ?? 0]);
      return Object.fromEntries(sums) as Record<Counted, number>; // each of them once
    },
    trouble: (fromMs, toMs) =>
      TROUBLES.reduce((sum, what) => sum + (rings.get(what)?.quarters.sum(fromMs, toMs) ?? 0), 0),
    quarters: (what, count, nowMs) =>
      rings.get(what)?.quarters.last(count, nowMs) ?? Array<number>(count).fill(0),
  };
}

/** From when on the sums count that begin at a time: they consist of whole minutes, or quarters of an hour. */
export function countedFromMs(fromMs: number, toMs: number): number {
  const stepMs = scaleOf(fromMs, toMs) === 'minutes' ? MINUTE_MS : QUARTER_MS;
  return (Math.floor(fromMs / stepMs) + 1) * stepMs;
}

function scaleOf(fromMs: number, toMs: number): keyof Rings {
  return toMs - fromMs <= DAY_MS ? 'minutes' : 'quarters';
}
