import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type DatabasePool, migrate, openPool } from '@podips/shared';
import { databaseEnvironment, startChildProgram } from '@podips/simulation';
import { useDatabase } from './database.js';
import { addressesOf, CLUSTER, DAY_MS, DAYS, fillLedger, LEDGER_START } from './ledger-fill.js';
import { type AnnotatedFile, annotateFile } from './lookup-file.js';
import type { LogOfLines } from './lookup-lines.js';
import { measureSingle } from './lookup-single.js';
import { measureWho } from './lookup-who.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { type MonitorProcess, startMonitorProcess } from './monitor-process.js';

const EXPECTED_BELOW_MS = 15_000;
const EXPECTED_BELOW_MB = 300;
const GAPS = 200;
const END_MS = LEDGER_START.getTime() + DAYS * DAY_MS;

/** The time in which the lines of a log are answered, and how many single addresses a second, of a large ledger. */
export async function measureLookup(run: BenchRun): Promise<Figure[]> {
  const { leases, lines, seconds } = run.scale.lookup;
  await using resources = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const database = await useDatabase(run, resources);
  const pool = openPool(database, createLogger('bench', 'silent'));
  resources.defer(() => pool.end());
  await migrate(pool);
  await fillLedger(database, leases, run);
  await completeLedger(pool);
  const monitor = await startMonitorProcess(dir, databaseEnvironment(database));
  resources.defer(() => monitor.process.stop());
  const log = { lines, addresses: addressesOf(leases), fromMs: END_MS - 2 * DAY_MS, toMs: END_MS - DAY_MS };
  run.print(`lookup: ${lines} lines of a day, as a file`);
  const file = await annotateFile(monitor.url, log, dir);
  run.print(`lookup: ${lines} lines of a day`);
  const answered = await askLines(monitor, log);
  run.print(`lookup: as many of ${DAYS} days`);
  const scattered = await askLines(monitor, { ...log, fromMs: LEDGER_START.getTime() + DAY_MS });
  const single = await measureSingle(run, monitor.url, log);
  run.print(`lookup: ${seconds} s of podips_who`);
  const who = await measureWho(pool, log, { seconds, signal: run.signal });
  const monitorBytes = await monitor.process.peakBytes();
  return [...toFigures({ file, answered, scattered, monitorBytes }, log), ...single, who];
}

/** Says up to when the ledger is complete, and names gaps. */
async function completeLedger(pool: DatabasePool): Promise<void> {
  const end = new Date(END_MS);
  await pool.query(
    `INSERT INTO reader_positions (cluster, resource_version, known_at, written_at) VALUES ($1, '1', $2, $2)
     ON CONFLICT DO NOTHING`,
    [CLUSTER, end],
  );
  await pool.query(
    `INSERT INTO gaps (cluster, started_at, ended_at, reason)
     SELECT $1, CASE n WHEN 0 THEN NULL ELSE at END, at + interval '1 minute', 'expired'
     FROM generate_series(0, $2::int - 1) AS n, LATERAL (SELECT $3::timestamptz + n * ($4::timestamptz - $3) / $2 AS at) AS times
     WHERE NOT EXISTS (SELECT FROM gaps)`,
    [CLUSTER, GAPS, LEDGER_START, end],
  );
}

interface AnsweredLines {
  readonly tookMs: number;
  readonly verdicts: Readonly<Record<string, number>>;
  readonly isWhole: boolean;
  readonly peakBytes: number;
}

async function askLines({ url }: MonitorProcess, log: LogOfLines): Promise<AnsweredLines> {
  const client = startChildProgram({
    name: 'lookup client',
    program: 'bench/dist/lookup-client.js',
    args: [url, JSON.stringify(log)],
    env: {},
  });
  if ((await client.exited) !== 0) throw new Error(`the lines were not answered:\n${client.output()}`);
  const answered: AnsweredLines = JSON.parse(client.output());
  if (!answered.isWhole) throw new Error(`not all lines were answered: ${client.output()}`);
  return answered;
}

interface Measured {
  readonly file: AnnotatedFile;
  readonly answered: AnsweredLines;
  readonly scattered: AnsweredLines;
  readonly monitorBytes: number;
}

function toFigures({ file, answered, scattered, monitorBytes }: Measured, { lines }: LogOfLines): Figure[] {
  const share = Object.entries(answered.verdicts).map(([verdict, count]) => `${count} ${verdict}`);
  return [
    {
      name: 'lookup: podips annotate',
      value: file.tookMs,
      unit: 'ms',
      expectation: { below: EXPECTED_BELOW_MS },
      meaning: `from its start to its end, with a CSV file of ${lines} lines of a day; it is the first that asks the monitor`,
    },
    {
      name: 'lookup: podips annotate, memory, peak',
      value: file.peakBytes / BYTES_PER_MB,
      unit: 'MB',
      expectation: { below: EXPECTED_BELOW_MB },
      meaning: 'its largest resident set (VmHWM)',
    },
    {
      name: 'lookup: lines of a day',
      value: answered.tookMs,
      unit: 'ms',
      expectation: { below: EXPECTED_BELOW_MS },
      meaning: `until ${lines} lines were answered, from the first one sent to the last one read: ${share.join(', ')}`,
    },
    {
      name: 'lookup: lines of all days',
      value: scattered.tookMs,
      unit: 'ms',
      meaning:
        'the same, of lines whose times are as far apart as the ledger reaches, so that no two have a lease in common',
    },
    {
      name: 'lookup: memory of the monitor, peak',
      value: monitorBytes / BYTES_PER_MB,
      unit: 'MB',
      expectation: { below: EXPECTED_BELOW_MB },
      meaning: 'its largest resident set (VmHWM) through all of this',
    },
    {
      name: 'lookup: memory of the client, peak',
      value: Math.max(answered.peakBytes, scattered.peakBytes) / BYTES_PER_MB,
      unit: 'MB',
      expectation: { below: EXPECTED_BELOW_MB },
      meaning: 'that of the program that sends the lines and reads the answers',
    },
  ];
}
