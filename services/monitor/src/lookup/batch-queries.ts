import { escapeLiteral } from '@podips/shared';
import type { LeaseTimes } from '../ledger/bounds.js';
import {
  type Connection,
  type GapRow,
  gapTouches,
  MAX_ROWS,
  REPORT_LAG_MS,
  toTimestamp,
} from '../ledger/queries.js';
import type { LookupLease } from './conclude.js';
import type { Times } from './window.js';

/** A question about the leases of an address around a time, in milliseconds since the epoch. */
export interface Probe {
  readonly ip: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Undefined: all. */
  readonly cluster: string | undefined;
}

/** A lease that was found for the nth probe. */
export interface FoundLease {
  readonly probe: number;
  readonly lease: LookupLease;
  readonly times: LeaseTimes;
}

/** Numbers instead of timestamps, because millions of these are read. */
const MS = (column: string) => `round(date_part('epoch', ${column}) * 1000)`;
const COLUMNS = `cluster, network, namespace, pod, pod_uid, node, host_network, coalesce(workload_kind, ''), coalesce(workload, ''),
  ${MS('started_at')}, ${MS('ended_at')}, ${MS('started_not_before')}, ${MS('started_not_after')},
  ${MS('ended_not_before')}, ${MS('ended_not_after')}`;
const PROBES = `(SELECT ip, to_timestamp(from_ms / 1000) AS from_at, to_timestamp(to_ms / 1000) AS to_at, cluster, (n - 1)::int AS n
   FROM unnest($1::inet[], $2::float8[], $3::float8[], $4::text[]) WITH ORDINALITY AS probes (ip, from_ms, to_ms, cluster, n)) AS probes`;
const OF_PROBE = 'leases.ip = probes.ip AND (probes.cluster IS NULL OR leases.cluster = probes.cluster)';

/**
 * All whose bounds touch the time; as NEAR does for a single one. A subquery with a limit is run for each probe, by the index
 * that its order names.
 */
const TOUCHING = `SELECT ${COLUMNS} FROM leases WHERE ${OF_PROBE}
    AND coalesce(started_not_before, started_at) <= probes.to_at AND coalesce(ended_not_after, ended_at) > probes.from_at
  ORDER BY coalesce(ended_not_after, ended_at) LIMIT $5::bigint + 1`;
const POSSIBLE = `SELECT probes.n, near.* FROM ${PROBES}, LATERAL (${TOUCHING}) AS near`;

/** The neighbours of the time, by the most likely times of leases. */
const NEIGHBOURS = `SELECT probes.n, near.* FROM ${PROBES}, LATERAL (
  (SELECT ${COLUMNS} FROM
     (SELECT * FROM leases WHERE ${OF_PROBE} AND started_at <= probes.from_at ORDER BY started_at DESC LIMIT $5::bigint) AS leases
   WHERE ended_at <= probes.from_at ORDER BY ended_at DESC LIMIT 1)
  UNION ALL
  (SELECT ${COLUMNS} FROM leases WHERE ${OF_PROBE} AND started_at > probes.to_at ORDER BY started_at LIMIT 1)) AS near`;

/** The addresses of whose surroundings the ledger has no lease. The bounds of a range are addresses, as those in the index. */
const OUTSIDE = `SELECT host(probe) AS ip FROM unnest($1::inet[]) AS probe,
  LATERAL (SELECT set_masklen(probe, CASE family(probe) WHEN 4 THEN 16 ELSE 64 END) AS surroundings) AS ranges
  WHERE NOT EXISTS (SELECT FROM leases
    WHERE ip BETWEEN host(network(surroundings))::inet AND host(broadcast(surroundings))::inet LIMIT 1)`;

/** What the statements about leases give. */
type Row = [
  probe: number,
  cluster: string,
  network: string,
  namespace: string,
  pod: string,
  podUid: string,
  node: string,
  hostNetwork: boolean,
  workloadKind: string,
  workload: string,
  startedMs: number,
  endedMs: number,
  startedNotBeforeMs: number | null,
  startedNotAfterMs: number | null,
  endedNotBeforeMs: number | null,
  endedNotAfterMs: number | null,
];

/** The leases that may have been held in the times of the probes; one more of a probe than {@link MAX_ROWS} if there are more. */
export function findPossible(connection: Connection, probes: readonly Probe[]): Promise<FoundLease[]> {
  return find(connection, POSSIBLE, probes);
}

/** For each probe the last lease that ended before its time, and the first that began after it. */
export function findNeighbours(connection: Connection, probes: readonly Probe[]): Promise<FoundLease[]> {
  return find(connection, NEIGHBOURS, probes);
}

