import { setImmediate } from 'node:timers/promises';
import {
  type DatabasePool,
  type DatabaseSettings,
  inTransaction,
  type Logger,
  openPool,
} from '@podips/shared';
import { toLedgerError } from '../ledger/ledger-error.js';
import { findCoverage, findGapsWithin } from '../ledger/queries.js';
import { InvalidRequestError } from '../words/request-rules.js';
import { byAddress, readLeases } from './export-leases.js';
import { coverageOf, type ExportQuestion } from './export-question.js';
import { LEASE_HEADER, leaseRow, TIMELINE_HEADER, timelineRow } from './export-rows.js';
import { createTimelines, type TimelineScope } from './timeline.js';

export interface ExportOptions {
  readonly database: DatabaseSettings;
  /** The cluster of the dashboard. */
  readonly cluster: string;
  readonly log: Logger;
  readonly statementTimeoutMs?: number;
}

/** A table that is being made. */
export interface Export {
  /** Everything up to then is in it, in milliseconds since the epoch. */
  readonly knownUntilMs: number;
  /** CSV, as fast as it is read. It throws when it cannot be read to its end. */
  readonly text: AsyncGenerator<string>;
  /** Releases its place: to be called when the text has ended, or is given up. */
  readonly leave: () => void;
}

/** Exports leases as tables. */
export interface Exporter {
  /**
   * @returns undefined when too many exports are being made
   * @throws {InvalidRequestError} for a cluster that the ledger does not have
   * @throws {LedgerError} when the ledger cannot be read
   */
  begin(question: ExportQuestion): Promise<Export | undefined>;
  stop(): Promise<void>;
}

/** Exports at a time, each with a connection. */
const MAX_EXPORTS = 2;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Most leases of one address in a timeline, which are in memory together. */
const MAX_OF_ADDRESS = 100_000;
/** Most gaps of a timeline. */
const MAX_GAPS = 10_000;
/** Rows in one piece of text. */
const ROWS_AT_ONCE = 500;

/** Opens read-only connections of its own when it is first asked. */
export function openExporter(options: ExportOptions): Exporter {
  const { database, cluster, log, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const limits = { maxConnections: MAX_EXPORTS, connectTimeoutMs: 3_000, statementTimeoutMs };
  const pool = openPool(database, log, limits);
  let running = 0;

  return {
    async begin(question) {
      if (running >= MAX_EXPORTS) return undefined;
      running += 1;
      const leave = once(() => {
        running -= 1;
      });
      try {
        const scope = await readScope(pool, question, cluster);
        const { knownUntilMs } = scope.coverage;
        return { knownUntilMs, text: exportText(pool, question, scope), leave };
      } catch (err) {
        leave();
        throw err instanceof InvalidRequestError ? err : toLedgerError(err);
      }
    },
    stop: () => pool.end(),
  };
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

/** What lies after the watermark is not exported: it is not known yet. */
async function readScope(
  pool: DatabasePool,
  { fromMs, toMs = Number.POSITIVE_INFINITY, cluster }: ExportQuestion,
  own: string,
): Promise<TimelineScope> {
  return inTransaction(
    pool,
    async (client) => {
      const coverage = coverageOf(await findCoverage(client), cluster, own);
      const untilMs = Math.min(toMs, coverage.knownUntilMs + 1);
      const { rows, more } = await findGapsWithin(client, fromMs, untilMs, MAX_GAPS);
      if (more) throw new InvalidRequestError('from', `there are more than ${MAX_GAPS} gaps in that time`);
      const gaps = rows.filter((gap) => gap.cluster === coverage.cluster);
      return { fromMs, toMs: untilMs, coverage, gaps };
    },
    { readOnly: true },
  );
}

function exportText(
  pool: DatabasePool,
  { network, isTimeline }: ExportQuestion,
  scope: TimelineScope,
): AsyncGenerator<string> {
  const { fromMs, toMs, coverage } = scope;
  const leases = readLeases(pool, { cluster: coverage.cluster, network, fromMs, toMs });
  return isTimeline ? timelineText(leases, scope) : leasesText(leases);
}

async function* leasesText(parts: ReturnType<typeof readLeases>): AsyncGenerator<string> {
  yield LEASE_HEADER;
  for await (const { leases } of parts) yield leases.map(leaseRow).join('');
}

async function* timelineText(
  parts: ReturnType<typeof readLeases>,
  scope: TimelineScope,
): AsyncGenerator<string> {
  const timelineOf = createTimelines(scope);
  const { cluster } = scope.coverage;
  yield TIMELINE_HEADER;
  let rows: string[] = [];
  for await (const { leases, completeFromMs } of byAddress(parts, MAX_OF_ADDRESS)) {
    const ip = leases[0]?.ip ?? '';
    for (const stretch of timelineOf(leases, completeFromMs)) rows.push(timelineRow(ip, cluster, stretch));
    if (rows.length < ROWS_AT_ONCE) continue;
    yield rows.join('');
    rows = [];
    // Heartbeats and pages are answered meanwhile.
    await setImmediate();
  }
  yield rows.join('');
}
