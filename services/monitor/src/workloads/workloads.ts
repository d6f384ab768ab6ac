import { type DatabaseSettings, type Logger, openPool } from '@podips/shared';
import type { WorkloadName } from './facts.js';
import { startWorkloadFeed, type WorkloadFeed } from './feed.js';
import type { Measure, WorkloadPage } from './measure.js';
import { QUARTER_MS } from './tally.js';
import { DEFAULT_LIMITS, instabilityOf, type Limits } from './unstable.js';
import { WINDOWS, type WindowName } from './windows.js';
import { describeLast, describeMeasure } from './words.js';
import {
  TRACE_QUARTERS,
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
  /** All unstable workloads, the worst first. */
  unstable(): Measure[];
  /** One workload; undefined when nothing is known of it. */
  look(name: WorkloadName, window: WindowName): WorkloadAnswer | undefined;
}

const FILTERED = ['cluster', 'namespace', 'kind'] as const;
/** The dashboard has room for so many. */
const MAX_SUMMARY = 5;
const STATEMENT_TIMEOUT_MS = 5_000;

/** Opens the ledger for counting, with a connection of its own and without waiting for the database. */
export function startWorkloads(options: WorkloadsOptions): Workloads {
  const { database, now, log, limits = DEFAULT_LIMITS, intervalMs } = options;
  const pool = openPool(database, log, { maxConnections: 1, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
  const feed = startWorkloadFeed({ pool, now, log, intervalMs });
  const { book } = feed;

  const counted = (window: WindowName) => {
    const { countedUntilMs, error } = feed.view();
    const countedUntil = countedUntilMs === undefined ? null : new Date(countedUntilMs).toISOString();
    const knownSince = Number.isFinite(book.sinceMs) ? new Date(book.sinceMs).toISOString() : null;
    return { window, at: new Date(now()).toISOString(), countedUntil, knownSince, error: error ?? null };
  };
  /** Whatever the window, the last hour decides whether a workload is unstable. */
  const views = (window: WindowName, nowMs: number) => {
    const lastHour = book.measure(WINDOWS['1h'].ms, nowMs);
    return (measured: Measure, page: WorkloadPage) => {
      const hour = lastHour.of(measured.workload);
      const unstable = hour && instabilityOf(page, hour, limits, nowMs);
      return toWorkloadView({ page, measured, unstable }, window, nowMs);
    };
  };

  const unstableAt = (nowMs: number) =>
    book
      .measure(WINDOWS['1h'].ms, nowMs)
      .ranked()
      .filter((measured) => {
        const page = book.look(measured.workload);
        return page !== undefined && instabilityOf(page, measured, limits, nowMs) !== undefined;
      });
  const changesAt = (nowMs: number) => {
    const fromMs = (Math.floor(nowMs / QUARTER_MS) - TRACE_QUARTERS + 1) * QUARTER_MS;
    return {
      from: new Date(fromMs).toISOString(),
      quarterMs: QUARTER_MS,
      ...feed.ipChanges.quarters(nowMs),
      gaps: feed.view().gaps.map((gap) => ({
        from: Number.isFinite(gap.fromMs) ? new Date(gap.fromMs).toISOString() : null,
        to: new Date(gap.toMs).toISOString(),
      })),
    };
  };

  return {
    onNews: feed.onNews,
    rank(window, filter, limit) {
      const nowMs = now();
      const toView = views(window, nowMs);
      const found = book
        .measure(WINDOWS[window].ms, nowMs)
        .ranked()
        .filter(({ workload }) =>
          FILTERED.every((field) => (filter[field] ?? workload[field]) === workload[field]),
        );
      const workloads = found.slice(0, limit).flatMap((measured) => {
        const page = book.look(measured.workload);
        return page === undefined ? [] : [toView(measured, page)];
      });
      const nodeEvents = book.nodeEvents(nowMs - WINDOWS[window].ms).map(toNodeEventView);
      return { ...counted(window), workloads, total: found.length, nodeEvents };
    },
    summary() {
      const nowMs = now();
      const found = unstableAt(nowMs);
      const { countedUntil, error } = counted('1h');
      return {
        countedUntil,
        error,
        unstable: found.slice(0, MAX_SUMMARY).map((measured) => {
          const { workload, last } = measured;
          const ended = last === undefined ? '' : `; last one ${describeLast(last, nowMs)}`;
          return { ...workload, text: `${describeMeasure(measured, '1h')}${ended}` };
        }),
        total: found.length,
        changes: changesAt(nowMs),
      };
    },
    unstable: () => unstableAt(now()),
    look(name, window) {
      const nowMs = now();
      const page = book.look(name);
      const measured = book.measure(WINDOWS[window].ms, nowMs).of(name);
      if (page === undefined || measured === undefined) return undefined;
      return {
        ...counted(window),
        workload: views(window, nowMs)(measured, page),
        pods: page.lives.map(toPodLifeView),
        restarts: page.restarts.map(toRestartView),
      };
    },
    async stop() {
      await feed.stop();
      await pool.end();
    },
  };
}
