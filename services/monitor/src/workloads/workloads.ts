import { type DatabaseSettings, type Logger, openPool } from '@podips/shared';
import type { Choices } from './book.js';
import type { WorkloadFacts } from './decide-workload-alerts.js';
import { keyOf, type WorkloadName } from './facts.js';
import { startWorkloadFeed, type WorkloadFeed } from './feed.js';
import { findUnstable, type UnstableWorkload } from './find-unstable.js';
import { type Measure, type WorkloadPage, worstFirst } from './measure.js';
import { onceFor, rankedOnce } from './once.js';
import { QUARTER_MS } from './tally.js';
import { DEFAULT_LIMITS, type Limits } from './unstable.js';
import { knownOfAll } from './unwatched.js';
import { DEFAULT_WINDOW, HOUR_MS, WINDOWS, type WindowName } from './windows.js';
import { describeCounts, describeLast, doubtOf, isBehind, windowWords } from './words.js';
import {
  type ChangesAnswer,
  TRACE_QUARTERS,
  toGapView,
  toNodeEventView,
  toPodLifeView,
  toRestartView,
  toWorkloadView,
  type WorkloadAnswer,
  type WorkloadsAnswer,
  type WorkloadsSummary,
} from './workload-view.js';

export interface WorkloadsOptions {
  readonly database: DatabaseSettings;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly limits?: Limits;
  /** Rest between two looks at the ledger, in milliseconds. */
  readonly intervalMs?: number;
}

/** Which workloads are asked for; all without a filter. */
export interface WorkloadFilter {
  readonly cluster?: string | undefined;
  readonly namespace?: string | undefined;
  readonly kind?: string | undefined;
}

/** What happens to workloads, counted from the ledger in the background. */
export interface Workloads extends Pick<WorkloadFeed, 'onNews' | 'stop'> {
  /** The workloads to which something happened, the worst first. */
  rank(window: WindowName, filter: WorkloadFilter, limit: number): WorkloadsAnswer;
  /** What the dashboard shows. */
  summary(): WorkloadsSummary;
  /** The IP changes of the last 24 hours. */
  changes(): ChangesAnswer;
  /** What filters may be set to. */
  choices(): Choices;
  /** All unstable workloads, each by the hour before the time that is known of its cluster, the worst first. */
  unstable(): readonly UnstableWorkload[];
  /** What alerts about a cluster's workloads are decided by; undefined until all of its ledger is counted. */
  facts(cluster: string): WorkloadFacts | undefined;
  /** Why a workload of which nothing is known may exist all the same; null: nothing happened to it in two weeks. */
  doubt(name: WorkloadName): string | null;
  /** One workload; undefined when nothing is known of it. */
  look(name: WorkloadName, window: WindowName): WorkloadAnswer | undefined;
}

const FILTERED = ['cluster', 'namespace', 'kind'] as const;
/** The dashboard has room for so many. */
const MAX_SUMMARY = 5;
const MAX_GAPS = 20;
const STATEMENT_TIMEOUT_MS = 5_000;

