import { NOW_MS, workload } from './book.test.helpers.js';
import type { WorkloadName } from './facts.js';
import type { LastTrouble, Measure } from './measure.js';
import type { Counts } from './tally.js';

/** A measure with these counts. */
export function measureOf(
  counts: Partial<Counts>,
  { usual, last, of = workload() }: { usual?: number; last?: LastTrouble; of?: WorkloadName } = {},
): Measure {
  const all = {
    started: 0,
    ended: 0,
    replaced: 0,
    restarts: 0,
    disrupted: 0,
    failed: 0,
    succeeded: 0,
    ...counts,
  };
  return {
    workload: of,
    counts: all,
    trouble: all.replaced + all.restarts + all.failed,
    usual,
    medianLifeMs: undefined,
    shortestLifeMs: undefined,
    last,
  };
}

/** What happened last, a minute before the time of the tests. */
export const LAST: LastTrouble = {
  what: 'restarted',
  pod: 'web-x',
  cause: 'OOMKilled',
  exitCode: 137,
  atMs: NOW_MS - 60_000,
};
