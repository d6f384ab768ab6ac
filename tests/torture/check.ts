import type { DatabasePool } from '@podips/shared';
import type { IpChange, SinkRecord, Truth } from '@podips/simulation';
import { judge, type Verdict } from '../support/truth.js';

export interface Gap {
  readonly started_at: Date | null;
  readonly ended_at: Date;
  readonly reason: string;
}

export interface TortureVerdict extends Verdict {
  /** Changes that are missing, but lie in a time that the ledger names as a gap. */
  readonly inGaps: number;
  /** Leases that the ledger has otherwise than the cluster. */
  readonly ledger: readonly string[];
  readonly gaps: readonly Gap[];
}

/** Compares what happened with what arrived and with the ledger; only what lies in a gap may be missing. */
export async function check(
  truth: Truth,
  records: readonly SinkRecord[],
  database: DatabasePool,
): Promise<TortureVerdict> {
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
    ledger: await compareLedger(truth, database),
    gaps,
  };
}

function liesIn(gaps: readonly Gap[], { at }: IpChange): boolean {
  return gaps.some((gap) => (gap.started_at === null || gap.started_at <= at) && at <= gap.ended_at);
}

interface OpenLease {
  readonly lease: string;
}

/** The open leases on both sides. */
async function compareLedger(truth: Truth, database: DatabasePool): Promise<string[]> {
  const { rows } = await database.query<OpenLease>(
    `SELECT pod_uid || ' ' || host(ip) AS lease FROM leases WHERE ended_at = 'infinity'`,
  );
  const written = new Set(rows.map(({ lease }) => lease));
  const held = new Set(truth.openLeases().map(({ podUid, ip }) => `${podUid} ${ip}`));
  return [
    ...[...held].filter((lease) => !written.has(lease)).map((lease) => `not in the ledger: ${lease}`),
    ...[...written].filter((lease) => !held.has(lease)).map((lease) => `only in the ledger: ${lease}`),
  ];
}
