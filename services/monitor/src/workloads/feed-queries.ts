import type { Connection } from '../ledger/queries.js';
import type { Span } from './windows.js';

/** A time of which something may be missing. */
export interface Gap extends Span {
  readonly cluster: string;
}

/** The gaps that ended after a time, the newest 500 of each cluster: where there are more, all that is older counts as one. */
export async function findGaps(connection: Connection, after: Date): Promise<readonly Gap[]> {
  const sql = `
    SELECT cluster, CASE WHEN place < 500 THEN started_at END AS "startedAt", ended_at AS "endedAt" FROM (
      SELECT *, row_number() OVER (PARTITION BY cluster ORDER BY ended_at DESC) AS place FROM gaps WHERE ended_at > $1) AS latest
    WHERE place <= 500 ORDER BY ended_at DESC`;
  const { rows } = await connection.query<{ cluster: string; startedAt: Date | null; endedAt: Date }>(sql, [
    after,
  ]);
  return rows.map(({ cluster, startedAt, endedAt }) => ({
    cluster,
    fromMs: startedAt?.getTime() ?? Number.NEGATIVE_INFINITY,
    toMs: endedAt.getTime(),
  }));
}

/** Up to when the ledger of each cluster knows everything. */
export async function findPositions(connection: Connection): Promise<ReadonlyMap<string, Date>> {
  const sql = 'SELECT cluster, known_at AS "knownAt" FROM reader_positions ORDER BY cluster';
  const { rows } = await connection.query<{ cluster: string; knownAt: Date }>(sql);
  return new Map(rows.map(({ cluster, knownAt }) => [cluster, knownAt]));
}
