import type { DatabaseClient } from '@podips/shared';
import { ledgerMissing } from './ledger-error.js';
import type { LeaseView } from './ledger-view.js';
import type { AddressQuestion, PodQuestion } from './question.js';
import type { Coverage } from './sentences.js';

/** Most rows of an answer. */
export const MAX_ROWS = 200;
/** Most messages that are counted: a large outbox would take long. */
export const MAX_COUNTED = 100_000;

/** A connection, or a pool of them. */
export type Connection = Pick<DatabaseClient, 'query'>;

/** Rows up to the limit, and whether there are more. */
export interface Rows<T> {
  readonly rows: readonly T[];
  readonly more: boolean;
}

interface LeaseRow extends Omit<LeaseView, 'startedAt' | 'endedAt'> {
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

/** A gap as it stands in the table. */
export interface GapRow {
  readonly cluster: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  readonly reason: string;
}

const LEASE = `cluster, namespace, pod, pod_uid AS "podUid", owner_kind AS "ownerKind", owner_name AS "ownerName", node,
  host_network AS "hostNetwork", host(ip) AS ip, started_at AS "startedAt", start_inferred AS "startInferred",
  NULLIF(ended_at, 'infinity') AS "endedAt", end_reason AS "endReason", end_inferred AS "endInferred"`;

/** The leases of the address at the time, in the order of their starts. */
export async function findHolders(
  connection: Connection,
  { ip, at }: AddressQuestion,
): Promise<Rows<LeaseView>> {
  const { rows } = await connection.query<LeaseRow>(
    `SELECT ${LEASE} FROM leases WHERE ip = $1 AND started_at <= $2 AND ended_at > $2
     ORDER BY started_at, cluster, namespace, pod LIMIT $3`,
    [ip, new Date(at.ms), MAX_ROWS + 1],
  );
  return limited(rows.map(toLease));
}

/**
 * The lease of the address that ended last before the time. Found among those that began last, because that is the
 * order of the index; the leases of a pod's address follow each other, and a node has fewer pods than that at a time.
 */
export async function findPrevious(
  connection: Connection,
  { ip, at }: AddressQuestion,
): Promise<LeaseView | null> {
  const { rows } = await connection.query<LeaseRow>(
    `SELECT ${LEASE} FROM
       (SELECT * FROM leases WHERE ip = $1 AND started_at <= $2 ORDER BY started_at DESC LIMIT $3) AS leases
     WHERE ended_at <= $2 ORDER BY ended_at DESC LIMIT 1`,
    [ip, new Date(at.ms), MAX_ROWS],
  );
  return rows[0] === undefined ? null : toLease(rows[0]);
}

/** The lease of the address that begins first after the time. */
export async function findNext(
  connection: Connection,
  { ip, at }: AddressQuestion,
): Promise<LeaseView | null> {
  const { rows } = await connection.query<LeaseRow>(
    `SELECT ${LEASE} FROM leases WHERE ip = $1 AND started_at > $2 ORDER BY started_at LIMIT 1`,
    [ip, new Date(at.ms)],
  );
  return rows[0] === undefined ? null : toLease(rows[0]);
}

/** All leases of a pod, the newest first. */
export async function findOfPod(
  connection: Connection,
  { namespace, pod }: PodQuestion,
): Promise<Rows<LeaseView>> {
  const { rows } = await connection.query<LeaseRow>(
    `SELECT ${LEASE} FROM leases WHERE namespace = $1 AND pod = $2 ORDER BY started_at DESC, ip LIMIT $3`,
    [namespace, pod, MAX_ROWS + 1],
  );
  return limited(rows.map(toLease));
}

const GAP = 'cluster, started_at AS "startedAt", ended_at AS "endedAt", reason';

/** The gaps that cover a time. */
export async function findGapsAt(connection: Connection, atMs: number): Promise<readonly GapRow[]> {
  const { rows } = await connection.query<GapRow>(
    `SELECT ${GAP} FROM gaps WHERE ended_at >= $1 AND (started_at IS NULL OR started_at <= $1)
     ORDER BY ended_at, id LIMIT $2`,
    [new Date(atMs), MAX_ROWS],
  );
  return rows;
}

/** The gaps that ended last, the newest first. */
export async function findLastGaps(connection: Connection, limit: number): Promise<readonly GapRow[]> {
  const sql = `SELECT ${GAP} FROM gaps ORDER BY ended_at DESC, id DESC LIMIT $1`;
  return (await connection.query<GapRow>(sql, [limit])).rows;
}

interface CoverageRow {
  readonly cluster: string;
  readonly knownAt: Date;
  readonly isWhole: boolean;
  readonly oldestEnd: Date | null;
}

/** The time that the ledger of each cluster covers. */
export async function findCoverage(connection: Connection): Promise<readonly Coverage[]> {
  const { rows } = await connection.query<CoverageRow>(
    `SELECT cluster, known_at AS "knownAt",
       EXISTS (SELECT FROM gaps WHERE gaps.cluster = positions.cluster AND gaps.started_at IS NULL) AS "isWhole",
       (SELECT ended_at FROM leases WHERE leases.cluster = positions.cluster AND ended_at <> 'infinity'
        ORDER BY ended_at LIMIT 1) AS "oldestEnd"
     FROM reader_positions AS positions ORDER BY cluster LIMIT $1`,
    [MAX_ROWS],
  );
  return rows.map(({ cluster, knownAt, isWhole, oldestEnd }) => ({
    cluster,
    knownUntilMs: knownAt.getTime(),
    isWhole,
    oldestEndMs: oldestEnd?.getTime(),
  }));
}

/**
 * Asks whether there is a ledger, before a query that the server would log as an error each time.
 * @throws {LedgerError} LEDGER_MISSING
 */
export async function requireLedger(connection: Connection): Promise<void> {
  const { rows } = await connection.query<{ isThere: boolean }>(
    `SELECT to_regclass('leases') IS NOT NULL AS "isThere"`,
  );
  if (rows[0]?.isThere !== true) throw ledgerMissing();
}

/** The state of a cluster's ledger, and of the outbox. */
export interface LedgerState {
  readonly waiting: number;
  readonly knownUntil: Date | null;
  readonly gaps: number;
}

/** @param sinceMs counts gaps that ended after this time */
export async function findState(
  connection: Connection,
  cluster: string,
  sinceMs: number,
): Promise<LedgerState> {
  const { rows } = await connection.query<LedgerState>(
    `SELECT (SELECT count(*)::int FROM (SELECT FROM messages LIMIT $3) AS counted) AS waiting,
       (SELECT known_at FROM reader_positions WHERE cluster = $1) AS "knownUntil",
       (SELECT count(*)::int FROM gaps WHERE cluster = $1 AND ended_at > $2) AS gaps`,
    [cluster, new Date(sinceMs), MAX_COUNTED + 1],
  );
  const [state] = rows;
  if (state === undefined) throw new Error('a SELECT without FROM gave no row');
  return state;
}

function toLease(row: LeaseRow): LeaseView {
  return { ...row, startedAt: row.startedAt.toISOString(), endedAt: row.endedAt?.toISOString() ?? null };
}

function limited<T>(rows: readonly T[]): Rows<T> {
  return { rows: rows.slice(0, MAX_ROWS), more: rows.length > MAX_ROWS };
}
