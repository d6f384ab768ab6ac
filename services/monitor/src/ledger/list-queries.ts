import { isIP } from 'node:net';
import { InvalidRequestError } from '../words/request-rules.js';
import type { LeaseView } from './ledger-view.js';
import { type Connection, LEASE, type LeaseRow, toLease, toTimestamp } from './queries.js';
import type { Selection } from './question.js';
import { fromCursor, type Page, toCursor } from './question-page.js';

/** Rows of an answer, and the cursor of the next ones, if there are any. */
export interface PageOf<T> {
  readonly rows: readonly T[];
  readonly cursor: string | null;
}

/** As in the indexes leases_by_bounds, leases_by_namespace and leases_by_node. */
const START = 'coalesce(started_not_before, started_at)';
const END = 'coalesce(ended_not_after, ended_at)';
/** No two leases have the same. */
const ORDER = [START, 'cluster', 'pod_uid', 'network', 'ip', 'occurrence'];
const isText = (text: string) => !text.includes('\0');
const isAddress = (text: string) => isIP(text) !== 0 && !text.includes('%');
const CHECKS = [isTimestamp, isText, isText, isText, isAddress, (text: string) => /^\d{1,9}$/.test(text)];

/** As PostgreSQL writes one in UTC. */
function isTimestamp(text: string): boolean {
  const iso = text.replace(' ', 'T').replace(/\+00$/, 'Z');
  const ms = Date.parse(iso);
  return (
    text === '-infinity' || (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(iso.slice(0, 19)))
  );
}

/** By one index scan for each, and not by a look at every lease. */
const CLUSTERS = `ARRAY(WITH RECURSIVE found AS (
    (SELECT cluster FROM leases ORDER BY cluster LIMIT 1)
    UNION ALL
    SELECT (SELECT leases.cluster FROM leases WHERE leases.cluster > found.cluster ORDER BY 1 LIMIT 1)
    FROM found WHERE found.cluster IS NOT NULL)
  SELECT cluster FROM found WHERE cluster IS NOT NULL)`;

/** Makes `$1`, `$2`, … of values. */
type Bind = (value: unknown) => string;

/** The range as {@link findLeases} takes it, in milliseconds; infinite where it is open. */
export interface Range {
  readonly fromMs: number;
  /** No longer in it. */
  readonly toMs: number;
}

/** A row, and its place in the order. */
interface Placed extends LeaseRow {
  readonly place: readonly string[];
}

/** The statement that finds leases which may reach into a range, the newest first. */
export function leasesStatement(selection: Selection, { fromMs, toMs }: Range, page: Page) {
  const values: unknown[] = [];
  const bind: Bind = (value) => `$${values.push(value)}`;
  const conditions = [conditionOf(selection, bind)];
  // The last millisecond is in the range, and whatever began within it.
  conditions.push(`${START} < ${bind(toTimestamp(toMs))}`, `${END} > ${bind(toTimestamp(fromMs))}`);
  if (page.after !== undefined) {
    const place = fromCursor(page.after, CHECKS).map(bind);
    conditions.push(`(${ORDER}) < (${place})`);
  }
  const text = `SELECT ${LEASE}, ARRAY[${ORDER.map((each) => (each === 'ip' ? 'host(ip)' : `${each}::text`))}] AS place
    FROM leases WHERE ${conditions.join(' AND ')}
    ORDER BY ${ORDER.map((each) => `${each === 'ip' ? 'leases.ip' : each} DESC`)} LIMIT ${bind(page.limit + 1)}`;
  return { text, values };
}

// Single addresses, as leases have them: the index orders a network before its addresses.
const firstOf = (network: string) => `host(network(${network}::inet))::inet`;
const lastOf = (network: string) => `host(broadcast(${network}::inet))::inet`;

/** Most leases of a network that are looked through: all that it has had, to find the newest of a range. It takes half a second. */
const MAX_OF_NETWORK = 200_000;
const COUNTED = `SELECT count(*)::int AS count FROM
  (SELECT FROM leases WHERE ip BETWEEN ${firstOf('$1')} AND ${lastOf('$1')} LIMIT $2) AS counted`;

