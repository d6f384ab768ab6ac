import { type Coverage, limitsIn } from './coverage.js';
import type { GapView, Reason } from './ledger-view.js';
import { type Connection, findNearby } from './queries.js';
import type { Holder } from './verdict.js';

/** What is known of all clusters, and of the time of a question. */
export interface OthersFacts {
  /** One for each cluster that the question is about. */
  readonly coverage: readonly Coverage[];
  /** Those that touch the time. */
  readonly gaps: readonly GapView[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Another cluster in which a pod may have had the address unseen, and why. */
export interface Doubt {
  readonly cluster: string;
  readonly reasons: readonly Reason[];
}

/** Clusters may have the same addresses: which of the others may have had one as well, as far as their ledgers say. */
export function doubtsOfOthers(holders: readonly Pick<Holder, 'cluster'>[], facts: OthersFacts): Doubt[] {
  const { coverage, gaps, fromMs, toMs } = facts;
  if (holders.length === 0 || coverage.length < 2) return [];
  const own = new Set(holders.map(({ cluster }) => cluster));
  return coverage.flatMap((each) => {
    if (own.has(each.cluster)) return [];
    const missing = gaps.filter(({ cluster }) => cluster === each.cluster);
    const reasons = [
      ...missing.map(({ text }): Reason => ({ code: 'gap', text })),
      ...limitsIn(each, fromMs, toMs),
    ];
    return reasons.length === 0 ? [] : [{ cluster: each.cluster, reasons }];
  });
}

/**
 * The reasons that count: a cluster that never had an address near the one that is asked about had none unseen. But its leases near it
 * may have been deleted.
 * @param isOutsideOf whether a cluster has none near it, as far as its ledger says; undefined when that is not known
 * @returns undefined when that is needed
 */
export function countingReasons(
  doubts: readonly Doubt[],
  isOutsideOf: (cluster: string) => boolean | undefined,
): Reason[] | undefined {
  const outside = doubts.map(({ cluster }) => isOutsideOf(cluster));
  if (outside.includes(undefined)) return undefined;
  return doubts.flatMap(({ reasons }, n) => reasons.filter(({ code }) => !outside[n] || code === 'deleted'));
}

/** Why a sure holder may not have been the only one. */
export async function reasonsOfOthers(
  connection: Connection,
  ip: string,
  holders: readonly Pick<Holder, 'cluster'>[],
  facts: OthersFacts,
): Promise<readonly Reason[]> {
  const doubts = doubtsOfOthers(holders, facts);
  if (doubts.length === 0) return [];
  const nearby = await findNearby(
    connection,
    doubts.map(({ cluster }) => ({ ip, cluster })),
  );
  const outside = new Map(doubts.map(({ cluster }, n) => [cluster, nearby[n] === false]));
  return countingReasons(doubts, (cluster) => outside.get(cluster)) ?? [];
}
