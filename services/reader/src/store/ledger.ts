import { randomUUID } from 'node:crypto';
import { type DatabaseClient, type DatabasePool, inTransaction, PodipsError } from '@podips/shared';
import type { Checkpoint, FailureRecord, Gap, LeaseRecord, RestartRecord } from '../changes/entry.js';
import type { EndedCounts } from '../changes/leases.js';
import type { PodTable } from '../changes/pod-table.js';
import type { RecordedScope } from '../cluster/scope-settings.js';
import { gapOfFailure, insertFailures, type RefusedFailure } from './ledger-failures.js';
import { gapOf, type RefusedLease, upsertLeases } from './ledger-leases.js';
import { type LeaseRow, LedgerPods } from './ledger-pods.js';
import { announce, prune } from './ledger-prune.js';
import { gapOfRestart, insertRestarts, loadRestarts, type RefusedRestart } from './ledger-restarts.js';
import { enterScope, type Position, requireList, writePosition } from './ledger-scope.js';
import { type CurrentTerm, TermWrites } from './term-writes.js';

export interface LedgerBatch {
  readonly leases: readonly LeaseRecord[];
  readonly restarts?: readonly RestartRecord[];
  readonly failures?: readonly FailureRecord[];
  readonly gaps: readonly Gap[];
  readonly checkpoint: Checkpoint | undefined;
}

export interface LoadedLedger {
  /** Pods with open leases, and pods that may get an address again that they had before. */
  readonly known: PodTable;
  /** How many leases pods have had that hold nothing now and ended last. */
  readonly ended: ReadonlyMap<string, EndedCounts>;
  /** Undefined in a ledger that was never written. */
  readonly checkpoint: Checkpoint | undefined;
  /** Something is watched that was not before. */
  readonly widened?: boolean | undefined;
  /** The fencing token: only the reader that loaded the ledger last can write it. */
  readonly term: number;
  /** The latest time in it; undefined when it is empty. */
  readonly latest: Date | undefined;
}

/** What the database will never accept. */
export type RefusedRecord = RefusedLease | RefusedRestart | RefusedFailure;

/** The table of all leases of one cluster. */
export interface Ledger {
  /** Reads the ledger and begins a new term: in an earlier one it cannot be written any more, not even by this process. */
  load(): Promise<LoadedLedger>;
  /**
   * Writes all of the batch or nothing, but for what the database will never accept: a gap stands for them. The same
   * lease may be written again: an end, once known, stays.
   * @param term of the load that the batch follows
   * @throws {PodipsError} LEDGER_TAKEN when it was loaded again since; LEDGER_REVERTED when it lacks what was written before
   */
  write(term: number, batch: LedgerBatch): Promise<void>;
  /**
   * Says that leases and gaps that ended before a time are about to be deleted: who reads the ledger in several steps must have
   * seen that before {@link prune} deletes it.
   */
  announce(endedBefore: Date): Promise<void>;
  /** Deletes what ended before a time, of closed leases and gaps what was announced, in small steps. @returns how many leases */
  prune(endedBefore: Date, signal: AbortSignal): Promise<number>;
}

export interface LedgerOptions {
  /** Called for each lease, restart and failure that the database will never accept; a gap names its time. */
  readonly onRefused?: (refused: RefusedRecord) => void;
  /** Shared with the outbox, whose writes count as well. */
  readonly current?: CurrentTerm;
  /** What its reader watches; by default everything on the default network. */
  readonly scope?: RecordedScope;
}

const EVERYTHING: RecordedScope = { namespaces: undefined, ignored: [], secondaryNetworks: false };

