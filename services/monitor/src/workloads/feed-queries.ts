import type { Connection } from '../ledger/queries.js';
import type { PodLife, Restart } from './facts.js';
import type { Span } from './measure.js';

/** The end of what was read of ended pods: rows follow in this order. */
export interface Mark {
  readonly endedAt: Date;
  readonly podUid: string;
  readonly ip: string;
}

/** A pod's hold on one of its addresses. */
export interface HeldAddress {
  readonly life: PodLife;
  readonly ip: string;
  readonly occurrence: number;
  /** It ended because the pod got another address: the pod lives on. */
  readonly changed: { readonly atMs: number } | undefined;
}

interface LifeRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly revision: string;
  readonly podUid: string;
  readonly pod: string;
  readonly node: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly endReason: string | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly cause: string | null;
  readonly exitCode: number | null;
}

interface RestartRow {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
  readonly podUid: string;
  readonly pod: string;
  readonly node: string;
  readonly container: string;
  readonly count: number;
  readonly countBefore: number;
  readonly endedAt: Date;
  readonly cause: string;
  readonly exitCode: number | null;
}

const WORKLOAD = `cluster, namespace, workload_kind AS kind, workload AS name, pod_uid AS "podUid", pod`;
const LIFE = `${WORKLOAD}, coalesce(revision, '') AS revision, node, host(ip) AS ip, occurrence, end_reason AS "endReason",
  started_at AS "startedAt",
  NULLIF(ended_at, 'infinity') AS "endedAt", end_cause AS cause, exit_code AS "exitCode"`;

/**
 * What ended after a time or a mark, in the order of the ends. A pod with several addresses comes once for each.
 */
export async function findEnded(
  connection: Connection,
  cluster: string,
  after: Mark,
  limit: number,
): Promise<{ readonly held: HeldAddress[]; readonly mark: Mark | undefined }> {
  const { rows } = await connection.query<LifeRow>(
    `SELECT ${LIFE} FROM leases
     WHERE cluster = $1 AND ended_at <> 'infinity' AND (ended_at, pod_uid, ip) > ($2, $3, $4) AND ended_at >= $2
       AND workload IS NOT NULL
     ORDER BY ended_at, pod_uid, ip LIMIT $5`,
    [cluster, after.endedAt, after.podUid, after.ip, limit],
  );
  const last = rows.at(-1);
  const mark = last?.endedAt && { endedAt: last.endedAt, podUid: last.podUid, ip: last.ip };
  return { held: rows.map(toHeld), mark: mark ?? undefined };
}

/** What is held by pods that run and started after a time, in the order of their starts, so many at a time. Needs a transaction. */
export async function* findRunning(
  connection: Connection,
  cluster: string,
  after: Date,
  atATime: number,
): AsyncGenerator<HeldAddress[]> {
  await connection.query(
    `DECLARE running NO SCROLL CURSOR FOR SELECT ${LIFE} FROM leases
     WHERE cluster = $1 AND ended_at = 'infinity' AND started_at > $2 AND workload IS NOT NULL
     ORDER BY started_at, pod_uid`,
    [cluster, after],
  );
  for (;;) {
    const { rows } = await connection.query<LifeRow>(`FETCH ${atATime} FROM running`);
    if (rows.length === 0) break;
    yield rows.map(toHeld);
  }
  await connection.query('CLOSE running');
}

/** Restarts whose containers ended after a time, in that order. */
export async function findRestarts(connection: Connection, cluster: string, after: Date): Promise<Restart[]> {
  const { rows } = await connection.query<RestartRow>(
    `SELECT ${WORKLOAD}, node, container, restarts AS count, restarts_before AS "countBefore", ended_at AS "endedAt", cause,
       exit_code AS "exitCode"
     FROM restarts WHERE cluster = $1 AND ended_at > $2 ORDER BY ended_at`,
    [cluster, after],
  );
  return rows.map(({ cluster: of, namespace, kind, name, exitCode, endedAt, ...rest }) => ({
    ...rest,
    workload: { cluster: of, namespace, kind, name },
    exitCode: exitCode ?? undefined,
    atMs: endedAt.getTime(),
  }));
}

/** A time of which something may be missing. */
export interface Gap extends Span {
  readonly cluster: string;
}

/** The gaps that ended after a time, the newest 500 of them. */
export async function findGaps(connection: Connection, after: Date): Promise<readonly Gap[]> {
  const sql = `SELECT cluster, started_at AS "startedAt", ended_at AS "endedAt" FROM gaps WHERE ended_at > $1 ORDER BY ended_at DESC LIMIT 500`;
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

function toHeld(row: LifeRow): HeldAddress {
  const { cluster, namespace, kind, name, podUid, pod, node, revision, startedAt, endedAt, cause, exitCode } =
    row;
  const isChanged = row.endReason === 'changed';
  const atMs = endedAt?.getTime();
  const life = {
    workload: { cluster, namespace, kind, name },
    ...{ podUid, pod, node, revision },
    ip: row.ip,
    startedAtMs: startedAt.getTime(),
    end:
      atMs === undefined || isChanged
        ? undefined
        : { atMs, cause: cause ?? '', exitCode: exitCode ?? undefined },
  };
  const changed = isChanged && atMs !== undefined ? { atMs } : undefined;
  return { life, ip: row.ip, occurrence: row.occurrence, changed };
}
