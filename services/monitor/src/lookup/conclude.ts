import { type Coverage, limitsOf } from '../ledger/coverage.js';
import type { GapView, LeaseView } from '../ledger/ledger-view.js';
import { nameOf } from '../ledger/names.js';
import { reasonsOf } from '../ledger/reasons.js';
import {
  type BoundLease,
  decideBound,
  type Holder,
  isDecided,
  ownerOf,
  ownersOf,
  pointsOf,
  type Verdict,
} from '../ledger/verdict.js';
import { exactUtc } from '../words/format.js';

/** A lease as far as answers show it. */
export interface LookupLease extends Holder {
  readonly workloadKind: string;
  readonly workload: string;
  /** In RFC 3339, made once for all answers about the lease. */
  readonly startedAt: string;
  /** Empty while it lasts. */
  readonly endedAt: string;
}

/** The time that is asked for, and between which times it may have been; both included. */
export interface Span {
  readonly atMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What an answer about an address is made of. */
export interface LookupFacts {
  readonly span: Span;
  /** All leases whose bounds touch the span, and the neighbours of the span by their most likely times. */
  readonly near: readonly BoundLease<LookupLease>[];
  /** There are more leases whose bounds touch the span. */
  readonly more: boolean;
  /** Those that touch the span. */
  readonly gaps: readonly GapView[];
  readonly coverage: readonly Coverage[];
  readonly nowMs: number;
}

export type Conclusion =
  | { readonly verdict: 'pod' | 'node'; readonly lease: BoundLease<LookupLease> }
  | { readonly verdict: 'nobody' }
  | { readonly verdict: 'unsure'; readonly reason: string };

type Decision = Verdict<LookupLease>;

/** Most reasons of an answer. */
const MAX_REASONS = 3;
/** Most times at which it is decided for one answer. */
const MAX_POINTS = 200;

/**
 * Whose the address was throughout the span, by the rules that decide about a single time: these are asked at the beginning
 * of the span and wherever something may change in it.
 */
export function conclude(facts: LookupFacts): Conclusion {
  const { span, near, gaps, coverage, nowMs } = facts;
  if (span.atMs > nowMs) return unsure(textsOf(limitsOf(coverage, span.atMs, nowMs)));
  const [only] = near;
  // Most lines are about one pod that had the address all the time.
  if (only && near.length === 1 && gaps.length === 0 && isHeldBy(only, span))
    return { verdict: 'pod', lease: only };
  const points = pointsOf(near, span.fromMs, span.toMs);
  if (points.length > MAX_POINTS)
    return unsure(['The leases of this address change too often in that time.']);
  const decisions = points.map((atMs) => decideBound(near, atMs, gaps));
  const doubts = decisions.flatMap((decision, n) => doubtsOf(decision, points[n] ?? span.atMs, facts));
  if (doubts.length > 0) return unsure(doubts);
  if (decisions.length > 1 && new Set(decisions.map(({ holders }) => ownersOf(holders))).size > 1)
    return unsure([changeIn(decisions, near, span)]);
  const decision = decisions[points.findLastIndex((ms) => ms <= span.atMs)];
  const [holder] = decision?.holders ?? [];
  if (decision === undefined || holder === undefined) return { verdict: 'nobody' };
  if (isOfSeveral(decision)) return unsure([severalText(decision)]);
  const lease = near.find((bound) => bound.lease === holder);
  if (lease === undefined) throw new Error('a verdict names a lease that it was not given');
  return { verdict: holder.hostNetwork ? 'node' : 'pod', lease };
}

function isHeldBy({ lease, startTo, endFrom }: BoundLease<LookupLease>, { fromMs, toMs }: Span): boolean {
  return !lease.hostNetwork && startTo <= fromMs && toMs < endFrom;
}

function doubtsOf(decision: Decision, atMs: number, facts: LookupFacts): readonly string[] {
  if (decision.holders.length > 0 && isDecided(decision)) return [];
  const { near, more, gaps, coverage, nowMs, span } = facts;
  const reasons = reasonsOf({ verdict: viewOf(decision, near), more, gaps, coverage, atMs, nowMs });
  const texts = textsOf([...reasons, ...limitsOf(coverage, span.toMs, Number.POSITIVE_INFINITY)]);
  // Whoever may have had it did not surely not have it, whatever is said of the reasons.
  if (texts.length > 0 || decision.candidates.length === 0) return texts;
  return [`${decision.candidates.map(nameOf).join(' or ')} may have had it.`];
}

/** The same decision with what sentences need of its leases. */
function viewOf({ holders, candidates, isConflict }: Decision, near: LookupFacts['near']): Verdict {
  const view = (leases: readonly LookupLease[]) =>
    near.filter(({ lease }) => leases.includes(lease)).map(leaseView);
  return { holders: view(holders), candidates: view(candidates), isConflict };
}

function leaseView({ lease, times }: BoundLease<LookupLease>): LeaseView {
  const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  return {
    ...lease,
    ownerKind: '',
    ownerName: '',
    ip: '',
    startedAt: new Date(times.startedMs).toISOString(),
    startedNotBefore: iso(times.startedNotBeforeMs),
    startedNotAfter: iso(times.startedNotAfterMs),
    startInferred: false,
    endedAt: iso(times.endedMs),
    endedNotBefore: iso(times.endedNotBeforeMs),
    endedNotAfter: iso(times.endedNotAfterMs),
    endReason: null,
    endInferred: null,
  };
}

/** Clusters and networks may have the same addresses. */
function isOfSeveral({ holders }: Decision): boolean {
  return holders.length > 1 && new Set(holders.map(ownerOf)).size > 1;
}

function severalText({ holders }: Decision): string {
  const names = holders.map(
    (lease) => `${lease.hostNetwork ? `node ${lease.node}` : nameOf(lease)} of ${lease.cluster}`,
  );
  return `Several clusters or networks have this address: ${[...new Set(names)].join(' and ')} had it.`;
}

function changeIn(decisions: readonly Decision[], near: LookupFacts['near'], { fromMs, toMs }: Span): string {
  const holders = new Set(decisions.flatMap((decision) => decision.holders));
  const changes = near
    .filter(({ lease }) => holders.has(lease))
    .flatMap(({ lease, times, startTo, endFrom }) => [
      ...(startTo > fromMs ? [`${nameOf(lease)} got it at ${exactUtc(times.startedMs)}`] : []),
      ...(endFrom <= toMs && times.endedMs !== null
        ? [`${nameOf(lease)} released it at ${exactUtc(times.endedMs)}`]
        : []),
    ]);
  return `Too close to a change: ${changes.join(', ')}.`;
}

export function unsure(texts: readonly string[]): Conclusion {
  return { verdict: 'unsure', reason: [...new Set(texts)].slice(0, MAX_REASONS).join(' ') };
}

function textsOf(reasons: readonly { readonly text: string }[]): readonly string[] {
  return reasons.map(({ text }) => text);
}
