import { type DatabasePool, pause, runStatement } from '@podips/shared';

const BATCH = 2_000;
/** Pause between two steps, for other work on the database. */
const REST_MS = 50;

type Table = 'leases' | 'gaps' | 'restarts' | 'failed_pods';

/** The last restart of each container of a pod that holds an address says how many there were: later ones are compared with it. */
const KEPT: Readonly<Partial<Record<Table, string>>> = {
  restarts: `AND NOT (
    EXISTS (SELECT FROM leases WHERE cluster = $3 AND pod_uid = restarts.pod_uid AND ended_at = 'infinity')
    AND NOT EXISTS (SELECT FROM restarts AS later WHERE cluster = $3 AND pod_uid = restarts.pod_uid
      AND container = restarts.container AND later.restarts > restarts.restarts))`,
};

/** Oldest first, by an index of each of these tables. */
const pruneOf = (table: Table) => `
  DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ${table} WHERE ended_at <> 'infinity' AND ended_at < $1 AND cluster = $3 ${KEPT[table] ?? ''}
    ORDER BY ended_at LIMIT $2))`;

/**
 * A gap without a beginning says that all leases since its end are there. Before the first of them is deleted it is given one:
 * as of then whatever is older than the oldest lease that has ended counts as deleted.
 */
const NO_LONGER_WHOLE = `
  UPDATE gaps SET started_at = LEAST(ended_at,
    (SELECT ended_at FROM leases WHERE ended_at <> 'infinity' AND cluster = $2 ORDER BY ended_at LIMIT 1))
  WHERE started_at IS NULL AND ended_at < $1 AND cluster = $2`;

/**
 * Deletes what ended before a time, in small steps. A table that fails does not stop the others; but gaps are kept until all
 * leases of their time are deleted, because an answer from those that are left depends on them.
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
    await runStatement(pool, NO_LONGER_WHOLE, [endedBefore, cluster]);
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
