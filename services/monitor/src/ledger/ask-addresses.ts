import { type Asker, findMoment, type Moment } from './asker.js';
import { limitsOf } from './coverage.js';
import { decideAddress } from './decide-address.js';
import type { LeasesAnswer, LeaseView, Reason } from './ledger-view.js';
import { findAddresses } from './list-queries.js';
import { answerAddresses } from './list-sentences.js';
import { reasonsOfOthers } from './others.js';
import type { Connection } from './queries.js';
import type { AddressesQuestion, AddressQuestion } from './question.js';
import { type AddressFacts, reasonsOf } from './reasons.js';
import { answerAddress, changesWithin, nodeOf, notesOn } from './sentences.js';
import { type BoundLease, decideBound, ownersOf, pointsOf } from './verdict.js';

/** Which pod had an address at a time. */
export async function askAddress(
  client: Connection,
  { ip, at }: AddressQuestion,
  asker: Asker,
): Promise<LeasesAnswer> {
  return askAt(client, ip, await findMoment(client, at, asker));
}

async function askAt(client: Connection, ip: string, moment: Moment): Promise<LeasesAnswer> {
  const { atMs, precisionMs, coverage, gaps, behind } = moment;
  const toMs = atMs + precisionMs - 1;
  const { verdict, near, more, previous, next } = await decideAddress(client, ip, toMs, moment);
  const atBegin = { ...moment, verdict, more, previous, next };
  const others = await reasonsOfOthers(client, ip, verdict.holders, { coverage, gaps, fromMs: atMs, toMs });
  const facts = { ...atBegin, besides: [...changesUntil(near, atBegin, toMs), ...others] };
  const reasons = [...reasonsOf(facts), ...behind];
  const sure = facts.besides.length === 0 ? verdict.holders : [];
  return {
    ...answerAt(atMs),
    answer: answerAddress(ip, facts, behind),
    certain: reasons.length === 0,
    reasons,
    leases: [...sure],
    candidates: [...verdict.holders.filter((lease) => !sure.includes(lease)), ...verdict.candidates],
    node: nodeOf(sure),
    more,
    previous,
    next,
    gaps: [...gaps],
    notes: notesOn(facts, precisionMs),
  };
}

/** Why the verdict at the beginning of a minute or second is not that of all of it. */
function changesUntil(near: readonly BoundLease<LeaseView>[], facts: AddressFacts, toMs: number): Reason[] {
  const { atMs, gaps, coverage, verdict } = facts;
  const points = pointsOf(near, atMs, toMs).slice(1);
  const later = points.map((ms) => ({ ms, verdict: decideBound(near, ms, gaps) }));
  const isFree = verdict.holders.length === 0;
  const doubts = [
    ...later.flatMap((one) => reasonsOf({ ...facts, verdict: one.verdict, atMs: one.ms })),
    ...(isFree ? limitsOf(coverage, toMs, Number.POSITIVE_INFINITY) : []),
  ];
  if (doubts.length > 0) return uniqueReasons(doubts);
  const owner = ownersOf(verdict.holders);
  if (later.every((one) => ownersOf(one.verdict.holders) === owner)) return [];
  const changes = changesWithin(facts, toMs - atMs + 1);
  const text = 'Within the time that was asked for, it had several holders, or none.';
  return changes.length > 0 ? changes : [{ code: 'bounds', text }];
}

function uniqueReasons(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map((reason) => [reason.text, reason])).values()];
}

/** Which pods had several addresses, or those of a network that the ledger has leases of; each is decided by itself. */
export async function askAddresses(
  client: Connection,
  { addresses, at, page }: AddressesQuestion,
  asker: Asker,
): Promise<LeasesAnswer> {
  const moment = await findMoment(client, at, asker);
  const { rows: ips, cursor } =
    'ips' in addresses
      ? { rows: addresses.ips, cursor: null }
      : await findAddresses(client, addresses.network, page);
  const answers: LeasesAnswer[] = [];
  const { behind } = moment;
  // Said once, of all of them.
  for (const ip of ips) answers.push(await askAt(client, ip, { ...moment, behind: [] }));
  const reasons = [
    ...reasonsOfAll(answers),
    // Of the addresses that the ledger has no lease of.
    ...('ips' in addresses ? [] : missingAt(moment)),
  ];
  const unique = uniqueReasons(reasons);
  const claim = {
    addresses,
    answers,
    atMs: moment.atMs,
    more: cursor !== null,
    isFurther: page.after !== undefined,
  };
  return {
    ...answerAt(moment.atMs),
    answer: answerAddresses(claim, unique, behind),
    certain: unique.length + behind.length === 0,
    reasons: [...unique, ...behind],
    leases: answers.flatMap(({ leases }) => leases),
    candidates: answers.flatMap(({ candidates }) => candidates),
    more: cursor !== null,
    cursor,
    addresses: answers.map(({ answer, certain }, index) => ({
      ip: ips[index] ?? '',
      answer,
      certain: certain && behind.length === 0,
    })),
    gaps: [...moment.gaps],
  };
}

/** Why a lease may be missing at a time. */
function missingAt({ gaps, coverage, atMs, nowMs }: Moment): Reason[] {
  return [...gaps.map(({ text }): Reason => ({ code: 'gap', text })), ...limitsOf(coverage, atMs, nowMs)];
}

/** The reasons of each one address are in its own sentence. */
function reasonsOfAll(answers: readonly LeasesAnswer[]): Reason[] {
  const own: readonly Reason['code'][] = ['start', 'end', 'conflict', 'more'];
  const count = answers.filter(({ reasons }) => reasons.some(({ code }) => own.includes(code))).length;
  const text = `Of ${count === 1 ? '1 address' : `${count} addresses`} the leases leave open who had it.`;
  const bounds: Reason[] = count === 0 ? [] : [{ code: 'bounds', text }];
  return [...bounds, ...answers.flatMap(({ reasons }) => reasons.filter(({ code }) => !own.includes(code)))];
}

/** An answer about a time that says nothing yet. */
function answerAt(atMs: number) {
  const nothing = { previous: null, next: null, node: null, cursor: null, addresses: [], notes: [] };
  return { ...nothing, at: new Date(atMs).toISOString(), from: null, to: null };
}
