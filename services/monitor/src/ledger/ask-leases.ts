import { type Asker, toGap } from './asker.js';
import { boundsOf, timesOf } from './bounds.js';
import { type Coverage, isWatched, knownUntil, limitsOf, newestKnown } from './coverage.js';
import { withoutRuledOut } from './decide-address.js';
import type { GapView, LeasesAnswer, LeaseView, Reason } from './ledger-view.js';
import { findLeases, type Range } from './list-queries.js';
import { answerAllOfPods, answerLeases } from './list-sentences.js';
import { type Connection, findCoverage, findGapsWithin, MAX_ROWS, REPORT_LAG_MS } from './queries.js';
import type { LeasesQuestion, Selection } from './question.js';
import type { Span } from './question-time.js';

/** Gaps that are named one by one. */
const MAX_GAP_REASONS = 5;

/** The leases of a selection in a time. */
export async function askLeases(
  client: Connection,
  { selection, time, page }: LeasesQuestion,
  { cluster, nowMs }: Asker,
): Promise<LeasesAnswer> {
  const coverage = await findCoverage(client);
  const now = newestKnown(coverage, cluster, nowMs);
  const range = rangeOf(time, now?.atMs ?? nowMs);
  const { rows, cursor } = await findLeases(client, selection, range, page);
  const claim = { selection, time, range, more: cursor !== null, isFurther: page.after !== undefined };
  const answer = {
    node: null,
    more: cursor !== null,
    cursor,
    addresses: [],
    previous: null,
    next: null,
    notes: [],
  };
  if (time === null) {
    const reasons = rows.length > 0 || claim.isFurther ? [] : whyNone(selection, coverage, nowMs);
    const text = answerAllOfPods(claim, rows, coverage, reasons);
    return {
      ...answer,
      ...timeOf(time, range),
      answer: text,
      certain: reasons.length === 0,
      reasons,
      leases: [...rows],
      candidates: [],
      gaps: [],
    };
  }
  const within = await findGapsWithin(client, range.fromMs, range.toMs - 1, MAX_ROWS);
  const gaps = within.rows.map((gap) => toGap(gap, cluster));
  const { leases, candidates: uncertain } = sort(rows, range, knownUntil(coverage), gaps);
  const moment = { atMs: range.fromMs, coverage, gaps };
  const candidates = isSpan(time) ? uncertain : await withoutRuledOut(client, uncertain, moment);
  const doubts: Reason[] = candidates.length === 0 ? [] : [doubtOf(candidates)];
  const reasons = [...doubts, ...gapReasons(gaps, within.more), ...limits(selection, range, coverage, nowMs)];
  // A range says in "to" where it ends.
  const behind = time === undefined ? (now?.reasons ?? []) : [];
  const text = answerLeases(claim, { leases, candidates }, reasons, behind);
  return {
    ...answer,
    ...timeOf(time, range),
    answer: text,
    certain: reasons.length + behind.length === 0,
    reasons: [...reasons, ...behind],
    leases,
    candidates,
    gaps,
  };
}

/** Why the ledger may have no lease of a pod that had one; gaps are not among them: there always are some. */
function whyNone(selection: Selection, coverage: readonly Coverage[], nowMs: number): Reason[] {
  const ever = { fromMs: Number.NEGATIVE_INFINITY, toMs: nowMs };
  const lasting = limits(selection, ever, coverage, nowMs).filter(({ code }) => code !== 'after-known');
  return [...lasting, ...(newestKnown(coverage, '', nowMs)?.reasons ?? [])];
}

/** @param newestMs now, and where a range without an end ends */
function rangeOf(time: LeasesQuestion['time'], newestMs: number): Range {
  if (time === null) return { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
  if (isSpan(time)) return { fromMs: time.fromMs, toMs: time.toMs ?? newestMs + 1 };
  const atMs = time?.ms ?? newestMs;
  return { fromMs: atMs, toMs: atMs + 1 };
}

export function isSpan(time: LeasesQuestion['time']): time is Span {
  return time != null && 'fromMs' in time;
}

function timeOf(time: LeasesQuestion['time'], { fromMs, toMs }: Range) {
  const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : null);
  return isSpan(time)
    ? { at: null, from: iso(fromMs), to: iso(toMs) }
    : { at: time === null ? null : iso(fromMs), from: null, to: null };
}

/** Which of the leases surely reach into the range; where a clock was set, no time is sure. */
function sort(
  rows: readonly LeaseView[],
  { fromMs, toMs }: Range,
  knownUntilMs: (cluster: string) => number,
  gaps: readonly GapView[],
) {
  const clockSet = gaps.filter(({ reason }) => reason === 'clock');
  const isSure = (lease: LeaseView) => {
    const { startTo, endFrom } = boundsOf(timesOf(lease), knownUntilMs(lease.cluster));
    if (startTo >= toMs || endFrom <= fromMs) return false;
    const [begin, end] = [Math.max(startTo, fromMs), Math.min(endFrom, toMs)];
    const own = clockSet.filter(({ cluster }) => cluster === lease.cluster);
    return !own.some((gap) => begin >= end || covers(gap, begin, end));
  };
  const { leases = [], candidates = [] } = Object.groupBy(rows, (lease) =>
    isSure(lease) ? 'leases' : 'candidates',
  );
  return { leases, candidates };
}

function covers({ startedAt, endedAt }: GapView, beginMs: number, endMs: number): boolean {
  return (
    (startedAt === null || Date.parse(startedAt) - REPORT_LAG_MS <= beginMs) &&
    Date.parse(endedAt) + REPORT_LAG_MS >= endMs - 1
  );
}

function doubtOf({ length }: readonly LeaseView[]): Reason {
  const text = `Whether ${length === 1 ? '1 lease reaches' : `${length} leases reach`} into that time is not known.`;
  return { code: 'bounds', text };
}

function gapReasons(gaps: readonly GapView[], areMore: boolean): Reason[] {
  const named = gaps.slice(0, MAX_GAP_REASONS).map(({ text }): Reason => ({ code: 'gap', text }));
  const others = gaps.length - named.length;
  return others === 0
    ? named
    : [
        ...named,
        { code: 'gap', text: `${areMore ? 'More than ' : ''}${others} more gaps are in that time.` },
      ];
}

/** What the ledger does not reach, by the ends of the range. That other namespaces are not watched matters only to others. */
function limits(
  selection: Selection,
  { fromMs, toMs }: Range,
  coverage: readonly Coverage[],
  nowMs: number,
): Reason[] {
  const atEnd = limitsOf(coverage, toMs - 1, nowMs).filter(
    ({ code }) => code !== 'deleted' && code !== 'scope',
  );
  const deleted = limitsOf(coverage, fromMs, nowMs).filter(({ code }) => code === 'deleted');
  const scope = limitsOf(coverage, fromMs, nowMs).filter(({ code }) => code === 'scope');
  if (!('namespace' in selection) || selection.namespace === '') return [...atEnd, ...deleted, ...scope];
  if (isWatched(coverage, selection.namespace)) return [...atEnd, ...deleted];
  const text = `The namespace ${selection.namespace} is not watched.`;
  return [...atEnd, ...deleted, { code: 'scope', text }];
}
