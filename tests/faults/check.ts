import type { DatabasePool } from '@podips/shared';
import type { IpChange, SinkRecord, Truth } from '@podips/simulation';
import { judge, type Verdict } from '../support/truth.js';

export interface Gap {
  readonly started_at: Date | null;
  readonly ended_at: Date;
  readonly reason: string;
}

/** What is wrong, measured against what really happened in the cluster: the records at the sink, and the ledger. */
export interface FullVerdict extends Verdict {
  /** Changes that are missing, but lie in a time that the ledger names as a gap. */
  readonly inGaps: number;
  /** Leases that the ledger has otherwise than the cluster, or two pods with one address at a time. */
  readonly ledger: readonly string[];
  readonly gaps: readonly Gap[];
}

/** Compares the cluster's truth, the sink's records and the ledger. Only what lies in a gap may be missing. */
export async function check(
  truth: Truth,
  records: readonly SinkRecord[],
  database: DatabasePool,
): Promise<FullVerdict> {
  const { rows: gaps } = await database.query<Gap>(
    'SELECT started_at, ended_at, reason FROM gaps ORDER BY ended_at',
  );
  const all = judge(truth.changes, records);
  const outside = judge(
    truth.changes.filter((change) => !liesIn(gaps, change)),
    records,
  );
  return {
    ...all,
    missing: outside.missing,
    inGaps: all.missing.length - outside.missing.length,
    ledger: [...(await compareLeases(truth, gaps, database)), ...(await findOverlaps(database))],
    gaps,
  };
}

function liesIn(gaps: readonly Gap[], { at }: IpChange): boolean {
  return gaps.some((gap) => (gap.started_at === null || gap.started_at <= at) && at <= gap.ended_at);
}

interface LeaseCount {
  readonly lease: string;
  readonly count: number;
}

/** Counts the leases of each pod and address, ended and open, on both sides. */
async function compareLeases(truth: Truth, gaps: readonly Gap[], database: DatabasePool): Promise<string[]> {
  const { rows } = await database.query<LeaseCount>(
    `SELECT pod_uid || ' ' || host(ip) || (CASE WHEN ended_at = 'infinity' THEN ' open' ELSE ' ended' END) AS lease,
            count(*)::integer AS count
     FROM leases GROUP BY lease`,
  );
  const written = new Map(rows.map(({ lease, count }) => [lease, count]));
  const { held, maybe } = countLeases(truth, gaps);
  return [...new Set([...written.keys(), ...held.keys()])]
    .map((lease) => ({ lease, has: written.get(lease) ?? 0, had: held.get(lease) ?? 0 }))
    .filter(({ lease, has, had }) => has > had || has < had - (maybe.get(lease) ?? 0))
    .map(({ lease, has, had }) => `${lease}: ${has} in the ledger, ${had} in the cluster`);
}

/** The leases there were, and those of them that began and ended in gaps, so that nobody may have seen them. */
function countLeases(truth: Truth, gaps: readonly Gap[]) {
  const held = new Map<string, number>();
  const maybe = new Map<string, number>();
  const starts = new Map<string, IpChange>();
  const count = (counts: Map<string, number>, lease: string) =>
    counts.set(lease, (counts.get(lease) ?? 0) + 1);
  for (const change of truth.changes) {
    const lease = `${change.podUid} ${change.ip}`;
    const start = starts.get(lease);
    if (change.kind === 'assigned') {
      starts.set(lease, change);
      continue;
    }
    starts.delete(lease);
    count(held, `${lease} ended`);
    if (start && liesIn(gaps, start) && liesIn(gaps, change)) count(maybe, `${lease} ended`);
  }
  for (const lease of starts.keys()) count(held, `${lease} open`);
  return { held, maybe };
}

/** Addresses that two pods had at one time; those of nodes belong to many. */
async function findOverlaps(database: DatabasePool): Promise<string[]> {
  const { rows } = await database.query<{ overlap: string }>(
    `SELECT host(a.ip) || ' belonged to ' || a.pod_uid || ' and ' || b.pod_uid AS overlap
     FROM leases a JOIN leases b ON a.ip = b.ip AND a.pod_uid < b.pod_uid
       AND a.started_at < b.ended_at AND b.started_at < a.ended_at
     WHERE NOT a.host_network AND NOT b.host_network`,
  );
  return rows.map(({ overlap }) => overlap);
}
