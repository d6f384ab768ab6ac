import { createLedger } from '@podips/reader';
import { createLogger, type DatabasePool, migrate, openPool, pause } from '@podips/shared';
import { useDatabase } from './database.js';
import { CLUSTER, DAY_MS, DAYS, fillLedger, newLeases } from './ledger-fill.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';

const EXPECTED_BELOW_MS = 10;
const WRITE_LEASES = 100;
const WRITE_REST_MS = 50;

/** A lease of the ledger to query, and a time at which it was held. */
interface Sample {
  readonly ip: string;
  readonly at: Date;
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
}

interface Question {
  readonly name: string;
  readonly sql: string;
  readonly values: (sample: Sample) => readonly unknown[];
}

const WHO: Question = {
  name: 'ledger: who held an address',
  sql: 'SELECT namespace, pod, pod_uid FROM leases WHERE ip = $1 AND started_at <= $2 AND ended_at > $2',
  values: ({ ip, at }) => [ip, at],
};

const QUESTIONS: readonly Question[] = [
  WHO,
  {
    name: 'ledger: who may have held an address',
    sql: `SELECT namespace, pod, pod_uid FROM leases WHERE ip = $1
      AND coalesce(started_not_before, started_at) <= $2 AND coalesce(ended_not_after, ended_at) > $2`,
    values: ({ ip, at }) => [ip, at],
  },
  {
    name: 'ledger: leases of a pod by name',
    sql: 'SELECT * FROM leases WHERE namespace = $1 AND pod = $2 ORDER BY started_at',
    values: ({ namespace, pod }) => [namespace, pod],
  },
  {
    name: 'ledger: leases of a pod by UID',
    sql: 'SELECT * FROM leases WHERE cluster = $1 AND pod_uid = $2',
    values: ({ uid }) => [CLUSTER, uid],
  },
];

/** The times in which a large ledger answers, is loaded, and is pruned while it is written. */
export async function measureLedger(run: BenchRun): Promise<Figure[]> {
  const { leases, queries } = run.scale.ledger;
  await using resources = new AsyncDisposableStack();
  const database = await useDatabase(run, resources);
  const pool = openPool(database, createLogger('bench', 'silent'));
  resources.defer(() => pool.end());
  await migrate(pool);
  await fillLedger(database, leases, run);
  run.print(`ledger: ${queries} queries of each kind`);
  const samples = await pickSamples(pool, leases, queries);
  const figures: Figure[] = [];
  for (const question of QUESTIONS) figures.push(...(await ask(pool, question, samples, run)));
  const sizes = await measureSizes(pool);
  figures.push(...(await measureRetention(pool, samples, run)), ...sizes);
  return figures;
}

/** Leases picked at random over the whole time. */
async function pickSamples(pool: DatabasePool, leases: number, count: number): Promise<Sample[]> {
  // More than needed, because a table sample is of whole pages.
  const percent = Math.min(100, (3_000 * count) / leases);
  const { rows } = await pool.query<Sample>(
    `SELECT host(ip) AS ip, started_at + interval '1 second' AS at, namespace, pod, pod_uid AS uid
     FROM leases TABLESAMPLE SYSTEM (${percent}) ORDER BY random() LIMIT $1`,
    [count],
  );
  return rows;
}

async function ask(
  pool: DatabasePool,
  { name, sql, values }: Question,
  samples: readonly Sample[],
  { signal, print }: BenchRun,
): Promise<Figure[]> {
  const timesMs: number[] = [];
  let answers = 0;
  for (const sample of samples) {
    signal.throwIfAborted();
    const startedMs = performance.now();
    const { rows } = await pool.query(sql, [...values(sample)]);
    timesMs.push(performance.now() - startedMs);
    if (rows.length === 0) throw new Error(`${name}: no answer for ${sample.ip}`);
    answers += rows.length;
  }
  const [sample] = samples;
  if (sample) print(`${name}: ${await explain(pool, sql, values(sample))}`);
  const meaning = `${samples.length} queries for leases picked at random, ${answers} rows in all`;
  return [
    { name: `${name}, p50`, value: percentile(timesMs, 0.5), unit: 'ms', meaning },
    {
      name: `${name}, p99`,
      value: percentile(timesMs, 0.99),
      unit: 'ms',
      expectation: { below: EXPECTED_BELOW_MS },
      meaning,
    },
  ];
}

