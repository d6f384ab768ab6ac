import { type DatabasePool, inTransaction } from '@podips/shared';
import type { Coverage } from '../ledger/coverage.js';
import type { LeaseView } from '../ledger/ledger-view.js';
import { findCoverage, LEASE, type LeaseRow, toLease, toTimestamp } from '../ledger/queries.js';

/** Which leases are read. */
export interface ExportScope {
  readonly cluster: string;
  readonly network: string;
  readonly fromMs: number;
  /** No longer in it. */
  readonly toMs: number;
}

/** Leases, and the time from which none of their cluster had been deleted when they were read. */
export interface LeasesRead {
  readonly leases: readonly LeaseView[];
  readonly completeFromMs: number;
}

/** Leases that are read at once. */
const ROWS = 2_000;
const START = 'coalesce(started_not_before, started_at)';

/** In the order of the index leases_by_bounds; a start never changes, so that no lease is left out or comes twice. */
const PAGE = `SELECT ${LEASE}, ${START}::text AS "startKey", occurrence FROM leases
  WHERE cluster = $1 AND network = $2 AND ${START} < $3 AND coalesce(ended_not_after, ended_at) > $4
    AND ip >= $5 AND (ip, ${START}, pod_uid, occurrence) > ($5, $6, $7, $8)
  ORDER BY leases.ip, ${START}, pod_uid, occurrence LIMIT $9`;

interface ExportRow extends LeaseRow {
  readonly startKey: string;
  readonly occurrence: number;
}

type Place = readonly [ip: string, startKey: string, podUid: string, occurrence: number];

const BEGIN: Place = ['0.0.0.0', '-infinity', '', -1];

/**
 * Reads leases in parts, those of an address one after the other, each part in a transaction of its own: a client that reads
 * slowly holds nothing in the database.
 */
export async function* readLeases(pool: DatabasePool, scope: ExportScope): AsyncGenerator<LeasesRead> {
  const { cluster, network, fromMs, toMs } = scope;
  let place: Place | undefined = BEGIN;
  while (place !== undefined) {
    const values: unknown[] = [cluster, network, toTimestamp(toMs), toTimestamp(fromMs), ...place, ROWS];
    const [rows, coverage]: [ExportRow[], readonly Coverage[]] = await inTransaction(
      pool,
      async (client) => [(await client.query<ExportRow>(PAGE, values)).rows, await findCoverage(client)],
      { readOnly: true },
    );
    yield {
      leases: rows.map(({ startKey: _, occurrence: __, ...row }) => toLease(row)),
      // A cluster without a position may have lost any lease.
      completeFromMs:
        coverage.find((each) => each.cluster === cluster)?.completeFromMs ?? Number.POSITIVE_INFINITY,
    };
    const last = rows.length < ROWS ? undefined : rows.at(-1);
    place = last && [last.ip, last.startKey, last.podUid, last.occurrence];
  }
}

/** The same leases, all of one address at once. */
export async function* byAddress(
  parts: AsyncIterable<LeasesRead>,
  limit: number,
): AsyncGenerator<LeasesRead> {
  let leases: LeaseView[] = [];
  let completeFromMs = Number.NEGATIVE_INFINITY;
  for await (const part of parts) {
    // Some of an address may have been deleted between two parts: what holds for the later one holds for all.
    completeFromMs = Math.max(completeFromMs, part.completeFromMs);
    for (const lease of part.leases) {
      if (leases[0] !== undefined && leases[0].ip !== lease.ip) {
        yield { leases, completeFromMs };
        leases = [];
      }
      if (leases.length >= limit)
        throw new Error(`${lease.ip} has more than ${limit} leases in that time: export a shorter one`);
      leases.push(lease);
    }
  }
  if (leases.length > 0) yield { leases, completeFromMs };
}
