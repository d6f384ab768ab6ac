import { exactUtc, uncertainUtc } from '../words/format.js';
import { limitsOf } from './coverage.js';
import type { LeaseView, Reason } from './ledger-view.js';
import { nameOf } from './names.js';
import { type AddressFacts, reasonsOf } from './reasons.js';

const MINUTE_MS = 60_000;
/** Most pods that are named in a sentence, and most reasons. */
const MAX_NAMED = 3;

/**
 * Which pod had the address, and why that is not certain.
 * @param behind why that is not about now, which was asked for
 */
export function answerAddress(ip: string, facts: AddressFacts, behind: readonly Reason[] = []): string {
  const isSure = reasonsOf(facts).length === 0;
  const { holders, candidates } = facts.verdict;
  const when = exactUtc(facts.atMs);
  const answer =
    holders.length > 0
      ? `${ip}${belongedTo(facts)} at ${when}`
      : candidates.length > 0
        ? `${ip} may have belonged to ${named(candidates)}, or to no pod, at ${when}`
        : `${isSure ? 'No pod held' : 'no pod is known to have held'} ${ip} at ${when}${lastOrFirst(facts)}`;
  return unsureSentence(answer, reasonsOf(facts), behind);
}

/**
 * The claim as a sentence, which says so and why when it is not certain.
 * @param behind why it is not about now; what it says of its own time may be certain all the same
 */
export function unsureSentence(
  claim: string,
  reasons: readonly Reason[],
  behind: readonly Reason[] = [],
): string {
  if (reasons.length === 0) return [`${claim}.`, ...behind.map(({ text }) => text)].join(' ');
  const others = reasons.length - MAX_NAMED;
  const rest = others > 0 ? [`There are ${others} more reasons.`] : [];
  const texts = [...reasons.slice(0, MAX_NAMED), ...behind].map(({ text }) => text);
  return [`Not sure: ${claim}.`, ...texts, ...rest].join(' ');
}

function belongedTo({ verdict: { holders, candidates }, more }: AddressFacts): string {
  const [only, second] = holders;
  const node = nodeOf(holders);
  const ofNode = node === null ? '' : `, the address of node ${node},`;
  const perhaps = candidates.length === 0 ? '' : `, and perhaps to ${named(candidates)}`;
  if (second === undefined && only) return `${ofNode} belonged to ${nameOf(only)}${perhaps}`;
  const networks = new Set(holders.map(({ network }) => network));
  if (networks.size > 1) return ` belonged to ${listed(holders.map(nameOf), 'and')}${perhaps}`;
  const pods = `${more ? `more than ${holders.length}` : holders.length} pods`;
  return `${ofNode} belonged to ${pods}${node === null ? '' : ' on its network'}${perhaps}`;
}

/** The node whose address it was, if all of these pods are on its network. */
export function nodeOf(holders: readonly Pick<LeaseView, 'hostNetwork' | 'node'>[]): string | null {
  const nodes = new Set(holders.map(({ hostNetwork, node }) => (hostNetwork ? node : null)));
  const [node = null] = nodes;
  return nodes.size === 1 ? node : null;
}

function lastOrFirst({ previous, next }: AddressFacts): string {
  if (previous !== null) {
    const { endedAt, endedNotBefore, endedNotAfter } = previous;
    return `; the last holder was ${nameOf(previous)} until ${uncertainUtc(endedAt ?? '', endedNotBefore, endedNotAfter)}`;
  }
  if (next !== null) {
    const { startedAt, startedNotBefore, startedNotAfter } = next;
    return `; the first holder was ${nameOf(next)} from ${uncertainUtc(startedAt, startedNotBefore, startedNotAfter)}`;
  }
  return '; the ledger has no lease of it';
}

/**
 * Limits and details of the answer, where they do not make it uncertain.
 * @param precisionMs how exactly the time was asked for: of a minute or second, the changes within it are named
 */
export function notesOn(facts: AddressFacts, precisionMs: number): string[] {
  const { gaps, coverage, atMs, nowMs } = facts;
  const reasons = reasonsOf(facts).map(({ text }) => text);
  const changes = changesWithin(facts, precisionMs)
    .map(({ text }) => text)
    .filter((text) => !reasons.includes(text));
  if (reasons.length > 0) return changes;
  const isOfNode = nodeOf(facts.verdict.holders) !== null;
  const kept = 'A gap covers that time, but the pod had the address before and after it.';
  const covered = gaps.map(({ text }) => (isOfNode ? text : kept));
  return [...changes, ...covered, ...limitsOf(coverage, atMs, nowMs).map(({ text }) => text)];
}

/** Changes within the minute or second that the question names. */
export function changesWithin({ verdict, next, atMs }: AddressFacts, precisionMs: number): Reason[] {
  const isWithin = (time: string | null) => time !== null && Date.parse(time) < atMs + precisionMs;
  const within = `Within that ${precisionMs < MINUTE_MS ? 'second' : 'minute'}, at`;
  const [only, ...others] = verdict.holders;
  const ended = others.length === 0 && isWithin(only?.endedAt ?? null) ? only : undefined;
  return [
    ...(ended
      ? [changed('end', `${within} ${exactUtc(ended.endedAt ?? '')}, ${nameOf(ended)} released it.`)]
      : []),
    ...(next && isWithin(next.startedAt)
      ? [changed('start', `${within} ${exactUtc(next.startedAt)}, ${nameOf(next)} got it.`)]
      : []),
  ];
}

function changed(code: 'start' | 'end', text: string): Reason {
  return { code, text };
}

function named(leases: readonly LeaseView[]): string {
  const names = [...new Set(leases.map(nameOf))];
  return names.length <= MAX_NAMED ? listed(names, 'or') : `one of ${names.length} pods`;
}

/** `1 lease`, `2 addresses` */
export function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}

/** `a, b and c` */
export function listed(items: readonly string[], word: 'and' | 'or'): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`;
}