/** The nodes of the plan, such as `Index Scan using leases_by_ip on leases`. */
async function explain(pool: DatabasePool, sql: string, values: readonly unknown[]): Promise<string> {
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`, [...values]);
  const nodes = rows.map((row) => row['QUERY PLAN']).filter((line) => /Scan|Sort/.test(line));
  return nodes.map((line) => line.replace('->', '').trim()).join(' < ');
}

/** Deletes the oldest leases in the steps in which the reader does it, while new ones are written and others asked for. */
async function measureRetention(
  pool: DatabasePool,
  samples: readonly Sample[],
  { scale, signal }: BenchRun,
): Promise<Figure[]> {
  const ledger = createLedger(pool, CLUSTER);
  const loadedMs = performance.now();
  const { term, known } = await ledger.load();
  const loadMs = performance.now() - loadedMs;
  // Retention writes down what it deletes beside the checkpoint.
  const checkpoint = { resourceVersion: '1', knownAt: new Date() };
  await ledger.write(term, { leases: [], gaps: [], checkpoint });
  const startedMs = performance.now();
  let pruning = true;
  const days = (DAYS * scale.ledger.deletedLeases) / scale.ledger.leases;
  const endedBefore = await daysAfterOldest(pool, days);
  await ledger.announce(endedBefore);
  const pruned = ledger.prune(endedBefore, signal).finally(() => {
    pruning = false;
  });
  const writesMs: number[] = [];
  const questionsMs: number[] = [];
  do {
    const before = performance.now();
    await ledger.write(term, { leases: newLeases(WRITE_LEASES), gaps: [], checkpoint: undefined });
    const between = performance.now();
    writesMs.push(between - before);
    const sample = samples[writesMs.length % samples.length];
    if (sample) await pool.query(WHO.sql, [...WHO.values(sample)]);
    questionsMs.push(performance.now() - between);
    await pause(WRITE_REST_MS, signal);
  } while (pruning);
  const seconds = (performance.now() - startedMs) / 1_000;
  const deleted = await pruned;
  return [
    {
      name: 'ledger: load',
      value: loadMs,
      unit: 'ms',
      meaning: `what a reader does at its start: ${known.size} pods with open leases`,
    },
    {
      name: 'ledger: retention',
      value: deleted / seconds,
      unit: '/s',
      meaning: `leases deleted per second, ${deleted} in all, in small steps with pauses between them`,
    },
    {
      name: 'ledger: retention of a day',
      value: (seconds * 1_000) / days,
      unit: 'ms',
      meaning: `until the oldest of ${DAYS} days is deleted, of the same run`,
    },
    {
      name: 'ledger: write during retention, p99',
      value: percentile(writesMs, 0.99),
      unit: 'ms',
      meaning: `${writesMs.length} transactions of ${WRITE_LEASES} new leases meanwhile`,
    },
    {
      name: 'ledger: who held an address during retention, p99',
      value: percentile(questionsMs, 0.99),
      unit: 'ms',
      meaning: 'a query after each of these transactions',
    },
  ];
}

async function daysAfterOldest(pool: DatabasePool, days: number): Promise<Date> {
  const { rows } = await pool.query<{ at: Date }>(
    `SELECT ended_at AS at FROM leases WHERE cluster = $1 AND ended_at <> 'infinity' ORDER BY ended_at LIMIT 1`,
    [CLUSTER],
  );
  return new Date((rows[0]?.at.getTime() ?? 0) + days * DAY_MS);
}

async function measureSizes(pool: DatabasePool): Promise<Figure[]> {
  const { rows } = await pool.query<{ name: string; bytes: string }>(
    `SELECT relname AS name, pg_relation_size(oid) AS bytes FROM pg_class
     WHERE relname LIKE 'leases%' AND relkind IN ('r', 'i') ORDER BY relkind DESC, relname`,
  );
  return rows.map(({ name, bytes }) => ({
    name: `ledger: size of ${name}`,
    value: Number(bytes) / BYTES_PER_MB,
    unit: 'MB',
    meaning: name === 'leases' ? 'the table without its indexes' : 'an index, as new',
  }));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
