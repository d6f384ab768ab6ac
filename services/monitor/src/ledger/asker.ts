import type { Instant } from '@podips/annotate';
import { type Coverage, newestKnown } from './coverage.js';
import { describeGap } from './gap-text.js';
import type { GapView } from './ledger-view.js';
import { type Connection, findCoverage, findGapsAt, type GapRow } from './queries.js';

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
  readonly gaps: readonly GapView[];
}

/** @param at undefined: now, which is the newest time of which everything is known */
export async function findMoment(
  client: Connection,
  at: Instant | undefined,
  { cluster, nowMs }: Asker,
): Promise<Moment> {
  const coverage = await findCoverage(client);
  const atMs = at?.ms ?? newestKnown(coverage, cluster) ?? nowMs;
  const gaps = (await findGapsAt(client, atMs)).map((gap) => toGap(gap, cluster));
  return { atMs, precisionMs: at?.precisionMs ?? 1, nowMs, coverage, gaps };
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
