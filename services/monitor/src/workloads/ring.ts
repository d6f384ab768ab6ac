/** Counts by steps of time, of the newest steps only. */
export interface Ring {
  /** Counts at a time; what is older than the ring reaches back is left out. @param atMs milliseconds since the epoch */
  add(atMs: number, by?: number): void;
  /** The sum of the steps that begin after `fromMs` and at or before `toMs`. */
  sum(fromMs: number, toMs: number): number;
  /** When the first of these steps began in which anything was counted; undefined: there is none. In milliseconds since the epoch. */
  first(fromMs: number, toMs: number): number | undefined;
  /** Each of the last steps, the newest last, which is the one that contains `nowMs`. */
  last(steps: number, nowMs: number): number[];
}

const MOST = 65_535;

/** Takes two bytes for each step, whatever happens. @param stepMs in milliseconds */
export function createRing(stepMs: number, steps: number): Ring {
  const counts = new Uint16Array(steps);
  /** The newest step counted so far, since the epoch. */
  let newest = 0;
  const stepOf = (ms: number) => Math.floor(ms / stepMs);
  const isKept = (step: number) => step <= newest && step > newest - steps;
  const at = (step: number) => (isKept(step) ? (counts[step % steps] ?? 0) : 0);
  const firstOf = (fromMs: number) => Math.max(stepOf(fromMs) + 1, newest - steps + 1);
  const lastOf = (toMs: number) => Math.min(stepOf(toMs), newest);

  return {
    add(atMs, by = 1) {
      const step = stepOf(atMs);
      for (let passed = Math.max(newest + 1, step - steps + 1); passed <= step; passed++)
        counts[passed % steps] = 0;
      newest = Math.max(newest, step);
      if (isKept(step)) counts[step % steps] = Math.max(0, Math.min(MOST, at(step) + by));
    },
    sum(fromMs, toMs) {
      let sum = 0;
      const last = lastOf(toMs);
      // Many of them are added up for a ranking: no step is looked up for itself.
      for (let step = firstOf(fromMs), index = step % steps; step <= last; step++) {
        sum += counts[index] ?? 0;
        index = index + 1 === steps ? 0 : index + 1;
      }
      return sum;
    },
    first(fromMs, toMs) {
      for (let step = firstOf(fromMs); step <= lastOf(toMs); step++) if (at(step) > 0) return step * stepMs;
      return undefined;
    },
    last: (count, nowMs) =>
      Array.from({ length: count }, (_none, index) => at(stepOf(nowMs) - count + 1 + index)),
  };
}
