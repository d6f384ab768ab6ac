import type { Coverage } from '../ledger/coverage.js';
import type { GapView } from '../ledger/ledger-view.js';
import { countingReasons, type Doubt, doubtsOfOthers } from '../ledger/others.js';
import { type Connection, findNearby } from '../ledger/queries.js';
import { type Conclusion, type Span, unsure } from './conclude.js';
import type { LookupMemory } from './memory.js';
import { isOutside, surroundingsOf } from './surroundings.js';

/** Whose an address was in one cluster, and why it may have been another's pod's as well in others. */
export interface Judged {
  readonly conclusion: Conclusion;
  readonly doubts: readonly Doubt[];
}

/** @param gaps of all clusters of the question, which touch the span */
export function withDoubts(
  conclusion: Conclusion,
  { fromMs, toMs }: Span,
  gaps: readonly GapView[],
  coverage: readonly Coverage[],
): Judged {
  if (coverage.length < 2 || !('lease' in conclusion)) return { conclusion, doubts: [] };
  const facts = { coverage, gaps, fromMs, toMs };
  return { conclusion, doubts: doubtsOfOthers([conclusion.lease.lease], facts) };
}

/** The conclusion when the other clusters are taken into account, as {@link countingReasons} has it. */
export function concludeOfAll(
  { conclusion, doubts }: Judged,
  isOutsideOf: (cluster: string) => boolean | undefined,
): Conclusion | undefined {
  const reasons = countingReasons(doubts, isOutsideOf);
  if (reasons === undefined || reasons.length === 0) return reasons && conclusion;
  return unsure(reasons.map(({ text }) => text));
}

/** An address, a cluster that may have had it, and the last time that is asked about. */
export interface Elsewhere {
  readonly ip: string;
  readonly cluster: string;
  readonly toMs: number;
}

export interface ElsewhereOptions {
  /** Up to when the changes of a cluster are known. */
  readonly knownUntil: (cluster: string) => number;
  readonly memory: LookupMemory;
}

/**
 * Finds out, and remembers, whether clusters ever had addresses near others.
 * @returns whether one had none near an address
 */
export async function findElsewhere(
  connection: Connection,
  asked: readonly Elsewhere[],
  { knownUntil, memory }: ElsewhereOptions,
): Promise<(ip: string, cluster: string) => boolean | undefined> {
  const found = new Map<string, boolean>();
  const unknown = new Map<string, Elsewhere>();
  for (const each of asked) {
    const name = surroundingsOf(each.ip, each.cluster);
    const known = isOutside(each.ip, each.toMs, memory, each.cluster);
    if (known === undefined) unknown.set(name, each);
    else found.set(name, known);
  }
  const nearby = await findNearby(connection, [...unknown.values()]);
  for (const [n, [name, { cluster }]] of [...unknown].entries()) {
    const isNone = nearby[n] === false;
    found.set(name, isNone);
    memory.surroundings.set(name, { isOutside: isNone, knownUntilMs: knownUntil(cluster) }, 1);
  }
  return (ip, cluster) => found.get(surroundingsOf(ip, cluster));
}
