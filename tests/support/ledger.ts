import { type DatabasePool, eventId } from '@podips/shared';
import type { IpChange, SinkRecord } from '@podips/simulation';

/** A row of the ledger, as far as tests ask for it. */
export interface LedgerRow {
  readonly uid: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly namespace: string;
  readonly pod: string;
  readonly owner: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  readonly startedAt: Date;
  readonly startInferred: boolean;
  /** Null while it is open. */
  readonly endedAt: Date | null;
  readonly open: boolean;
  readonly endReason: string | null;
  readonly endInferred: boolean | null;
}

export interface GapRow {
  readonly startedAt: Date | null;
  readonly endedAt: Date;
  readonly reason: string;
}

export interface PositionRow {
  readonly resourceVersion: string;
  readonly knownAt: Date;
}

/** The errors of the ledger, measured against what really happened; empty when all is well. */
export interface LedgerVerdict {
  /** Leases that it does not have, or not as they are. */
  readonly missing: readonly string[];
  /** Leases that it has, but that never were, or not so. */
  readonly untrue: readonly string[];
  /** Leases of one address, not a node's, at the same time. */
  readonly overlapping: number;
}

/** The ledger holds exactly what happened. */
export const TRUE_LEDGER: LedgerVerdict = { missing: [], untrue: [], overlapping: 0 };

const LEASES = `
  SELECT pod_uid AS uid, host(ip) AS ip, occurrence, namespace, pod, owner_kind || '/' || owner_name AS owner, node,
    host_network AS "hostNetwork", started_at AS "startedAt", start_inferred AS "startInferred",
    nullif(ended_at, 'infinity') AS "endedAt", ended_at = 'infinity' AS open, end_reason AS "endReason", end_inferred AS "endInferred"
  FROM leases ORDER BY started_at, pod_uid, ip, occurrence`;

const OVERLAPPING = `
  SELECT count(*)::int AS count FROM leases AS one JOIN leases AS other USING (cluster, ip)
  WHERE NOT one.host_network AND NOT other.host_network
    AND (one.pod_uid, one.occurrence) < (other.pod_uid, other.occurrence)
    AND one.started_at < other.ended_at AND other.started_at < one.ended_at`;

/** All leases, in the order in which they began. */
export async function readLedger(database: DatabasePool): Promise<LedgerRow[]> {
  return (await database.query<LedgerRow>(LEASES)).rows;
}

/** All gaps, in the order in which they were written. */
export async function readGaps(database: DatabasePool): Promise<GapRow[]> {
  const sql = 'SELECT started_at AS "startedAt", ended_at AS "endedAt", reason FROM gaps ORDER BY id';
  return (await database.query<GapRow>(sql)).rows;
}

/** Undefined before the first one is written. */
export async function readPosition(database: DatabasePool): Promise<PositionRow | undefined> {
  const sql = 'SELECT resource_version AS "resourceVersion", known_at AS "knownAt" FROM reader_positions';
  return (await database.query<PositionRow>(sql)).rows[0];
}

/**
 * Compares the ledger with what happened in the cluster.
 * @param unseen says which changes no reader need have seen; a lease of nothing but these may be missing
 */
export async function judgeLedger(
  database: DatabasePool,
  changes: readonly IpChange[],
  unseen: (change: IpChange) => boolean = () => false,
): Promise<LedgerVerdict> {
  const leases = leasesOf(changes);
  const expected = new Set(leases.map(({ lease }) => lease));
  const needed = leases.filter((each) => !each.changes.every(unseen));
  const kept = new Set((await readLedger(database)).map(describeLease));
  const { rows } = await database.query<{ count: number }>(OVERLAPPING);
  return {
    missing: needed.map(({ lease }) => lease).filter((lease) => !kept.has(lease)),
    untrue: [...kept].filter((lease) => !expected.has(lease)),
    overlapping: rows[0]?.count ?? 0,
  };
}

/**
 * Starts and ends in the ledger whose times, or whether they were inferred, are not those of a message about them.
 * A change that was published twice, after a crash, may stand in the ledger as either message says.
 */
export async function findUnpublishedTimes(
  database: DatabasePool,
  records: readonly SinkRecord[],
): Promise<string[]> {
  const key = (id: unknown, time: unknown, inferred: unknown) => `${id} ${time} ${inferred}`;
  const published = new Set(
    records.map(({ record }) => key(record.event_id, record.timestamp, record.inferred)),
  );
  const edges = (await readLedger(database)).flatMap((row) => {
    const start = eventId(row.uid, row.ip, 'allocated', row.occurrence);
    const end = eventId(row.uid, row.ip, 'deallocated', row.occurrence);
    return [
      { row, what: 'start', key: key(start, row.startedAt.toISOString(), row.startInferred) },
      ...(row.endedAt
        ? [{ row, what: 'end', key: key(end, row.endedAt.toISOString(), row.endInferred) }]
        : []),
    ];
  });
  return edges
    .filter((edge) => !published.has(edge.key))
    .map(({ row, what }) => `no message has the ${what} of ${describeLease(row)} as the ledger has it`);
}

interface LeaseHistory {
  /** As {@link describeLease} says it. */
  readonly lease: string;
  readonly changes: readonly IpChange[];
}

/** The leases that begin and end with these changes. */
function leasesOf(changes: readonly IpChange[]): LeaseHistory[] {
  const ended = new Map<string, number>();
  const leases = new Map<string, LeaseHistory>();
  for (const change of changes) {
    const { podUid: uid, ip, namespace, pod, node, hostNetwork, kind } = change;
    const owner = `${change.ownerKind}/${change.ownerName}`;
    const occurrence = ended.get(`${uid} ${ip}`) ?? 0;
    const open = kind === 'assigned';
    if (!open) ended.set(`${uid} ${ip}`, occurrence + 1);
    const facts = { uid, ip, occurrence, namespace, pod, owner, node, hostNetwork, open };
    const key = `${uid} ${ip} ${occurrence}`;
    const before = leases.get(key)?.changes ?? [];
    leases.set(key, { lease: describeLease(facts), changes: [...before, change] });
  }
  return [...leases.values()];
}

type LeaseFacts = Omit<LedgerRow, 'startedAt' | 'startInferred' | 'endedAt' | 'endReason' | 'endInferred'>;

function describeLease(lease: LeaseFacts): string {
  const { uid, ip, occurrence, namespace, pod, owner, node, hostNetwork, open } = lease;
  const network = hostNetwork ? ' on the network of its node' : '';
  return `${ip} ${namespace}/${pod} ${uid} #${occurrence} of ${owner} at ${node}${network} ${open ? 'open' : 'closed'}`;
}
