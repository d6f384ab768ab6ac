import { formatUtc } from '../words/format.js';
import type { Instant } from './instant.js';
import type { GapView, LeaseView } from './ledger-view.js';
import type { AddressQuestion, PodQuestion } from './question.js';

/** Up to where the ledger of a cluster can be believed. */
export interface Coverage {
  readonly cluster: string;
  /** Everything up to then is in it. */
  readonly knownUntilMs: number;
  /** Whether it still reaches back to the first start. */
  readonly isWhole: boolean;
  /** When the oldest lease that has ended did so. */
  readonly oldestEndMs: number | undefined;
}

export interface AddressFacts {
  readonly leases: readonly LeaseView[];
  readonly more: boolean;
  readonly previous: LeaseView | null;
  readonly next: LeaseView | null;
  readonly gaps: readonly GapView[];
  /** One for each cluster that shares the database. */
  readonly coverage: readonly Coverage[];
}

const MINUTE_MS = 60_000;

/** `2026-11-20 14:05:00 UTC`, with milliseconds only where there are some. */
export function exactUtc(time: number | string): string {
  return formatUtc(typeof time === 'string' ? Date.parse(time) : time).replace('.000 ', ' ');
}

/** Who had the address, in one sentence. */
export function answerAddress({ ip, at }: AddressQuestion, facts: AddressFacts): string {
  const { leases, more } = facts;
  const [first, second] = leases;
  if (first === undefined) return answerNobody(ip, at.ms, facts);
  const when = exactUtc(at.ms);
  const nodes = new Set(leases.map(({ hostNetwork, node }) => (hostNetwork ? node : undefined)));
  const [node] = nodes;
  const ofNode = nodes.size === 1 && node !== undefined ? `, the address of node ${node},` : '';
  if (second === undefined) return `${ip}${ofNode} belonged to ${nameOf(first)} at ${when}.`;
  const pods = `${more ? `more than ${leases.length}` : leases.length} pods`;
  return `${ip}${ofNode} belonged to ${pods}${ofNode === '' ? '' : ' on its network'} at ${when}.`;
}

function answerNobody(ip: string, atMs: number, facts: AddressFacts): string {
  const { previous, next, gaps } = facts;
  // Where something can be missing, nobody can be ruled out.
  const isSure = gaps.length === 0 && facts.coverage.length > 0 && limitsOf(facts, atMs).length === 0;
  const nobody = `${isSure ? 'Nobody held' : 'Nobody is known to have held'} ${ip} at ${exactUtc(atMs)}`;
  if (previous !== null)
    return `${nobody}; the last holder was ${nameOf(previous)} until ${exactUtc(previous.endedAt ?? '')}.`;
  if (next !== null)
    return `${nobody}; the first holder was ${nameOf(next)} from ${exactUtc(next.startedAt)}.`;
  return `${nobody}; it is not in the ledger at all.`;
}

/** Which addresses the pod had, in one sentence. */
export function answerPod(
  { namespace, pod }: PodQuestion,
  leases: readonly LeaseView[],
  more: boolean,
): string {
  const name = `${namespace}/${pod}`;
  const [newest] = leases;
  if (newest === undefined) return `No pod named ${name} is in the ledger.`;
  const open = leases.filter(({ endedAt }) => endedAt === null);
  const ips = new Set(leases.map(({ ip }) => ip)).size;
  const had = more
    ? `had more than ${leases.length} leases`
    : `had ${count(leases.length, 'lease')} of ${count(ips, 'address')}`;
  if (open.length > 0) return `${name} ${had}; it holds ${listed([...new Set(open.map(({ ip }) => ip))])}.`;
  const last =
    leases
      .map(({ endedAt }) => endedAt ?? '')
      .sort()
      .at(-1) ?? '';
  return `${name} ${had}; the last one ended at ${exactUtc(last)}.`;
}

/** What else has to be known about the answer. */
export function notesOn({ at }: AddressQuestion, facts: AddressFacts): string[] {
  const empty =
    facts.coverage.length === 0 ? ['The ledger is empty: no reader has written into it yet.'] : [];
  return [...changesWithin(at, facts), ...empty, ...limitsOf(facts, at.ms)];
}

/** Who asks for a minute wants to know what changed within it. */
function changesWithin({ ms, precisionMs }: Instant, { leases, next }: AddressFacts): string[] {
  const isWithin = (time: string | null) => time !== null && Date.parse(time) < ms + precisionMs;
  const within = `Within that ${precisionMs < MINUTE_MS ? 'second' : 'minute'}, at`;
  const [only, ...others] = leases;
  const ended = others.length === 0 && isWithin(only?.endedAt ?? null) ? only : undefined;
  return [
    ...(ended ? [`${within} ${exactUtc(ended.endedAt ?? '')}, ${nameOf(ended)} gave it up.`] : []),
    ...(next && isWithin(next.startedAt)
      ? [`${within} ${exactUtc(next.startedAt)}, ${nameOf(next)} got it.`]
      : []),
  ];
}

/** Where the ledger of a cluster does not reach the time. */
function limitsOf({ coverage }: Pick<AddressFacts, 'coverage'>, atMs: number): string[] {
  return coverage.flatMap(({ cluster, knownUntilMs, isWhole, oldestEndMs }) => {
    const ledger = coverage.length === 1 ? 'The ledger' : `The ledger of ${cluster}`;
    if (atMs > knownUntilMs)
      return [
        `${ledger} is complete up to ${exactUtc(knownUntilMs)}: what happened after that may still be missing.`,
      ];
    if (!isWhole && oldestEndMs !== undefined && atMs < oldestEndMs)
      return [
        `${ledger} keeps no leases that ended before ${exactUtc(oldestEndMs)}: older ones were deleted.`,
      ];
    return [];
  });
}

/** Why not everything could be seen, by the reason that the reader wrote down. */
const REASONS: Readonly<Record<string, string>> = {
  start: 'it was not running',
  expired: 'the cluster had forgotten what happened while podips could not watch',
  refused: 'the cluster or the database refused what was asked of it',
  unreadable: 'an answer of the cluster was not understood',
  silent: 'the cluster said nothing more',
  late: 'ends may have been told too late',
  'ledger-overflow': 'the database was away for too long',
};

/** A gap as people read it. */
export function describeGap(
  { cluster, startedAt, endedAt, reason }: Omit<GapView, 'text'>,
  own: string,
): string {
  const where = cluster === own ? '' : ` in ${cluster}`;
  if (startedAt === null)
    return `Before ${exactUtc(endedAt)} podips was not watching${where}: who held an address then is not known.`;
  const why = REASONS[reason];
  const told = why === undefined ? reason : `${reason}: ${why}`;
  return `From ${exactUtc(startedAt)} to ${exactUtc(endedAt)} podips could not see everything${where} (${told}): a pod may have held an address unseen.`;
}

/** `namespace/pod`. */
export function nameOf({ namespace, pod }: Pick<LeaseView, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`;
}

function count(number: number, noun: string): string {
  if (number === 1) return `1 ${noun}`;
  return `${number} ${noun}${noun.endsWith('s') ? 'es' : 's'}`;
}

function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
