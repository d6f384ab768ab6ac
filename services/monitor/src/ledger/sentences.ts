import { formatUtc } from '../words/format.js';
import type { Instant } from './instant.js';
import type { GapView, LeaseView } from './ledger-view.js';
import type { AddressQuestion, PodQuestion } from './question.js';

/** The time that the ledger of a cluster covers. */
export interface Coverage {
  readonly cluster: string;
  /** The watermark: everything up to then is in it. */
  readonly knownUntilMs: number;
  /** Whether it still reaches back to the first start of a reader. */
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

/** Which pod had the address, in one sentence. */
export function answerAddress({ ip, at }: AddressQuestion, facts: AddressFacts): string {
  const { leases, more } = facts;
  const [first, second] = leases;
  if (first === undefined) return answerNoPod(ip, at.ms, facts);
  const when = exactUtc(at.ms);
  const nodes = new Set(leases.map(({ hostNetwork, node }) => (hostNetwork ? node : undefined)));
  const [node] = nodes;
  const ofNode = nodes.size === 1 && node !== undefined ? `, the address of node ${node},` : '';
  if (second === undefined) return `${ip}${ofNode} belonged to ${nameOf(first)} at ${when}.`;
  const pods = `${more ? `more than ${leases.length}` : leases.length} pods`;
  return `${ip}${ofNode} belonged to ${pods}${ofNode === '' ? '' : ' on its network'} at ${when}.`;
}

function answerNoPod(ip: string, atMs: number, facts: AddressFacts): string {
  const { previous, next, gaps } = facts;
  // Where the ledger may be incomplete, no pod can be ruled out.
  const isSure = gaps.length === 0 && facts.coverage.length > 0 && limitsOf(facts, atMs).length === 0;
  const noPod = `${isSure ? 'No pod held' : 'No pod is known to have held'} ${ip} at ${exactUtc(atMs)}`;
  if (previous !== null)
    return `${noPod}; the last holder was ${nameOf(previous)} until ${exactUtc(previous.endedAt ?? '')}.`;
  if (next !== null)
    return `${noPod}; the first holder was ${nameOf(next)} from ${exactUtc(next.startedAt)}.`;
  return `${noPod}; the ledger has no lease of it.`;
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

/** Limits and details of the answer. */
export function notesOn({ at }: AddressQuestion, facts: AddressFacts): string[] {
  const empty = facts.coverage.length === 0 ? ['The ledger is empty: no reader has written to it yet.'] : [];
  return [...changesWithin(at, facts), ...empty, ...limitsOf(facts, at.ms)];
}

/** Changes within the minute or second that the question names. */
function changesWithin({ ms, precisionMs }: Instant, { leases, next }: AddressFacts): string[] {
  const isWithin = (time: string | null) => time !== null && Date.parse(time) < ms + precisionMs;
  const within = `Within that ${precisionMs < MINUTE_MS ? 'second' : 'minute'}, at`;
  const [only, ...others] = leases;
  const ended = others.length === 0 && isWithin(only?.endedAt ?? null) ? only : undefined;
  return [
    ...(ended ? [`${within} ${exactUtc(ended.endedAt ?? '')}, ${nameOf(ended)} released it.`] : []),
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
      return [`${ledger} is complete up to ${exactUtc(knownUntilMs)}; later changes may be missing.`];
    if (!isWhole && oldestEndMs !== undefined && atMs < oldestEndMs)
      return [`${ledger} has no leases that ended before ${exactUtc(oldestEndMs)}: they were deleted.`];
    return [];
  });
}

/** Explanations of the reader's gap reasons. */
const REASONS: Readonly<Record<string, string>> = {
  start: 'the reader was not running',
  expired: 'the API server no longer had the events of a time without a watch',
  refused: 'the API server or the database refused a request',
  unreadable: 'a response of the API server could not be parsed',
  silent: 'the watch went silent',
  late: 'messages may have been published out of order',
  'ledger-overflow': 'the database was unavailable for too long',
};

/** A gap as people read it. */
export function describeGap(
  { cluster, startedAt, endedAt, reason }: Omit<GapView, 'text'>,
  own: string,
): string {
  const where = cluster === own ? '' : ` in ${cluster}`;
  if (startedAt === null)
    return `Before ${exactUtc(endedAt)} podips was not watching${where}: which pod held an address then is unknown.`;
  const why = REASONS[reason];
  const described = why === undefined ? reason : `${reason}: ${why}`;
  return `From ${exactUtc(startedAt)} to ${exactUtc(endedAt)} podips may have missed changes${where} (${described}): a pod may have held an address unseen.`;
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
