import type { Checkpoint, FailureRecord, Gap, LeaseRecord, RestartRecord } from './entry.js';

/**
 * All that can be recorded now: the leases, restarts, failures and gaps up to a checkpoint, or up to a part of the first
 * list, every message of them durable.
 */
export interface Cut {
  /** The number of the newest entry in it. */
  readonly upTo: number;
  readonly leases: readonly LeaseRecord[];
  readonly restarts: readonly RestartRecord[];
  readonly failures: readonly FailureRecord[];
  readonly gaps: readonly Gap[];
  /** Undefined before the end of the first list. */
  readonly checkpoint: Checkpoint | undefined;
}

/** What the ledger keeps of an entry. */
export interface Unrecorded {
  readonly number: number;
  readonly leases: readonly LeaseRecord[];
  readonly restarts: readonly RestartRecord[];
  readonly failures: readonly FailureRecord[];
  readonly gaps: readonly Gap[];
  readonly checkpoint: Checkpoint | undefined;
  /** Whether the ledger may end with it. */
  readonly isCut: boolean;
}

/** The database writes as many rows in a second at the most, and they are prepared in a moment. What follows comes next. */
export const MAX_CUT_ROWS = 5_000;

/** All of these entries that can be recorded at once; undefined where that is none. */
export function cutOf(unrecorded: readonly Unrecorded[]): Cut | undefined {
  const entries = entriesOf(unrecorded);
  const upTo = entries.at(-1)?.number;
  if (upTo === undefined) return undefined;
  const { checkpoint } = entries.findLast((entry) => entry.checkpoint !== undefined) ?? {};
  return {
    upTo,
    checkpoint,
    leases: entries.flatMap(({ leases }) => leases),
    restarts: entries.flatMap(({ restarts }) => restarts),
    failures: entries.flatMap(({ failures }) => failures),
    gaps: entries.flatMap(({ gaps }) => gaps),
  };
}

/** The entries with which a cut can end: the first one at least, and no more rows than are written quickly. */
function entriesOf(entries: readonly Unrecorded[]): readonly Unrecorded[] {
  let end = 0;
  let rows = 0;
  for (const [index, entry] of entries.entries()) {
    rows += rowsOf(entry);
    if (end > 0 && rows > MAX_CUT_ROWS) break;
    if (entry.isCut) end = index + 1;
  }
  return entries.slice(0, end);
}

type Rows = Pick<Unrecorded, 'leases' | 'restarts' | 'failures' | 'gaps'>;

/** How many rows of the ledger something takes. */
export function rowsOf({ leases, restarts, failures, gaps }: Rows): number {
  return leases.length + restarts.length + failures.length + gaps.length;
}
