import type { DatabaseClient } from '@podips/shared';
import type { Coverage } from './coverage.js';
import { ledgerMissing, ledgerOld } from './ledger-error.js';
import type { LeaseView } from './ledger-view.js';

/** Most rows of an answer. */
export const MAX_ROWS = 200;
/** Most messages that are counted: a large outbox would take long. */
export const MAX_COUNTED = 100_000;

/**
 * For so long a kubelet may know that an address came into use or went out of it before it reports that: what the reader had
 * seen up to a time is all that happened up to so long before.
 */
export const REPORT_LAG_MS = 2_000;

/** A connection, or a pool of them. */
export type Connection = Pick<DatabaseClient, 'query'>;

/** Rows up to the limit, and whether there are more. */
export interface Rows<T> {
  readonly rows: readonly T[];
  readonly more: boolean;
}

type BoundOrEnd = 'startedNotBefore' | 'startedNotAfter' | 'endedAt' | 'endedNotBefore' | 'endedNotAfter';

/** A lease as the {@link LEASE} columns have it. */
export interface LeaseRow extends Omit<LeaseView, 'startedAt' | BoundOrEnd>, Record<BoundOrEnd, Date | null> {
  readonly startedAt: Date;
}

/** A gap as it stands in the table. */
export interface GapRow {
  readonly cluster: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  readonly reason: string;
}

/** The columns of a lease, as its view names them. */
export const LEASE = `cluster, namespace, pod, pod_uid AS "podUid", owner_kind AS "ownerKind", owner_name AS "ownerName",
  workload_kind AS "workloadKind", workload, node, host_network AS "hostNetwork", host(ip) AS ip, network,
  started_at AS "startedAt", start_inferred AS "startInferred", nullif(started_not_before, '-infinity') AS "startedNotBefore", started_not_after AS "startedNotAfter",
  nullif(ended_at, 'infinity') AS "endedAt", end_reason AS "endReason", end_inferred AS "endInferred",
  nullif(ended_not_before, '-infinity') AS "endedNotBefore", ended_not_after AS "endedNotAfter"`;

/** The leases of an address around a time. */
export interface NearLeases {
  /** All whose bounds reach into the time; those that surely cover it are among them. */
  readonly possible: Rows<LeaseView>;
  /** The lease that ended last before the beginning, by the most likely times, and the one that begins first after it. */
  readonly previous: LeaseView | null;
  readonly next: LeaseView | null;
}

interface NearRow extends LeaseRow {
  readonly place: keyof NearLeases;
}

/**
 * For an address, the beginning of a time, {@link MAX_ROWS}, and the end of the time, which is still in it. In the order of an index, so that no other one is taken for it. Bounds are outside of the most likely times, which stand for them where there are none. The previous lease is found
 * among those that began last, because that is the order of the index; the leases of a pod's address follow each other,
 * and a node has fewer pods than that at a time.
 */
export const NEAR = `
  (SELECT 'possible' AS place, ${LEASE} FROM leases
   WHERE ip = $1 AND coalesce(started_not_before, started_at) <= $4 AND coalesce(ended_not_after, ended_at) > $2
   ORDER BY coalesce(started_not_before, started_at) LIMIT $3::bigint + 1)
  UNION ALL
  (SELECT 'previous', ${LEASE} FROM
     (SELECT * FROM leases WHERE ip = $1 AND started_at <= $2 ORDER BY started_at DESC LIMIT $3::bigint) AS leases
   WHERE ended_at <= $2 ORDER BY leases.ended_at DESC LIMIT 1)
  UNION ALL
  (SELECT 'next', ${LEASE} FROM leases WHERE ip = $1 AND started_at > $2 ORDER BY leases.started_at LIMIT 1)`;

/** The leases that decide who had the address in a time, both ends included. */
export async function findNear(
  connection: Connection,
  ip: string,
  fromMs: number,
  toMs: number,
): Promise<NearLeases> {
  const values = [ip, toTimestamp(fromMs), MAX_ROWS, toTimestamp(toMs)];
  const { rows } = await connection.query<NearRow>(NEAR, values);
  const at = (wanted: NearRow['place']) =>
    rows.filter(({ place }) => place === wanted).map(({ place: _, ...row }) => toLease(row));
  const [previous = null] = at('previous');
  const [next = null] = at('next');
  return { possible: limited(at('possible')), previous, next };
}

