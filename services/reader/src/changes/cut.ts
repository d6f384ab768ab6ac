import type { Checkpoint, FailureRecord, Gap, LeaseRecord, RestartRecord } from './entry.js';

/** What the ledger gets at once: of one entry, or of several that follow each other. It may end with any of them. */
export interface Cut {
  /** The number of the newest entry in it. */
  readonly number: number;
  readonly leases: readonly LeaseRecord[];
  readonly restarts: readonly RestartRecord[];
  readonly failures: readonly FailureRecord[];
  readonly gaps: readonly Gap[];
  /** Undefined where no list was ever read to its end. */
  readonly checkpoint: Checkpoint | undefined;
}

/** The database writes as many rows in a second at the most, and they are prepared in a moment. What follows comes next. */
export const MAX_CUT_ROWS = 5_000;

/** As many of these as are written quickly, the first one at least; undefined where there is none. */
export function cutOf(entries: readonly Cut[]): Cut | undefined {
  let rows = 0;
  const tooMany = entries.findIndex((entry, index) => {
    rows += rowsOf(entry);
    return index > 0 && rows > MAX_CUT_ROWS;
  });
  const taken = tooMany < 0 ? entries : entries.slice(0, tooMany);
  const last = taken.at(-1);
  return (
    last && {
      number: last.number,
      checkpoint: taken.findLast(({ checkpoint }) => checkpoint !== undefined)?.checkpoint,
      leases: taken.flatMap(({ leases }) => leases),
      restarts: taken.flatMap(({ restarts }) => restarts),
      failures: taken.flatMap(({ failures }) => failures),
      gaps: taken.flatMap(({ gaps }) => gaps),
    }
  );
}

type Rows = Pick<Cut, 'leases' | 'restarts' | 'failures' | 'gaps'>;

/** How many rows of the ledger something takes. */
export function rowsOf({ leases, restarts, failures, gaps }: Rows): number {
  return leases.length + restarts.length + failures.length + gaps.length;
}
