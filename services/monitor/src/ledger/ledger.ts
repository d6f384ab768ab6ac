import { type DatabaseSettings, inTransaction, type Logger, openPool } from '@podips/shared';
import { knownUntil, newestKnown } from './coverage.js';
import { describeGap } from './gap-text.js';
import { LedgerError, toLedgerError } from './ledger-error.js';
import type { GapView, LeasesAnswer, LeaseView } from './ledger-view.js';
import { type LedgerWatch, startLedgerWatch } from './ledger-watch.js';
import {
  type Connection,
  findCoverage,
  findGapsAt,
  findLastGaps,
  findNear,
  findOfPod,
  type GapRow,
} from './queries.js';
import type { AddressQuestion, PodQuestion, Question } from './question.js';
import { reasonsOf } from './reasons.js';
import { answerAddress, answerPod, nodeOf, notesOn } from './sentences.js';
import { decide } from './verdict.js';

export interface LedgerOptions {
  readonly database: DatabaseSettings;
  /** The cluster of the dashboard; questions are answered for all clusters that share the database. */
  readonly cluster: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Rest between two looks at the database. */
  readonly intervalMs?: number;
  readonly statementTimeoutMs?: number;
}

/** The reader's ledger. Every method rejects with a {@link LedgerError} when it cannot be read. */
export interface Ledger extends Omit<LedgerWatch, 'stop'> {
  ask(question: Question): Promise<LeasesAnswer>;
  /** The gaps that ended last, the newest first. */
  lastGaps(limit: number): Promise<GapView[]>;
  stop(): Promise<void>;
}

const STATEMENT_TIMEOUT_MS = 3_000;
/** Most questions that wait for a connection; further ones are refused. */
const MAX_WAITING = 50;

/**
 * Opens the ledger without waiting for the database, which may be unavailable. Two read-only connections: one for
 * questions, one for the state, so that many questions do not look like an unavailable database.
 */
export function openLedger(options: LedgerOptions): Ledger {
  const { database, cluster, now, log, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const limits = {
    maxConnections: 1,
    connectTimeoutMs: statementTimeoutMs,
    statementTimeoutMs,
  };
  const questions = openPool(database, log, limits);
  const watched = openPool(database, log, limits);
  const watch = startLedgerWatch({ pool: watched, cluster, now, log, intervalMs: options.intervalMs });

  async function read<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (questions.waitingCount >= MAX_WAITING)
      throw new LedgerError('LEDGER_BUSY', 'too many questions at a time; try again', { retryable: true });
    try {
      return await inTransaction(questions, work, { readOnly: true });
    } catch (err) {
      const error = toLedgerError(err);
      log.debug({ err: error }, 'question to the ledger failed');
      throw error;
    }
  }

  return {
    view: watch.view,
    onNews: watch.onNews,
    ask: (question) =>
      read((client) =>
        'ip' in question ? askAddress(client, question, { cluster, nowMs: now() }) : askPod(client, question),
      ),
    lastGaps: (limit) =>
      read(async (client) => (await findLastGaps(client, limit)).map((gap) => toGap(gap, cluster))),
    async stop() {
      await watch.stop();
      await Promise.all([questions.end(), watched.end()]);
    },
  };
}

interface Asker {
  readonly cluster: string;
  readonly nowMs: number;
}

async function askAddress(
  client: Connection,
  { ip, at }: AddressQuestion,
  { cluster, nowMs }: Asker,
): Promise<LeasesAnswer> {
  const coverage = await findCoverage(client);
  // Now is the newest time of which everything is known.
  const atMs = at?.ms ?? newestKnown(coverage, cluster) ?? nowMs;
  const { possible, previous, next } = await findNear(client, ip, atMs);
  const gaps = (await findGapsAt(client, atMs)).map((gap) => toGap(gap, cluster));
  const near = uniqueLeases([...possible.rows, previous, next]);
  const verdict = decide(near, atMs, knownUntil(coverage), gaps);
  const facts = { verdict, more: possible.more, previous, next, gaps, coverage, atMs, nowMs };
  const reasons = reasonsOf(facts);
  return {
    answer: answerAddress(ip, facts),
    certain: reasons.length === 0,
    reasons,
    at: new Date(atMs).toISOString(),
    leases: [...verdict.holders],
    candidates: [...verdict.candidates],
    node: nodeOf(verdict.holders),
    more: possible.more,
    previous,
    next,
    gaps,
    notes: notesOn(facts, at?.precisionMs ?? 1),
  };
}

/** The neighbours of a time may be among those whose bounds include it. */
function uniqueLeases(leases: readonly (LeaseView | null)[]): LeaseView[] {
  const found = leases.filter((lease) => lease !== null);
  return [
    ...new Map(
      found.map((lease) => [`${lease.cluster} ${lease.podUid} ${lease.network} ${lease.startedAt}`, lease]),
    ).values(),
  ];
}

async function askPod(client: Connection, question: PodQuestion): Promise<LeasesAnswer> {
  const { rows, more } = await findOfPod(client, question);
  const answer = answerPod(question, rows, more, await findCoverage(client));
  const none = { reasons: [], at: null, candidates: [], node: null, previous: null, next: null, gaps: [] };
  return { answer, certain: true, ...none, leases: [...rows], more, notes: [] };
}

export function toGap({ cluster, startedAt, endedAt, reason }: GapRow, own: string): GapView {
  const gap = {
    cluster,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt.toISOString(),
    reason,
  };
  return { ...gap, text: describeGap(gap, own) };
}