/** Opens the ledger for counting, with a connection of its own and without waiting for the database. */
export function startWorkloads(options: WorkloadsOptions): Workloads {
  const { database, now, log, limits = DEFAULT_LIMITS, intervalMs } = options;
  const pool = openPool(database, log, { maxConnections: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const feed = startWorkloadFeed({ pool, now, log, intervalMs });
  const { book } = feed;

  const gapsSince = (fromMs: number, cluster?: string) =>
    feed
      .view()
      .gaps.filter((gap) => gap.toMs > fromMs && (cluster ?? gap.cluster) === gap.cluster)
      .map(toGapView);
  const counted = (window: WindowName, cluster?: string) => {
    const { countedUntilMs, error } = feed.view();
    const nowMs = now();
    const sinceMs = book.sinceMs(cluster);
    const ofAll = knownOfAll(countedUntilMs ?? new Map(), nowMs);
    const untilMs = countedUntilMs?.get(cluster ?? '') ?? ofAll.untilMs;
    const unwatched = cluster === undefined ? ofAll.unwatched : null;
    const basis = {
      at: iso(nowMs),
      countedUntil: untilMs === undefined ? null : iso(untilMs),
      error: error ?? null,
    };
    return {
      ...basis,
      window,
      unwatched,
      doubt: doubtOf(basis) ?? unwatched,
      knownSince: Number.isFinite(sinceMs) ? iso(sinceMs) : null,
      gaps: gapsSince(Math.min(nowMs, untilMs ?? nowMs) - WINDOWS[window].ms, cluster).slice(0, MAX_GAPS),
    };
  };
  const knownUntilMs = ({ cluster }: WorkloadName) => feed.view().countedUntilMs?.get(cluster) ?? now();
  /** Windows of a cluster whose ledger is behind end where that ends. */
  const endMs = (cluster: string, nowMs: number) => {
    const knownMs = feed.view().countedUntilMs?.get(cluster) ?? nowMs;
    return isBehind(knownMs, nowMs) ? knownMs : nowMs;
  };
  const gapsOf = (cluster: string) => feed.view().gaps.filter((gap) => gap.cluster === cluster);
  const unstableNow = onceFor(feed.view, ({ countedUntilMs = new Map<string, number>() }) =>
    [...countedUntilMs]
      .flatMap(([cluster, atMs]) => findUnstable(book, { cluster, atMs, gaps: gapsOf(cluster) }, limits))
      .sort((a, b) => b.measured.trouble - a.measured.trouble),
  );
  const ranking = rankedOnce(feed.view, now, (window, nowMs) => {
    const ends = [...(feed.view().countedUntilMs?.keys() ?? [])].map((cluster) => endMs(cluster, nowMs));
    const all = [...new Set([nowMs, ...ends])].map((atMs) =>
      book
        .measure(WINDOWS[window].ms, atMs)
        .ranked()
        .filter(({ workload }) => endMs(workload.cluster, nowMs) === atMs),
    );
    return all.length === 1 ? all.flat() : all.flat().sort(worstFirst);
  });
  /** Whatever the window, the last hour that is known decides whether a workload is unstable. */
  const views = (window: WindowName, nowMs: number) => {
    const unstable = new Map(unstableNow().map(({ workload, why }) => [keyOf(workload), why]));
    const isCounted = feed.view().countedUntilMs !== undefined;
    return (measured: Measure, page: WorkloadPage) => {
      const untilMs = endMs(measured.workload.cluster, nowMs);
      const why = unstable.get(keyOf(measured.workload));
      return toWorkloadView({ page, measured, unstable: why, untilMs, isCounted }, window, nowMs);
    };
  };
  const changesAt = (nowMs: number) => {
    const fromMs = (Math.floor(nowMs / QUARTER_MS) - TRACE_QUARTERS + 1) * QUARTER_MS;
    return {
      from: iso(fromMs),
      quarterMs: QUARTER_MS,
      ...feed.ipChanges.quarters(nowMs),
      gaps: gapsSince(fromMs),
    };
  };

  return {
    onNews: feed.onNews,
    rank(window, filter, limit) {
      const nowMs = now();
      const toView = views(window, nowMs);
      const found = ranking(window).filter(({ workload }) =>
        FILTERED.every((field) => (filter[field] ?? workload[field]) === workload[field]),
      );
      const workloads = found.slice(0, limit).flatMap((measured) => {
        const page = book.look(measured.workload);
        return page === undefined ? [] : [toView(measured, page)];
      });
      const nodeEvents = book
        .nodeEvents(Number.NEGATIVE_INFINITY)
        .filter(({ cluster }) => (filter.cluster ?? cluster) === cluster)
        .filter(({ cluster, toMs }) => toMs > endMs(cluster, nowMs) - WINDOWS[window].ms)
        .map(toNodeEventView);
      const [total, leavesOut] = [found.length, Number.isFinite(book.forgottenUntilMs)];
      return { ...counted(window, filter.cluster), workloads, total, leavesOut, nodeEvents };
    },
    summary() {
      const nowMs = now();
      const { watched } = knownOfAll(feed.view().countedUntilMs ?? new Map(), nowMs);
      const found = unstableNow().filter(({ workload }) => watched.has(workload.cluster));
      const { countedUntil, error, unwatched } = counted('1h');
      return {
        countedUntil,
        error,
        unwatched,
        unstable: found.slice(0, MAX_SUMMARY).map(({ workload, measured }) => {
          const { counts, usual, last } = measured;
          const said = describeCounts(counts, usual, windowWords('1h', knownUntilMs(workload), nowMs));
          const ended = last === undefined ? '' : `; last one ${describeLast(last, nowMs)}`;
          return { ...workload, text: `${said}${ended}` };
        }),
        total: found.length,
        changes: changesAt(nowMs),
      };
    },
    changes() {
      const { at, countedUntil, error, unwatched } = counted('24h');
      return { at, countedUntil, error, unwatched, ...changesAt(now()) };
    },
    choices: book.choices,
    unstable: unstableNow,
    facts(cluster) {
      const { countedUntilMs, error } = feed.view();
      const knownUntilMs = countedUntilMs?.get(cluster);
      if (knownUntilMs === undefined) return undefined;
      return {
        cluster,
        knownUntilMs,
        isReadable: error === undefined,
        forgottenUntilMs: book.forgottenUntilMs,
        gaps: gapsOf(cluster),
        unstable: unstableNow().filter(({ workload }) => workload.cluster === cluster),
        measure: book.measure(HOUR_MS, knownUntilMs).of,
      };
    },
    doubt({ cluster }) {
      const { doubt } = counted(DEFAULT_WINDOW, cluster);
      return (
        doubt ??
        (Number.isFinite(book.forgottenUntilMs)
          ? 'there are too many workloads, and not all of them are counted'
          : null)
      );
    },
    look(name, window) {
      const nowMs = now();
      const page = book.look(name);
      const measured = book.measure(WINDOWS[window].ms, endMs(name.cluster, nowMs)).of(name);
      if (page === undefined || measured === undefined) return undefined;
      return {
        ...counted(window, name.cluster),
        workload: views(window, nowMs)(measured, page),
        pods: page.lives.all().map(toPodLifeView),
        restarts: page.restarts.map(toRestartView),
      };
    },
    async stop() {
      await feed.stop();
      await pool.end();
    },
  };
}

const iso = (ms: number) => new Date(ms).toISOString();
