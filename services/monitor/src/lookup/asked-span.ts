import { type Asker, toGap } from '../ledger/asker.js';
import { newestKnown } from '../ledger/coverage.js';
import type { GapView } from '../ledger/ledger-view.js';
import { type GapRow, touches } from '../ledger/queries.js';
import type { Probe } from './batch-queries.js';
import type { Span } from './conclude.js';
import type { Asked } from './lookup-question.js';
import type { ScopeOf } from './scopes.js';

/** A question, and the time that it is about. */
export interface AskedSpan {
  readonly question: Asked;
  readonly span: Span;
}

/**
 * Now is the newest time of which everything is known, or, where that is long ago, a time of which nothing is. A time that was
 * written less exactly lasts as long as its unit.
 */
export function spanOf({ at, skewMs, cluster }: Asked, scopeOf: ScopeOf, asker: Asker): Span {
  if (at !== undefined) {
    const { ms, precisionMs } = at;
    return { atMs: ms, fromMs: ms - skewMs, toMs: ms + precisionMs - 1 + skewMs };
  }
  const known = newestKnown(scopeOf(cluster).coverage, cluster ?? asker.cluster, asker.nowMs);
  const nowMs = known === undefined || known.reasons.length > 0 ? asker.nowMs : known.atMs;
  return { atMs: nowMs, fromMs: nowMs, toMs: nowMs };
}

export function toProbe({ question: { ip, cluster }, span: { fromMs, toMs } }: AskedSpan): Probe {
  return { ip, cluster, fromMs, toMs };
}

export function gapsOf(
  gaps: readonly GapRow[],
  { question: { cluster }, span: { fromMs, toMs } }: AskedSpan,
  own: string,
): readonly GapView[] {
  return gaps
    .filter((gap) => (cluster === undefined || gap.cluster === cluster) && touches(gap, fromMs, toMs))
    .map((gap) => toGap(gap, own));
}

export function least(asked: readonly AskedSpan[]): number {
  return asked.reduce((ms, { span }) => Math.min(ms, span.fromMs), Number.POSITIVE_INFINITY);
}

export function most(asked: readonly AskedSpan[]): number {
  return asked.reduce((ms, { span }) => Math.max(ms, span.toMs), Number.NEGATIVE_INFINITY);
}
