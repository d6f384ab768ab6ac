import type { DatabasePool } from '@podips/shared';
import type { SimulatedCluster, SinkRecord } from '@podips/simulation';
import { findUnpublishedTimes, judgeLedger } from '../support/ledger.js';
import { judgeTimes, type TimesOptions, type TimesVerdict } from '../support/times.js';
import { type Gap, judge, liesIn, type Verdict } from '../support/truth.js';
import { judgeCauses, judgeRestarts } from '../support/workload-facts.js';

/** Everything wrong, measured against what really happened in the cluster: the records at the sink, and the ledger. */
export interface FullVerdict extends Verdict {
  /** Leases, causes and restarts that the ledger has otherwise than the cluster, or two pods with one address at a time. */
  readonly ledger: readonly string[];
  readonly gaps: readonly Gap[];
  /** What is said of when it happened. */
  readonly times: TimesVerdict;
}

type Happened = Pick<SimulatedCluster, 'truth' | 'restarts'>;

/** Compares what happened in a cluster, the sink's records and the ledger. Only what lies in a gap may be missing. */
export async function check(
  cluster: Happened,
  records: readonly SinkRecord[],
  database: DatabasePool,
  timesOptions: TimesOptions = {},
): Promise<FullVerdict> {
  const { rows: gaps } = await database.query<Gap>(
    'SELECT started_at, ended_at, reason FROM gaps ORDER BY ended_at',
  );
  const { changes } = cluster.truth;
  return {
    ...judge(changes, records, gaps),
    ledger: await judgeRows(cluster, records, gaps, database),
    gaps,
    times: await judgeTimes(database, changes, records, timesOptions),
  };
}

async function judgeRows(
  { truth: { changes }, restarts }: Happened,
  records: readonly SinkRecord[],
  gaps: readonly Gap[],
  database: DatabasePool,
): Promise<string[]> {
  const { missing, untrue, overlapping } = await judgeLedger(database, changes, (change) =>
    liesIn(gaps, change),
  );
  return [
    ...missing.map((lease) => `not in the ledger: ${lease}`),
    ...untrue.map((lease) => `only in the ledger: ${lease}`),
    ...(overlapping > 0 ? [`${overlapping} leases of one address at one time`] : []),
    ...(await findUnpublishedTimes(database, records)),
    ...(await judgeCauses(database, changes)),
    ...(await judgeRestarts(database, restarts, gaps)),
  ];
}
