import { type DatabaseSettings, inTransaction, type Logger, openPool } from '@podips/shared';
import { InvalidRequestError } from '../words/request-rules.js';
import { askAddress, askAddresses } from './ask-addresses.js';
import { askLeases } from './ask-leases.js';
import { toGap } from './asker.js';
import { LedgerError, toLedgerError } from './ledger-error.js';
import type { GapView, LeasesAnswer } from './ledger-view.js';
import { type LedgerWatch, startLedgerWatch } from './ledger-watch.js';
import { type Connection, findLastGaps } from './queries.js';
import type { Question } from './question.js';

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
  /** @throws {InvalidRequestError} for a cursor of another question */
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
      if (err instanceof InvalidRequestError) throw err;
      const error = toLedgerError(err);
      log.debug({ err: error }, 'question to the ledger failed');
      throw error;
    }
  }

  return {
    view: watch.view,
    onNews: watch.onNews,
    ask: (question) =>
      read((client) => {
        const asker = { cluster, nowMs: now() };
        if ('ip' in question) return askAddress(client, question, asker);
        if ('addresses' in question) return askAddresses(client, question, asker);
        return askLeases(client, question, asker);
      }),
    lastGaps: (limit) =>
      read(async (client) => (await findLastGaps(client, limit)).map((gap) => toGap(gap, cluster))),
    async stop() {
      await watch.stop();
      await Promise.all([questions.end(), watched.end()]);
    },
  };
}