/** @throws {InvalidRequestError} for a network that has had more leases than that */
export async function refuseLarge(
  connection: Connection,
  network: string,
  limit = MAX_OF_NETWORK,
): Promise<void> {
  const { rows } = await connection.query<{ count: number }>(COUNTED, [network, limit + 1]);
  if ((rows[0]?.count ?? 0) <= limit) return;
  const many = `${network} has had more than ${limit.toLocaleString('en')} leases`;
  throw new InvalidRequestError(
    'ip',
    `${many}, too many to look through for a range of time: name a smaller network, or one time (at) instead of a range`,
  );
}

/**
 * The leases of a selection that may reach into a range.
 * @throws {InvalidRequestError} for a cursor that is none, and for a network that has had too many
 */
export async function findLeases(
  connection: Connection,
  selection: Selection,
  range: Range,
  page: Page,
): Promise<PageOf<LeaseView>> {
  if ('network' in selection) await refuseLarge(connection, selection.network);
  const { text, values } = leasesStatement(selection, range, page);
  const { rows } = await connection.query<Placed>(text, values);
  const last = rows.length > page.limit ? rows[page.limit - 1] : undefined;
  return {
    rows: rows.slice(0, page.limit).map(({ place: _, ...row }) => toLease(row)),
    cursor: last === undefined ? null : toCursor(last.place),
  };
}

function conditionOf(selection: Selection, bind: Bind): string {
  if ('ips' in selection) return `ip = ANY(${bind(selection.ips)}::inet[])`;
  if ('network' in selection) {
    const network = bind(selection.network);
    return `ip BETWEEN ${firstOf(network)} AND ${lastOf(network)}`;
  }
  const { namespace, pod, workload, workloadKind, node, podUid } = selection;
  if (node !== '') return `node = ${bind(node)}`;
  if (podUid !== '') return `cluster = ANY(${CLUSTERS}) AND pod_uid = ${bind(podUid)}`;
  const conditions = [`namespace = ${bind(namespace)}`];
  if (pod.endsWith('*')) conditions.push(`pod LIKE ${bind(beginsWith(pod.slice(0, -1)))}`);
  else if (pod !== '') conditions.push(`pod = ${bind(pod)}`);
  // Earlier versions recorded the owner alone.
  if (workload !== '') conditions.push(`coalesce(workload, owner_name) = ${bind(workload)}`);
  if (workloadKind !== '') conditions.push(`coalesce(workload_kind, owner_kind) = ${bind(workloadKind)}`);
  return conditions.join(' AND ');
}

function beginsWith(text: string): string {
  return `${text.replace(/[\\%_]/g, '\\$&')}%`;
}

/** By one index scan for each address, however many leases it has had. */
export const ADDRESSES = `WITH RECURSIVE found AS (
    (SELECT ip FROM leases WHERE ip BETWEEN ${firstOf('$1')} AND ${lastOf('$1')} AND ip > $2::inet ORDER BY ip LIMIT 1)
    UNION ALL
    SELECT (SELECT leases.ip FROM leases WHERE leases.ip > found.ip AND leases.ip <= ${lastOf('$1')} ORDER BY leases.ip LIMIT 1)
    FROM found WHERE found.ip IS NOT NULL)
  SELECT host(ip) AS ip FROM found WHERE ip IS NOT NULL LIMIT $3`;

/** The addresses of a network that the ledger has leases of, in their order. */
export async function findAddresses(
  connection: Connection,
  network: string,
  { limit, after }: Page,
): Promise<PageOf<string>> {
  const [from = '0.0.0.0/0'] = after === undefined ? [] : fromCursor(after, [isAddress]);
  const { rows } = await connection.query<{ ip: string }>(ADDRESSES, [network, from, limit + 1]);
  const ips = rows.slice(0, limit).map(({ ip }) => ip);
  const last = ips.at(-1);
  return { rows: ips, cursor: rows.length > limit && last !== undefined ? toCursor([last]) : null };
}