async function find(connection: Connection, text: string, probes: readonly Probe[]): Promise<FoundLease[]> {
  if (probes.length === 0) return [];
  const column = <T>(value: (probe: Probe) => T) => probes.map(value);
  const values = [
    column(({ ip }) => ip),
    column(({ fromMs }) => fromMs),
    column(({ toMs }) => toMs),
    column(({ cluster }) => cluster ?? null),
    MAX_ROWS,
  ];
  const { rows } = await connection.query<Row>({ text, values, rowMode: 'array' });
  return toFoundLeases(rows);
}

/**
 * Gives the same leases as {@link findPossible}, and the next one after the time if it may have begun before it. The server plans it once for each connection.
 */
export function leasesAround(probes: readonly Probe[]): string {
  const list = (value: (probe: Probe) => string) => probes.map(value).join(',');
  const cluster = ({ cluster }: Probe) => (cluster === undefined ? 'NULL' : escapeLiteral(cluster));
  const values = [
    `ARRAY[${list(({ ip }) => escapeLiteral(ip))}]::inet[]`,
    `'{${list(({ fromMs }) => String(fromMs))}}'`,
    `'{${list(({ toMs }) => String(toMs))}}'`,
    `ARRAY[${list(cluster)}]::text[]`,
    MAX_ROWS,
  ];
  return `SELECT * FROM podips_leases_around(${values})`;
}

/** Gives the gaps that touch each of some times, as findGapsWithin does those of one. */
export function gapsOfTimes(times: readonly Times[], limit: number): string {
  const list = (value: (time: Times) => number) =>
    times.map((time) => `"${toTimestamp(value(time))}"`).join(',');
  return `SELECT (times.n - 1)::int, touching.* FROM
    unnest('{${list(({ fromMs }) => fromMs - REPORT_LAG_MS)}}'::timestamptz[],
      '{${list(({ toMs }) => toMs + REPORT_LAG_MS)}}'::timestamptz[]) WITH ORDINALITY AS times (from_at, to_at, n),
    LATERAL (SELECT cluster, started_at, ended_at, reason FROM gaps
      WHERE ${gapTouches('from_at', 'to_at')}
      ORDER BY ended_at, id LIMIT ${limit}) AS touching`;
}

/** @returns the gaps of each of so many times */
export function toGapsOf(times: number, rows: readonly unknown[][]): readonly (readonly GapRow[])[] {
  const gaps: GapRow[][] = Array.from({ length: times }, () => []);
  // What the statement gives.
  for (const [n, cluster, startedAt, endedAt, reason] of rows as [
    number,
    string,
    Date | null,
    Date,
    string,
  ][])
    gaps[n]?.push({ cluster, startedAt, endedAt, reason });
  return gaps;
}

/** @param rows what {@link leasesAround} gives, and the other statements about leases */
export function toFoundLeases(rows: readonly unknown[][]): FoundLease[] {
  const shared = shareTexts();
  return rows.map((row) => toFound(row as Row, shared));
}

/** Keeps one copy of a text that many leases have: each row has its own. */
function shareTexts(): (text: string) => string {
  const texts = new Map<string, string>();
  return (text) => {
    const known = texts.get(text);
    if (known === undefined) texts.set(text, text);
    return known ?? text;
  };
}

function toFound(row: Row, shared: (text: string) => string): FoundLease {
  const [probe, cluster, network, namespace, pod, podUid, node, hostNetwork, workloadKind, workload] = row;
  const times = {
    startedMs: row[10],
    endedMs: row[11] === Number.POSITIVE_INFINITY ? null : row[11],
    startedNotBeforeMs: row[12],
    startedNotAfterMs: row[13],
    endedNotBeforeMs: row[14],
    endedNotAfterMs: row[15],
  };
  const lease = {
    cluster: shared(cluster),
    network: shared(network),
    namespace: shared(namespace),
    pod,
    podUid,
    node: shared(node),
    hostNetwork,
    workloadKind: shared(workloadKind),
    workload: shared(workload),
    startedAt: new Date(times.startedMs).toISOString(),
    endedAt: times.endedMs === null ? '' : new Date(times.endedMs).toISOString(),
  };
  return { probe, lease, times };
}

/** @returns those of the addresses in whose surroundings, the same /16 of IPv4 or /64 of IPv6, no address ever had a lease */
export async function findOutside(
  connection: Connection,
  ips: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ips.length === 0) return new Set();
  const { rows } = await connection.query<{ ip: string }>(OUTSIDE, [ips]);
  return new Set(rows.map(({ ip }) => ip));
}