export function createLedger(
  pool: DatabasePool,
  cluster: string,
  { onRefused = () => undefined, current = { writes: undefined }, scope = EVERYTHING }: LedgerOptions = {},
): Ledger {
  return {
    async load() {
      const id = randomUUID();
      const ledger = await load(pool, cluster, scope, id, current.writes?.term ?? 0);
      current.writes = new TermWrites(cluster, ledger.term, id);
      return ledger;
    },
    async write(term, batch) {
      if (current.writes?.term !== term) throw taken();
      for (const refused of await write(pool, cluster, scope, current.writes, batch)) onRefused(refused);
    },
    announce: (endedBefore) => announce(pool, cluster, endedBefore),
    prune: (endedBefore, signal) => prune(pool, cluster, endedBefore, signal),
  };
}

/** The same again changes nothing: a write whose commit was not confirmed is repeated. */
const INSERT_GAP = `
  INSERT INTO gaps (cluster, started_at, ended_at, reason) SELECT $1::text, $2::timestamptz, $3::timestamptz, $4::text
  WHERE NOT EXISTS (SELECT FROM gaps WHERE cluster = $1 AND started_at IS NOT DISTINCT FROM $2 AND ended_at = $3 AND reason = $4)`;

async function write(
  pool: DatabasePool,
  cluster: string,
  scope: RecordedScope,
  writes: TermWrites,
  batch: LedgerBatch,
): Promise<RefusedRecord[]> {
  let count = 0;
  const refused = await inTransaction(pool, async (client) => {
    count = await countWrite(client, cluster, writes);
    const leases = await upsertLeases(client, cluster, batch.leases);
    const restarts = await insertRestarts(client, cluster, batch.restarts ?? []);
    const failures = await insertFailures(client, cluster, batch.failures ?? []);
    const refused = [...leases, ...restarts, ...failures];
    const named = [...leases.map(gapOf), ...restarts.map(gapOfRestart), ...failures.map(gapOfFailure)];
    const gaps = [...batch.gaps, ...named];
    for (const { startedAt = null, endedAt, reason } of gaps)
      await client.query(INSERT_GAP, [cluster, startedAt, endedAt, reason]);
    if (batch.checkpoint) await writePosition(client, cluster, scope, batch.checkpoint);
    else await requireList(client, cluster);
    return refused;
  });
  writes.confirm(count);
  return refused;
}

async function countWrite(client: DatabaseClient, cluster: string, writes: TermWrites): Promise<number> {
  const count = await writes.count(client);
  if (writes.isReverted) throw reverted();
  if (count !== undefined) return count;
  const sql = 'SELECT term FROM reader_terms WHERE cluster = $1';
  const { rows } = await client.query<{ term: number }>(sql, [cluster]);
  throw (rows[0]?.term ?? 0) < writes.term ? reverted() : taken();
}

const taken = () => new PodipsError('LEDGER_TAKEN', 'another reader has loaded the ledger');
const reverted = () =>
  new PodipsError(
    'LEDGER_REVERTED',
    'the database lacks what this reader has written to it: it went back to an earlier state',
  );

const LEASE = `pod_uid, network, host(ip) AS ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
    workload_kind, workload, revision, service_account, started_at,
    (extract(epoch FROM started_not_before) * 1000)::float8 AS not_before,
    (extract(epoch FROM started_not_after) * 1000)::float8 AS not_after, start_inferred`;

/** The oldest first. */
const OPEN = `
  SELECT ${LEASE} FROM leases WHERE cluster = $1 AND ended_at = 'infinity' ORDER BY started_at`;

const FETCHED_ROWS = 500;

/** Addresses that a pod gave up while it lived on: should it get one back, that is another lease. */
const GIVEN_UP = `
  SELECT DISTINCT ON (pod_uid, network, ip) ${LEASE} FROM leases AS changed WHERE cluster = $1 AND end_reason = 'changed' AND NOT EXISTS (
    SELECT FROM leases AS last WHERE last.cluster = $1 AND last.pod_uid = changed.pod_uid
    AND last.end_reason IN ('deleted', 'finished', 'missing'))
  ORDER BY pod_uid, network, ip, occurrence DESC`;

