/** Facts may be recorded that much later than others of their time, and are looked for again for so long. */
export const OVERLAP_MS = 15 * 60_000;
/** A look that reads more than this has a shorter overlap the next time. */
const MANY_FACTS = 20_000;
/** What is not recorded by then was unknown to the reader as well: it is looked for less often, and further back. */
const LEAST_MS = 30_000;

/**
 * How far back the next look begins. Where much happens, reading all of the last minutes again with each look would take
 * more and more time, and in the end more than there is between two looks.
 * @param facts that the last look has read
 */
export function nextOverlapMs(overlapMs: number, facts: number): number {
  if (facts > MANY_FACTS) return Math.max(LEAST_MS, overlapMs / 2);
  return facts < MANY_FACTS / 4 ? Math.min(OVERLAP_MS, overlapMs * 2) : overlapMs;
}
