import { exactUtc } from '../words/format.js';
import { boundsOf, timesOf } from './bounds.js';
import { type Coverage, knownUntil, limitsOf } from './coverage.js';

import type { GapView, LeaseView, Reason } from './ledger-view.js';
import { nameOf } from './names.js';
import { isDecided, type Verdict } from './verdict.js';

/** What an answer about an address at a time is made of. */
export interface AddressFacts {
  readonly verdict: Verdict;
  /** There are more leases that may cover the time. */
  readonly more: boolean;
  readonly previous: LeaseView | null;
  readonly next: LeaseView | null;
  /** Those that cover the time. */
  readonly gaps: readonly GapView[];
  /** One for each cluster that shares the database. */
  readonly coverage: readonly Coverage[];
  readonly atMs: number;
  readonly nowMs: number;
  /** Why that verdict may not be the whole answer, though it is sure. */
  readonly besides?: readonly Reason[];
}

/** Why it is not certain who had the address; none when it is. */
export function reasonsOf(facts: Omit<AddressFacts, 'previous' | 'next'>): Reason[] {
  const { verdict, more, gaps, coverage, atMs, nowMs, besides = [] } = facts;
  const { holders, candidates, isConflict } = verdict;
  if (holders.length > 0 && isDecided(verdict)) return [...besides];
  const known = knownUntil(coverage);
  const doubts = isConflict
    ? [conflict(candidates)]
    : candidates.flatMap((lease) => doubtsOf(lease, atMs, known(lease.cluster)));
  const gapReasons = gaps.map(({ text }): Reason => ({ code: 'gap', text }));
  const many: Reason[] = more ? [{ code: 'more', text: 'Further leases may cover that time.' }] : [];
  const reasons = [...doubts, ...many, ...gapReasons, ...limitsOf(coverage, atMs, nowMs)];
  return reasons.length > 0 ? reasons : [...besides];
}

function conflict(leases: readonly LeaseView[]): Reason {
  const names = [...new Set(leases.map(nameOf))].join(' and ');
  return { code: 'conflict', text: `The ledger contradicts itself: ${names} had it at once.` };
}

/** Why it is not certain that the pod had the address; that its end may not be known yet is a limit of the ledger. */
function doubtsOf(lease: LeaseView, atMs: number, knownUntilMs: number): Reason[] {
  const { startTo, endFrom } = boundsOf(timesOf(lease), knownUntilMs);
  const { startedAt, startedNotBefore, startedNotAfter, endedAt, endedNotBefore, endedNotAfter } = lease;
  const name = nameOf(lease);
  const doubts: Reason[] = [];
  if (atMs < startTo) {
    const when = between(startedNotBefore, startedNotAfter ?? startedAt);
    doubts.push({ code: 'start', text: `${name} got it ${when}${seen(startedNotAfter)}.` });
  }
  if (endedAt !== null && atMs >= endFrom) {
    const when = between(endedNotBefore, endedNotAfter ?? endedAt);
    doubts.push({ code: 'end', text: `${name} released it ${when}${seen(endedNotAfter)}.` });
  }
  if (endedAt === null && knownUntilMs === Number.NEGATIVE_INFINITY) {
    const text = `It is not known up to when the ledger of ${lease.cluster} is complete.`;
    doubts.push({ code: 'after-known', text });
  }
  return doubts;
}

function seen(notAfter: string | null): string {
  return notAfter === null ? ', when an earlier version of podips saw it' : '';
}

function between(from: string | null, to: string): string {
  return from === null ? `not later than ${exactUtc(to)}` : `between ${exactUtc(from)} and ${exactUtc(to)}`;
}