const GAP = 'cluster, started_at AS "startedAt", ended_at AS "endedAt", reason';

/** As in the index gaps_by_range. */
const GAP_RANGE = `tstzrange(CASE WHEN started_at > ended_at THEN ended_at ELSE started_at END, ended_at, '[]')`;

/** Whether a gap touches a time, by that index. @param from, to expressions; a time may end before it begins */
export function gapTouches(from: string, to: string): string {
  return `${GAP_RANGE} && tstzrange(${from}, greatest(${from}, ${to}), '[]')
      AND ended_at >= ${from} AND (started_at IS NULL OR started_at <= ${to})`;
}

/** The gaps that reach into a time, or touch it so closely that they may hide what happened to an address then. */
export async function findGapsWithin(
  connection: Connection,
  fromMs: number,
  toMs: number,
  limit: number,
): Promise<Rows<GapRow>> {
  const { rows } = await connection.query<GapRow>(
    `SELECT ${GAP} FROM gaps WHERE ${gapTouches('$1::timestamptz', '$2::timestamptz')}
     ORDER BY ended_at, id LIMIT $3`,
    [toTimestamp(fromMs - REPORT_LAG_MS), toTimestamp(toMs + REPORT_LAG_MS), limit + 1],
  );
  return { rows: rows.slice(0, limit), more: rows.length > limit };
}

/** The times that a gap touches as closely as that; the end is no longer one. */
export function touchedSpan({ startedAt, endedAt }: GapRow): {
  readonly fromMs: number;
  readonly toMs: number;
} {
  return {
    fromMs: startedAt === null ? Number.NEGATIVE_INFINITY : startedAt.getTime() - REPORT_LAG_MS,
    toMs: endedAt.getTime() + REPORT_LAG_MS + 1,
  };
}

/** Whether a gap touches a span as closely as that. */
export function touches({ startedAt, endedAt }: GapRow, fromMs: number, toMs: number): boolean {
  return (
    endedAt.getTime() >= fromMs - REPORT_LAG_MS &&
    (startedAt === null || startedAt.getTime() <= toMs + REPORT_LAG_MS)
  );
}

/** Whether a cluster ever had a lease of an address near this one. The bounds of a range are addresses, as those in the index. */
const NEARBY = `SELECT EXISTS (SELECT FROM leases WHERE leases.cluster = probes.cluster
    AND ip BETWEEN host(network(range))::inet AND host(broadcast(range))::inet) AS "isNearby"
  FROM unnest($1::inet[], $2::text[]) WITH ORDINALITY AS probes (probe, cluster, n),
    LATERAL (SELECT set_masklen(probe, CASE family(probe) WHEN 4 THEN 16 ELSE 64 END) AS range) AS ranges ORDER BY n`;

/** @returns for each address whether the cluster ever had one in the same /16 of IPv4, /64 of IPv6 */
export async function findNearby(
  connection: Connection,
  probes: readonly { readonly ip: string; readonly cluster: string }[],
): Promise<readonly boolean[]> {
  if (probes.length === 0) return [];
  const values = [probes.map(({ ip }) => ip), probes.map(({ cluster }) => cluster)];
  const { rows } = await connection.query<{ isNearby: boolean }>(NEARBY, values);
  return rows.map(({ isNearby }) => isNearby);
}

/** The gaps that ended last, the newest first. */
export async function findLastGaps(connection: Connection, limit: number): Promise<readonly GapRow[]> {
  const sql = `SELECT ${GAP} FROM gaps ORDER BY ended_at DESC, id DESC LIMIT $1`;
  return (await connection.query<GapRow>(sql, [limit])).rows;
}

interface CoverageRow {
  readonly cluster: string;
  readonly knownAt: Date;
  readonly deletedBefore: Date | null;
  readonly namespaces: readonly string[] | null;
  readonly ignored: readonly string[];
}

