import { setImmediate } from 'node:timers/promises';
import { type DatabasePool, inTransaction, type Logger, pause, toError } from '@podips/shared';
import { toLedgerError } from '../ledger/ledger-error.js';
import { type Connection, requireLedger } from '../ledger/queries.js';
import { createWorkloadBook, type WorkloadBook } from './book.js';
import { type Fact, type ReadSpan, readFacts } from './fact-queries.js';
import { findGaps, findPositions, type Gap } from './feed-queries.js';
import { createInterner } from './interner.js';
import { createIpChanges, type IpChanges, SHOWN_MS } from './ip-changes.js';
import { nextOverlapMs, OVERLAP_MS } from './overlap.js';
import { createTeller, type Teller } from './teller.js';

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
const ROWS_AT_A_TIME = 500;
const FACTS_AT_A_TIME = 250;
/** A transaction reads what happened in so much time, by how much that is, and no more facts than these. */
const MIN_STEP_MS = 300_000;
const MAX_STEP_MS = 86_400_000;
const FACTS_OF_STEP = 20_000;
/** Facts that were recorded late are looked for that often. */
const WIDE_INTERVAL_MS = 300_000;

/** Counts in the background, beginning with the last two weeks; `book` is what is counted so far. */
export function startWorkloadFeed({
  pool,
  now,
  log,
  intervalMs = INTERVAL_MS,
}: WorkloadFeedOptions): WorkloadFeed {
  const stopping = new AbortController();
  const listeners: (() => void)[] = [];
  const book = createWorkloadBook(now() - SHOWN_MS);
  const ipChanges = createIpChanges();
  const tellers = new Map<string, Teller>();
  /** By cluster. */
  const overlaps = new Map<string, number>();
  const intern = createInterner();
  let wideAtMs: number | undefined;
  let view: FeedView = { countedUntilMs: undefined, error: undefined, gaps: [] };
  const read = <T>(work: (client: Connection) => Promise<T>) => inTransaction(pool, work, { readOnly: true });

  /**
   * Reads before any of it is told: when that fails, it can be read again. Where much happened, only the first part.
   * @returns up to when, and how many facts
   */
  const countSpan = async (teller: Teller, cluster: string, span: ReadSpan) => {
    const facts: Fact[] = [];
    let { toMs } = span;
    await read(async (client) => {
      for await (const part of readFacts(client, cluster, span, { intern, atATime: ROWS_AT_A_TIME })) {
        facts.push(...part);
        const lastMs = part.at(-1)?.atMs ?? toMs;
        if (facts.length < FACTS_OF_STEP || lastMs <= span.fromMs) continue;
        toMs = lastMs;
        break;
      }
    });
    for (let next = 0; next < facts.length && !stopping.signal.aborted; next += FACTS_AT_A_TIME) {
      teller.tell(facts.slice(next, next + FACTS_AT_A_TIME));
      await setImmediate();
    }
    return { toMs, count: facts.length };
  };
  const countCluster = async (cluster: string, knownAtMs: number, isWide: boolean) => {
    const nowMs = now();
    const teller = tellers.get(cluster) ?? createTeller(book, ipChanges, nowMs - HISTORY_MS, nowMs);
    tellers.set(cluster, teller);
    const { countedUntilMs, knownSinceMs } = teller;
    const overlapMs = overlaps.get(cluster) ?? OVERLAP_MS;
    let fromMs = isWide ? knownSinceMs : Math.max(knownSinceMs, countedUntilMs - overlapMs);
    let stepMs = MIN_STEP_MS;
    let facts = 0;
    while (fromMs < Number.POSITIVE_INFINITY && !stopping.signal.aborted) {
      const toMs = fromMs + stepMs < knownAtMs ? fromMs + stepMs : Number.POSITIVE_INFINITY;
      const counted = await countSpan(teller, cluster, { fromMs, toMs });
      fromMs = counted.toMs;
      facts += counted.count;
      if (stopping.signal.aborted) return;
      teller.counted(Math.min(fromMs, knownAtMs));
      book.counted(cluster, teller.countedUntilMs);
      stepMs = fromMs < toMs ? Math.max(MIN_STEP_MS, stepMs / 2) : Math.min(MAX_STEP_MS, stepMs * 2);
    }
    if (!isWide) overlaps.set(cluster, nextOverlapMs(overlapMs, facts));
  };

  const lookOnce = async () => {
    const isWide = wideAtMs !== undefined && now() - wideAtMs >= WIDE_INTERVAL_MS;
    try {
      const positions = await read(async (client) => {
        await requireLedger(client, 'failed_pods');
        return findPositions(client);
      });
      for (const [cluster, knownAt] of positions) await countCluster(cluster, knownAt.getTime(), isWide);
      if (stopping.signal.aborted) return;
      wideAtMs = isWide ? now() : (wideAtMs ?? now());
      if (view.error !== undefined) log.info('workloads counted again');
      const gaps = await read((client) => findGaps(client, new Date(now() - GAPS_MS)));
      const times = new Map([...positions].map(([cluster, knownAt]) => [cluster, knownAt.getTime()]));
      view = { countedUntilMs: times.size === 0 ? undefined : times, error: undefined, gaps };
    } catch (err) {
      const error = toLedgerError(err);
      if (view.error !== error.message) log.warn({ err: error }, 'workloads cannot be counted');
      view = { ...view, error: error.message };
    }
    for (const listener of listeners) notify(listener);
  };
  /** What a listener does with a look does not end the looks. */
  const notify = (listener: () => void) => {
    try {
      listener();
    } catch (err) {
      log.error({ err: toError(err) }, 'what was counted of workloads cannot be used');
    }
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
