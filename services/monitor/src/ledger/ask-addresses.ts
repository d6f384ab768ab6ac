import { type Asker, findMoment, type Moment } from './asker.js';
import { knownUntil, limitsOf } from './coverage.js';
import type { LeasesAnswer, LeaseView, Reason } from './ledger-view.js';
import { findAddresses } from './list-queries.js';
import { answerAddresses } from './list-sentences.js';
import { type Connection, findNear } from './queries.js';
import type { AddressesQuestion, AddressQuestion } from './question.js';
import { reasonsOf } from './reasons.js';
import { answerAddress, nodeOf, notesOn } from './sentences.js';
import { decide } from './verdict.js';

/** Which pod had an address at a time. */
export async function askAddress(
  client: Connection,
  { ip, at }: AddressQuestion,
  asker: Asker,
): Promise<LeasesAnswer> {
  return askAt(client, ip, await findMoment(client, at, asker));
}

async function askAt(client: Connection, ip: string, moment: Moment): Promise<LeasesAnswer> {
  const { atMs, precisionMs, coverage, gaps } = moment;
  const { possible, previous, next } = await findNear(client, ip, atMs);
  const near = uniqueLeases([...possible.rows, previous, next]);
  const verdict = decide(near, atMs, knownUntil(coverage), gaps);
  const facts = { ...moment, verdict, more: possible.more, previous, next };
  const reasons = reasonsOf(facts);
  return {
    ...answerAt(atMs),
    answer: answerAddress(ip, facts),
    certain: reasons.length === 0,
    reasons,
    leases: [...verdict.holders],
    candidates: [...verdict.candidates],
    node: nodeOf(verdict.holders),
    more: possible.more,
    previous,
    next,
    gaps: [...gaps],
    notes: notesOn(facts, precisionMs),
  };
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
  for (const ip of ips) answers.push(await askAt(client, ip, moment));
  const reasons = [
    ...reasonsOfAll(answers),
    // Of the addresses that the ledger has no lease of.
    ...('ips' in addresses ? [] : missingAt(moment)),
  ];
  const unique = [...new Map(reasons.map((reason) => [reason.text, reason])).values()];
  const claim = {
    addresses,
    answers,
    atMs: moment.atMs,
    more: cursor !== null,
    isFurther: page.after !== undefined,
  };
  return {
    ...answerAt(moment.atMs),
    answer: answerAddresses(claim, unique),
    certain: unique.length === 0,
    reasons: unique,
    leases: answers.flatMap(({ leases }) => leases),
    candidates: answers.flatMap(({ candidates }) => candidates),
    more: cursor !== null,
    cursor,
    addresses: answers.map(({ answer, certain }, index) => ({ ip: ips[index] ?? '', answer, certain })),
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

/** The neighbours of a time may be among those whose bounds include it. */
function uniqueLeases(leases: readonly (LeaseView | null)[]): LeaseView[] {
  const found = leases.filter((lease) => lease !== null);
  return [
    ...new Map(
      found.map((lease) => [`${lease.cluster} ${lease.podUid} ${lease.network} ${lease.startedAt}`, lease]),
    ).values(),
  ];
}
