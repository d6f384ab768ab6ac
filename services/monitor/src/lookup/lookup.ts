import {
  type DatabasePool,
  type DatabaseSettings,
  inTransaction,
  type Logger,
  openPool,
  readAtOnce,
} from '@podips/shared';
import { toLedgerError } from '../ledger/ledger-error.js';
import { type Answered, answerBatch, answerFromMemory, type LedgerReads } from './answer-batch.js';
import { createCollector } from './collector.js';
import type { Asked } from './lookup-question.js';
import { createMemory } from './memory.js';
import { createPlaces, type Places } from './places.js';

export interface LookupOptions {
  readonly database: DatabaseSettings;
  /** The cluster of the dashboard. */
  readonly cluster: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly statementTimeoutMs?: number;
}

/** Answers whose an address was, for programs that ask often, or much at once. */
export interface Lookup {
  /**
   * Answers questions together, in their order.
   * @param questions at most {@link MAX_BATCH}
   * @throws {LedgerError} when the ledger cannot be read
   */
  answerAll(questions: readonly Asked[]): Promise<Answered[]>;
  /** Answers a question together with those that came meanwhile. @throws {LedgerError} also when too many wait */
  answerOne(question: Asked): Promise<Answered>;
  /** Those of long requests. */
  readonly places: Places;
  stop(): Promise<void>;
}

/** Most questions that are answered together. */
export const MAX_BATCH = 1_000;
/** Batches of long requests that are answered at a time. */
export const BATCHES_AT_ONCE = 2;
/** Most long requests at a time. */
export const MAX_PLACES = 4;
const STATEMENT_TIMEOUT_MS = 10_000;

/** Opens read-only connections of its own when it is first asked: two for long requests, one for single questions. */
export function openLookup(options: LookupOptions): Lookup {
  const { database, cluster, now, log, statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  const open = (maxConnections: number) =>
    openPool(database, log, { maxConnections, connectTimeoutMs: statementTimeoutMs, statementTimeoutMs });
  const many = open(BATCHES_AT_ONCE);
  const single = open(1);
  const memory = createMemory(() => performance.now());

  async function answer(pool: DatabasePool, questions: readonly Asked[]): Promise<Answered[]> {
    try {
      const reads: LedgerReads = {
        inTransaction: (work) => inTransaction(pool, work, { readOnly: true }),
        atOnce: (statements) => readAtOnce(pool, statements),
      };
      return await answerBatch(reads, questions, { cluster, nowMs: now(), memory });
    } catch (err) {
      const error = toLedgerError(err);
      log.debug({ err: error }, 'lookup in the ledger failed');
      throw error;
    }
  }

  const fromMemory = (question: Asked) => answerFromMemory(question, { cluster, nowMs: now(), memory });
  let isRefreshing = false;
  const collector = createCollector((questions: readonly Asked[]) => answer(single, questions), MAX_BATCH);
  return {
    answerAll: (questions) => answer(many, questions),
    async answerOne(question) {
      // One waits until what all of them need is read again, so that the others need not.
      if (memory.recent.isDue() && !isRefreshing) {
        isRefreshing = true;
        try {
          return await collector(question);
        } catch (err) {
          const known = fromMemory(question);
          if (known === undefined) throw err;
          return known;
        } finally {
          isRefreshing = false;
        }
      }
      return fromMemory(question) ?? collector(question);
    },
    places: createPlaces(MAX_PLACES),
    async stop() {
      await Promise.all([many.end(), single.end()]);
    },
  };
}
