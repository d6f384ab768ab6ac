import type { Instant } from '@podips/annotate';
import { type Coverage, newestKnown } from './coverage.js';
import { describeGap } from './gap-text.js';
import type { GapView, Reason } from './ledger-view.js';
import { type Connection, findCoverage, findGapsWithin, type GapRow, MAX_ROWS } from './queries.js';

/** For whom questions are answered. */
export interface Asker {
  /** The cluster that is meant where none is named. */
  readonly cluster: string;
  readonly nowMs: number;
}

/** A time that is asked about, and what the ledger does not know of it. */
export interface Moment {
  readonly atMs: number;
  readonly precisionMs: number;
  readonly nowMs: number;
  readonly coverage: readonly Coverage[];
  /** Those that touch the time, as exactly as it was asked for. */
  readonly gaps: readonly GapView[];
  /** Why the answer is not about now, which was asked for. */
  readonly behind: readonly Reason[];
}

/** @param at undefined: now, which is the newest time of which everything is known */
export async function findMoment(
  client: Connection,
  at: Instant | undefined,
  { cluster, nowMs }: Asker,
): Promise<Moment> {
  const coverage = await findCoverage(client);
  const known = at === undefined ? newestKnown(coverage, cluster, nowMs) : undefined;
  const atMs = at?.ms ?? known?.atMs ?? nowMs;
  const precisionMs = at?.precisionMs ?? 1;
  const gaps = await findGapsWithin(client, atMs, atMs + precisionMs - 1, MAX_ROWS);
  return {
    atMs,
    precisionMs,
    nowMs,
    coverage,
    gaps: gaps.rows.map((gap) => toGap(gap, cluster)),
    behind: known?.reasons ?? [],
  };
}

/** A gap of the table as answers have it. */
export function toGap({ cluster, startedAt, endedAt, reason }: GapRow, own: string): GapView {
  const gap = {
    cluster,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt.toISOString(),
    reason,
  };
  return { ...gap, text: describeGap(gap, own) };
}