/** The leases that ended last, the oldest first: a pod that finished may run again, and a backup brings deleted ones back. */
const ENDED_LAST = `
  SELECT * FROM (
    SELECT ${LEASE}, ended_at FROM leases
    WHERE cluster = $1 AND ended_at <> 'infinity' AND ended_at > (
      SELECT known_at - interval '1 day' FROM reader_positions WHERE cluster = $1)
    ORDER BY ended_at DESC LIMIT 20000) AS last
  ORDER BY ended_at`;

/**
 * Leases that were closed when their namespace was left out, however long ago, the oldest first: their pods may hold the
 * addresses still.
 */
const RETURNING = `
  SELECT * FROM (
    SELECT ${LEASE}, ended_at FROM leases
    WHERE cluster = $1 AND ended_at <> 'infinity' AND end_reason = 'missing'
      AND (namespace <> ALL ($2::text[]) OR namespace = ANY ($3::text[]))
    ORDER BY ended_at DESC LIMIT 50000) AS last
  ORDER BY ended_at`;

/** An index gives it: the end of a lease is after its start. */
const LATEST_END = "SELECT max(ended_at) AS at FROM leases WHERE cluster = $1 AND ended_at <> 'infinity'";

/**
 * @param id of this load
 * @param after the last term of this process: in a database that went back, its number would come again
 */
async function load(
  pool: DatabasePool,
  cluster: string,
  scope: RecordedScope,
  id: string,
  after: number,
): Promise<LoadedLedger> {
  return inTransaction(pool, async (client) => {
    // First, because it waits for a write that is under way; what follows then sees all of it.
    const terms = await client.query<{ term: number }>(
      `INSERT INTO reader_terms AS old (cluster, term, loaded_by) VALUES ($1, $2::integer + 1, $3)
       ON CONFLICT (cluster) DO UPDATE SET term = greatest(old.term, $2) + 1, loaded_by = $3, writes = 0 RETURNING term`,
      [cluster, after, id],
    );
    const position = await enterScope(client, cluster, scope);
    const restarts = await loadRestarts(client, cluster);
    const ends = await client.query<{ at: Date | null }>(LATEST_END, [cluster]);
    const pods = new LedgerPods();
    // The oldest first, as they are forgotten; addresses that living pods gave up, last.
    for await (const rows of returning(client, cluster, position)) pods.addEnded(rows);
    for await (const rows of leases(client, ENDED_LAST, [cluster])) pods.addEnded(rows);
    for await (const rows of leases(client, GIVEN_UP, [cluster])) pods.addEnded(rows);
    let newest: Date | undefined;
    for await (const rows of leases(client, OPEN, [cluster])) {
      pods.addOpen(rows);
      newest = rows.at(-1)?.started_at ?? newest;
    }
    // Leases without a position are of a first list that was not read to its end: nothing has to follow their starts.
    const started = position && newest;
    return {
      latest: latest([started, ends.rows[0]?.at, position?.checkpoint.knownAt]),
      term: terms.rows[0]?.term ?? 0,
      ...(await pods.all(restarts)),
      checkpoint: position?.checkpoint,
      widened: position?.widened,
    };
  });
}

/** Reads leases: so many at a time that nothing else has to wait for long. */
async function* leases(
  client: DatabaseClient,
  query: string,
  values: readonly unknown[],
): AsyncGenerator<LeaseRow[]> {
  await client.query(`DECLARE leases_read NO SCROLL CURSOR FOR ${query}`, [...values]);
  for (;;) {
    const { rows } = await client.query<LeaseRow>(`FETCH ${FETCHED_ROWS} FROM leases_read`);
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('CLOSE leases_read');
}

async function* returning(
  client: DatabaseClient,
  cluster: string,
  position: Position | undefined,
): AsyncGenerator<LeaseRow[]> {
  if (!position?.widened) return;
  const { namespaces, ignored } = position.had;
  yield* leases(client, RETURNING, [cluster, namespaces ?? null, ignored]);
}

function latest(times: readonly (Date | null | undefined)[]): Date | undefined {
  return times.reduce<Date | undefined>((a, b) => (b && (a === undefined || b > a) ? b : a), undefined);
}
