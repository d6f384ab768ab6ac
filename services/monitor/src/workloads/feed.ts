import { type DatabasePool, inTransaction, type Logger, pause } from '@podips/shared';
import { toLedgerError } from '../ledger/ledger-error.js';
import { type Connection, requireLedger } from '../ledger/queries.js';
import { createWorkloadBook, type WorkloadBook } from './book.js';
import {
  findEnded,
  findGaps,
  findPositions,
  findRestarts,
  findRunning,
  type Gap,
  type Mark,
} from './feed-queries.js';
import { createIpChanges, type IpChanges } from './ip-changes.js';
import { createTeller, OVERLAP_MS, type Teller } from './teller.js';

export interface WorkloadFeedOptions {
  readonly pool: DatabasePool;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Rest between two looks at the ledger, in milliseconds. */
  readonly intervalMs?: number | undefined;
}

/** Reads from the ledger what happens to workloads. */
export interface WorkloadFeed {
  readonly book: WorkloadBook;
  readonly ipChanges: IpChanges;
  view(): FeedView;
  /** Calls the listener after each look. */
  onNews(listener: () => void): void;
  /** Waits for the look that is under way, which has a deadline. */
  stop(): Promise<void>;
}

/** How much of the ledger is counted. */
export interface FeedView {
  /** Up to when everything is counted, in milliseconds, by cluster; undefined until all of the last two weeks is. */
  readonly countedUntilMs: ReadonlyMap<string, number> | undefined;
  /** Why the ledger cannot be read, for people; undefined when it can. */
  readonly error: string | undefined;
  /** Times of the last week of which something may be missing. */
  readonly gaps: readonly Gap[];
}

const INTERVAL_MS = 10_000;
const HISTORY_MS = 14 * 86_400_000;
const GAPS_MS = 7 * 86_400_000;
/** Few at a time: between them the monitor answers heartbeats. */
const ROWS_AT_A_TIME = 1_000;

/** Counts in the background, beginning with the last two weeks; `book` is what is counted so far. */
export function startWorkloadFeed({
  pool,
  now,
  log,
  intervalMs = INTERVAL_MS,
}: WorkloadFeedOptions): WorkloadFeed {
  const stopping = new AbortController();
  const listeners: (() => void)[] = [];
  const book = createWorkloadBook();
  const ipChanges = createIpChanges();
  const tellers = new Map<string, Teller>();
  let view: FeedView = { countedUntilMs: undefined, error: undefined, gaps: [] };
  const read = <T>(work: (client: Connection) => Promise<T>) => inTransaction(pool, work, { readOnly: true });

  const countCluster = async (cluster: string, knownAt: Date) => {
    const teller = tellers.get(cluster) ?? createTeller(book, ipChanges, now() - HISTORY_MS);
    tellers.set(cluster, teller);
    const after = new Date(teller.countedUntilMs - OVERLAP_MS);
    await read(async (client) => {
      for await (const held of findRunning(client, cluster, after, ROWS_AT_A_TIME)) teller.running(held);
    });
    teller.restarted(await read((client) => findRestarts(client, cluster, after)));
    let mark: Mark | undefined = { endedAt: after, podUid: '', ip: '0.0.0.0' };
    while (mark !== undefined && !stopping.signal.aborted) {
      const from: Mark = mark;
      const page = await read((client) => findEnded(client, cluster, from, ROWS_AT_A_TIME));
      teller.ended(page.held);
      mark = page.mark;
      // A look that fails half-way resumes here.
      if (mark !== undefined) teller.counted(Math.min(mark.endedAt.getTime(), knownAt.getTime()));
    }
    // A pod that starts or ends meanwhile has a time after this, and comes with the next look.
    if (!stopping.signal.aborted) teller.counted(knownAt.getTime());
  };

  const lookOnce = async () => {
    try {
      const positions = await read(async (client) => {
        await requireLedger(client, 'restarts');
        return findPositions(client);
      });
      for (const [cluster, knownAt] of positions) await countCluster(cluster, knownAt);
      if (stopping.signal.aborted) return;
      if (positions.size > 0) book.counted(Math.min(...[...positions.values()].map((at) => at.getTime())));
      if (view.error !== undefined) log.info('workloads counted again');
      const gaps = await read((client) => findGaps(client, new Date(now() - GAPS_MS)));
      const times = new Map([...positions].map(([cluster, knownAt]) => [cluster, knownAt.getTime()]));
      view = { countedUntilMs: times.size === 0 ? undefined : times, error: undefined, gaps };
    } catch (err) {
      const error = toLedgerError(err);
      if (view.error !== error.message) log.warn({ err: error }, 'workloads cannot be counted');
      view = { ...view, error: error.message };
    }
    for (const listener of listeners) listener();
  };
  const running = (async () => {
    do await lookOnce();
    while (await pause(intervalMs, stopping.signal));
  })();

  return {
    book,
    ipChanges,
    view: () => view,
    onNews: (listener) => void listeners.push(listener),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
