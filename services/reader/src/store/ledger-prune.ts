import { type DatabasePool, pause, runStatement } from '@podips/shared';

const BATCH = 2_000;
/** Pause between two steps, for other work on the database. */
const REST_MS = 50;

type Table = 'leases' | 'gaps' | 'restarts' | 'failed_pods';

/** Answers depend on leases and gaps: of these no more is deleted than the ledger says. NULL while it says nothing. */
const ANNOUNCED = `(SELECT least($1, deleted_before) FROM reader_positions WHERE cluster = $3 AND deleted_before IS NOT NULL)`;
const KEPT: Readonly<Record<Table, string>> = {
  // A lease may have lasted for longer than is most likely.
  leases: `AND ended_at < ${ANNOUNCED} AND coalesce(ended_not_after, ended_at) <= ${ANNOUNCED}`,
  // Within two seconds of a gap something may be missing as well.
  gaps: `AND ended_at < ${ANNOUNCED} - interval '2 seconds'`,
  // The last one of each container of a pod that holds an address says how many there were: later ones are compared with it.
  restarts: `AND NOT (
    EXISTS (SELECT FROM leases WHERE cluster = $3 AND pod_uid = restarts.pod_uid AND ended_at = 'infinity')
    AND NOT EXISTS (SELECT FROM restarts AS later WHERE cluster = $3 AND pod_uid = restarts.pod_uid
      AND container = restarts.container AND later.restarts > restarts.restarts))`,
  failed_pods: '',
};

/** Oldest first, by an index of each of these tables. */
const pruneOf = (table: Table) => `
  DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table} WHERE ended_at <> 'infinity' AND ended_at < $1 AND cluster = $3 ${KEPT[table]}
    ORDER BY ended_at LIMIT $2))`;

const ANNOUNCE = `
  UPDATE reader_positions SET deleted_before = greatest(deleted_before, $2) WHERE cluster = $1
    AND (deleted_before IS NOT NULL OR EXISTS (SELECT FROM leases WHERE cluster = $1 AND ended_at < $2 AND ended_at <> 'infinity')
      OR EXISTS (SELECT FROM gaps WHERE cluster = $1 AND ended_at < $2))`;

/** Writes down that leases and gaps that ended before a time are about to be deleted, if there are any. */
export async function announce(pool: DatabasePool, cluster: string, endedBefore: Date): Promise<void> {
  await runStatement(pool, ANNOUNCE, [cluster, endedBefore]);
}

/**
 * Deletes what ended before a time, leases and gaps if they were announced, in small steps. A table that fails does not stop
 * the others; but gaps are kept until all leases of their time are deleted, because an answer from those that are left depends
 * on them.
 * @returns how many leases
 * @throws the first failure, when all tables were tried
 */
export async function prune(
  pool: DatabasePool,
  cluster: string,
  endedBefore: Date,
  signal: AbortSignal,
): Promise<number> {
  const failures: unknown[] = [];
  const pruneTable = async (table: Table) => {
    let deleted = 0;
    for (let count = BATCH; count === BATCH && !signal.aborted; deleted += count) {
      count = (await runStatement(pool, pruneOf(table), [endedBefore, BATCH, cluster])).rowCount ?? 0;
      await pause(REST_MS, signal);
    }
    return deleted;
  };
  const attempt = (work: Promise<number>) => work.catch((err: unknown) => failures.push(err));
  const pruneAnswers = async () => {
    const deleted = await pruneTable('leases');
    await pruneTable('gaps');
    return deleted;
  };
  const leases = await attempt(pruneAnswers());
  await attempt(pruneTable('restarts'));
  await attempt(pruneTable('failed_pods'));
  if (failures.length > 0) throw failures[0];
  return leases;
}
