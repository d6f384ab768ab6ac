import { exactUtc, uncertainUtc } from '../words/format.js';
import { type Coverage, knownUntil } from './coverage.js';
import type { LeasesAnswer, LeaseView, Reason } from './ledger-view.js';
import type { Range } from './list-queries.js';
import type { LeasesQuestion, PodSelection, Selection } from './question.js';
import type { Addresses } from './question-addresses.js';
import { count, listed, unsureSentence } from './sentences.js';

/** Most addresses that are named in a sentence. */
const MAX_LISTED = 5;

/** What an answer of several leases is about. */
export interface Claim extends Pick<LeasesQuestion, 'selection' | 'time'> {
  readonly range: Range;
  /** There are more leases than those. */
  readonly more: boolean;
  /** The answer continues another one. */
  readonly isFurther: boolean;
}

interface Found {
  readonly leases: readonly LeaseView[];
  readonly candidates: readonly LeaseView[];
}

/** Which leases there were in a time, and why that is not certain. */
export function answerLeases(
  claim: Claim,
  { leases, candidates }: Found,
  reasons: readonly Reason[],
  behind: readonly Reason[] = [],
): string {
  const all = [...leases, ...candidates];
  const perhaps = candidates.length === 0 ? '' : `, ${candidates.length} of them perhaps`;
  return unsureSentence(`${claimOf(claim, all)} ${timeOf(claim)}${perhaps}`, reasons, behind);
}

/**
 * All leases of pods that are named, whenever they were.
 * @param reasons why there may have been some, though the ledger has none
 */
export function answerAllOfPods(
  claim: Claim,
  leases: readonly LeaseView[],
  coverage: readonly Coverage[],
  reasons: readonly Reason[],
): string {
  if (leases.length > 0)
    return `${claimOf(claim, leases)}${claim.isFurther ? '' : `; ${lastOf(leases, coverage)}`}.`;
  return [`${claimOf(claim, leases)}.`, ...reasons.map(({ text }) => text)].join(' ');
}

function claimOf({ selection, more, isFurther }: Claim, leases: readonly LeaseView[]): string {
  const further = isFurther ? 'further ' : '';
  const subject = subjectOf(selection);
  if (leases.length === 0) return `The ledger has no ${further}lease of ${subject}`;
  const number = `${more ? 'more than ' : ''}${count(leases.length, `${further}lease`)}`;
  const ips = new Set(leases.map(({ ip }) => ip)).size;
  const ofAddresses = more || !('namespace' in selection) ? '' : ` of ${count(ips, 'address')}`;
  return `${PHRASE.test(subject) ? capitalized(subject) : subject} had ${number}${ofAddresses}`;
}

/** Names and addresses have no capital letter at the beginning of a sentence. */
const PHRASE = /^(pods|the|addresses) /;

function capitalized(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** What is asked about, in the middle of a sentence. */
function subjectOf(selection: Selection): string {
  if ('ips' in selection)
    return selection.ips.length > MAX_LISTED
      ? `${selection.ips.length} addresses`
      : listed(selection.ips, 'and');
  if ('network' in selection) return `addresses in ${selection.network}`;
  return podsOf(selection);
}

function podsOf({ namespace, pod, workload, workloadKind, node, podUid }: PodSelection): string {
  if (node !== '') return `pods on the node ${node}`;
  if (podUid !== '') return `the pod with the UID ${podUid}`;
  if (pod !== '') return pod.endsWith('*') ? `pods ${namespace}/${pod}` : `${namespace}/${pod}`;
  if (workload !== '') return `pods of ${workloadKind || 'the workload'} ${namespace}/${workload}`;
  return `pods of the namespace ${namespace}`;
}

function timeOf({ time, range: { fromMs, toMs } }: Claim): string {
  if (time == null || !('fromMs' in time)) return `at ${exactUtc(fromMs)}`;
  return Number.isFinite(fromMs)
    ? `from ${exactUtc(fromMs)} to ${exactUtc(toMs)}`
    : `until ${exactUtc(toMs)}`;
}

/** What is held as far as is known, or when the last lease ended. */
function lastOf(leases: readonly LeaseView[], coverage: readonly Coverage[]): string {
  const open = leases.filter(({ endedAt }) => endedAt === null);
  if (open.length > 0) {
    const knownUntilMs = Math.min(...open.map(({ cluster }) => knownUntil(coverage)(cluster)));
    const asOf = Number.isFinite(knownUntilMs) ? `at ${exactUtc(knownUntilMs)} ` : '';
    return `${asOf}it held ${addressesOf(open)}`;
  }
  const [last] = leases.toSorted((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''));
  const { endedAt = '', endedNotBefore = null, endedNotAfter = null } = last ?? {};
  return `the last one ended at ${uncertainUtc(endedAt ?? '', endedNotBefore, endedNotAfter)}`;
}

function addressesOf(leases: readonly LeaseView[]): string {
  // The newest come first, and of one pod IPv6 before IPv4.
  const ips = [...new Set(leases.toReversed().map(({ ip }) => ip))];
  return ips.length > MAX_LISTED ? `${ips.length} addresses` : listed(ips, 'and');
}

/** What an answer about several addresses at a time is about. */
export interface AddressesClaim extends Pick<Claim, 'more' | 'isFurther'> {
  readonly addresses: Addresses;
  readonly answers: readonly Pick<LeasesAnswer, 'leases' | 'candidates'>[];
  readonly atMs: number;
}

/** How many of several addresses belonged to pods at a time. */
export function answerAddresses(
  { addresses, answers, atMs, more, isFurther }: AddressesClaim,
  reasons: readonly Reason[],
  behind: readonly Reason[] = [],
): string {
  const held = answers.filter(({ leases }) => leases.length > 0).length;
  const perhaps = answers.filter(({ leases, candidates }) => leases.length === 0 && candidates.length > 0);
  const all =
    'ips' in addresses
      ? ` of ${count(answers.length, 'address')}`
      : ` of ${isFurther ? 'the next ' : more ? 'the first ' : ''}${count(answers.length, 'address')} that the ledger has leases of in ${addresses.network}`;
  const may = perhaps.length === 0 ? '' : `, and ${perhaps.length} more perhaps`;
  return unsureSentence(`${held}${all} belonged to pods at ${exactUtc(atMs)}${may}`, reasons, behind);
}
