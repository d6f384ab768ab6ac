import { type DatabasePool, inTransaction, type Logger, pause } from '@podips/shared';
import { toLedgerError } from './ledger-error.js';
import type { LedgerView } from './ledger-view.js';
import { findState, MAX_COUNTED, requireLedger } from './queries.js';

export interface LedgerWatchOptions {
  readonly pool: DatabasePool;
  readonly cluster: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly intervalMs: number | undefined;
}

/** Looks at the state of the ledger regularly. */
export interface LedgerWatch {
  /** Its state at the last look. */
  view(): LedgerView;
  /** Calls the listener after each look. */
  onNews(listener: () => void): void;
  /** Waits for the look that is under way, which has a deadline. */
  stop(): Promise<void>;
}

const INTERVAL_MS = 10_000;
const DAY_MS = 86_400_000;

/** A reader makes or changes the tables at its start. */
const MISSING: readonly string[] = ['LEDGER_MISSING', 'LEDGER_OLD'];

const NOTHING_YET: LedgerView = {
  answeredAt: null,
  waiting: null,
  waitingMore: false,
  knownUntil: null,
  gaps: null,
  error: null,
  isMissing: false,
  failingSince: null,
  lacks: null,
};

/** Looks in the background; `view` is the result of the last look. */
export function startLedgerWatch(options: LedgerWatchOptions): LedgerWatch {
  const { pool, cluster, now, log, intervalMs = INTERVAL_MS } = options;
  const stopping = new AbortController();
  const listeners: (() => void)[] = [];
  let view = NOTHING_YET;

  const lookOnce = async () => {
    try {
      const { waiting, knownUntil, gaps, lacks } = await inTransaction(
        pool,
        async (client) => {
          await requireLedger(client);
          return findState(client, cluster, now() - DAY_MS);
        },
        { readOnly: true },
      );
      if (view.error !== null) log.info('ledger readable again');
      view = {
        answeredAt: new Date(now()).toISOString(),
        waiting: Math.min(waiting, MAX_COUNTED),
        waitingMore: waiting > MAX_COUNTED,
        knownUntil: knownUntil?.toISOString() ?? null,
        gaps,
        error: null,
        isMissing: false,
        failingSince: null,
        lacks,
      };
    } catch (err) {
      const error = toLedgerError(err);
      if (view.error !== error.message) log.warn({ err: error }, 'ledger cannot be read');
      view = {
        ...view,
        error: error.message,
        isMissing: MISSING.includes(error.code),
        failingSince: view.failingSince ?? new Date(now()).toISOString(),
      };
    }
    for (const listener of listeners) listener();
  };
  const running = (async () => {
    do await lookOnce();
    while (await pause(intervalMs, stopping.signal));
  })();

  return {
    view: () => view,
    onNews: (listener) => void listeners.push(listener),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
