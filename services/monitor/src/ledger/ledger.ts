import { type DatabaseSettings, inTransaction, type Logger, openPool } from '@podips/shared';
import { LedgerError, toLedgerError } from './ledger-error.js';
import type { GapView, LeasesAnswer } from './ledger-view.js';
import { type LedgerWatch, startLedgerWatch } from './ledger-watch.js';
import {
  type Connection,
  findCoverage,
  findGapsAt,
  findHolders,
  findLastGaps,
  findNext,
  findOfPod,
  findPrevious,
  type GapRow,
} from './queries.js';
import type { AddressQuestion, PodQuestion, Question } from './question.js';
import { answerAddress, answerPod, describeGap, notesOn } from './sentences.js';

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
      read((client) => ('ip' in question ? askAddress(client, question, cluster) : askPod(client, question))),
    lastGaps: (limit) =>
      read(async (client) => (await findLastGaps(client, limit)).map((gap) => toGap(gap, cluster))),
    async stop() {
      await watch.stop();
      await Promise.all([questions.end(), watched.end()]);
    },
  };
}

async function askAddress(
  client: Connection,
  question: AddressQuestion,
  cluster: string,
): Promise<LeasesAnswer> {
  const holders = await findHolders(client, question);
  const facts = {
    leases: [...holders.rows],
    more: holders.more,
    previous: await findPrevious(client, question),
    next: await findNext(client, question),
    gaps: (await findGapsAt(client, question.at.ms)).map((gap) => toGap(gap, cluster)),
    coverage: await findCoverage(client),
  };
  const { coverage: _, ...shown } = facts;
  const at = new Date(question.at.ms).toISOString();
  return { answer: answerAddress(question, facts), at, ...shown, notes: notesOn(question, facts) };
}

async function askPod(client: Connection, question: PodQuestion): Promise<LeasesAnswer> {
  const { rows, more } = await findOfPod(client, question);
  const answer = answerPod(question, rows, more);
  return { answer, at: null, leases: [...rows], more, previous: null, next: null, gaps: [], notes: [] };
}

function toGap({ cluster, startedAt, endedAt, reason }: GapRow, own: string): GapView {
  const gap = {
    cluster,
    startedAt: startedAt?.toISOString() ?? null,
    endedAt: endedAt.toISOString(),
    reason,
  };
  return { ...gap, text: describeGap(gap, own) };
}