/** The time that the ledger of each cluster covers. */
export async function findCoverage(connection: Connection): Promise<readonly Coverage[]> {
  const { rows } = await connection.query<CoverageRow>(
    `SELECT cluster, known_at AS "knownAt", namespaces, ignored_namespaces AS ignored, deleted_before AS "deletedBefore"
     FROM reader_positions ORDER BY cluster LIMIT $1`,
    [MAX_ROWS],
  );
  return rows.map(({ knownAt, deletedBefore, ...of }) => ({
    ...of,
    knownUntilMs: knownAt.getTime() - REPORT_LAG_MS,
    completeFromMs: deletedBefore?.getTime() ?? Number.NEGATIVE_INFINITY,
  }));
}

/**
 * Asks whether there is a ledger, before a query that the server would log as an error each time.
 * @param table the newest table or index that is needed
 * @throws {LedgerError} LEDGER_MISSING, LEDGER_OLD
 */
export async function requireLedger(
  connection: Connection,
  table: 'leases' | 'failed_pods' = 'leases',
): Promise<void> {
  const { rows } = await connection.query<{ isThere: boolean; isOld: boolean }>(
    `SELECT to_regclass('${table}') IS NOT NULL AS "isThere", to_regclass('leases') IS NOT NULL AS "isOld"`,
  );
  const [{ isThere, isOld }] = rows as [{ isThere: boolean; isOld: boolean }]; // a SELECT without FROM
  if (!isThere) throw isOld ? ledgerOld() : ledgerMissing();
}

/** The state of a cluster's ledger, and of the outbox. */
export interface LedgerState {
  readonly waiting: number;
  readonly knownUntil: Date | null;
  readonly gaps: number;
  /** The newest tables and functions that the monitor uses, as far as they are not there; null: all are. */
  readonly lacks: string | null;
}

/** One of each migration by which there is something new to use. It takes no right to see whether they are there. */
const NEEDED = `(VALUES ('failed_pods', to_regclass('failed_pods')::oid),
  ('podips_leases_around', to_regproc('podips_leases_around')::oid)) AS needed (name, oid)`;

/** @param sinceMs counts gaps that ended after this time */
export async function findState(
  connection: Connection,
  cluster: string,
  sinceMs: number,
): Promise<LedgerState> {
  const { rows } = await connection.query<LedgerState>(
    `SELECT (SELECT count(*)::int FROM (SELECT FROM messages LIMIT $3) AS counted) AS waiting,
       (SELECT known_at FROM reader_positions WHERE cluster = $1) AS "knownUntil",
       (SELECT count(*)::int FROM gaps WHERE cluster = $1 AND ended_at > $2) AS gaps,
       (SELECT string_agg(name, ', ') FROM ${NEEDED} WHERE oid IS NULL) AS lacks`,
    [cluster, new Date(sinceMs), MAX_COUNTED + 1],
  );
  const [state] = rows;
  if (state === undefined) throw new Error('a SELECT without FROM gave no row');
  return state;
}

/** Years of four digits, which are written in ISO 8601 as PostgreSQL reads them. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** A time as PostgreSQL reads it; infinite ones are times there as well, and stand for those beyond the years that it reads. */
export function toTimestamp(ms: number): string {
  if (ms > LAST_MS) return 'infinity';
  return ms < FIRST_MS ? '-infinity' : new Date(ms).toISOString();
}

export function toLease({ startedAt, ...row }: LeaseRow): LeaseView {
  const iso = (time: Date | null) => time?.toISOString() ?? null;
  return {
    ...row,
    startedAt: startedAt.toISOString(),
    startedNotBefore: iso(row.startedNotBefore),
    startedNotAfter: iso(row.startedNotAfter),
    endedAt: iso(row.endedAt),
    endedNotBefore: iso(row.endedNotBefore),
    endedNotAfter: iso(row.endedNotAfter),
  };
}

function limited<T>(rows: readonly T[]): Rows<T> {
  return { rows: rows.slice(0, MAX_ROWS), more: rows.length > MAX_ROWS };
}
