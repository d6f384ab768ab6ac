import { pause } from './backoff.js';
import { toError } from './errors.js';
import type { Running } from './lifecycle.js';
import type { Logger } from './logger.js';
import type { MessageNumber } from './message-number.js';
import { type MonitorClientOptions, openMonitorClient } from './monitor-client.js';

/** The path of the monitor that receives reports. Earlier monitors have none. */
export const REPORTS_PATH = '/api/v1/reports';

/** How far a reader has got. A standby sends none. */
export interface ReaderReport {
  readonly service: 'reader';
  /** Names the run of the process. */
  readonly run: string;
  /** The number of the last message that the queue has made durable; 0 before the first. */
  readonly published: number;
  /** Messages in memory that are not durable. */
  readonly buffered: number;
  /** Rows in the outbox; null without a database. */
  readonly outbox: number | null;
  /** null without a database. */
  readonly ledger: LedgerReport | null;
}

/** How the reader gets on with the ledger. */
export interface LedgerReport {
  /** Why it cannot be used; null while it can, or has not been needed yet. */
  readonly problem: string | null;
  /** For how long the tables have been changing to those of this version, in milliseconds; null when they are not. */
  readonly migratingMs: number | null;
  /** Leases that are not recorded. */
  readonly pending: number;
}

/** How far a writer has got. */
export interface WriterReport {
  readonly service: 'writer';
  readonly run: string;
  /** The newest message that Fluentd has acknowledged, of each of the last readers whose messages came. */
  readonly delivered: readonly MessageNumber[];
  /** Messages received from the queue, and records that Fluentd has acknowledged, since the start. */
  readonly received: number;
  readonly written: number;
  /** Messages without an ack from Fluentd. */
  readonly inFlight: number;
  /** The longest time from a reader's observation to Fluentd's ack since the last report, in milliseconds; null: none. */
  readonly lagMs: number | null;
}

export type ProgressReport = ReaderReport | WriterReport;

export interface ReportOptions extends Omit<MonitorClientOptions, 'monitorUrl'> {
  /** Undefined: reports go nowhere. */
  readonly monitorUrl: string | undefined;
  readonly log: Logger;
  /** Undefined: there is nothing to report now. */
  readonly read: () => ProgressReport | undefined;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 2_000;
const LAST_REPORT_MS = 1_000;
const NOT_FOUND = 404;
const ACCEPTED = 204;
/** Until a monitor that knows no reports is asked again: it may have been replaced by a newer one. */
const UNKNOWN_REST_MS = 300_000;

/**
 * Reports at an interval how far the process has got, also when there is nothing to do: what is missing is a process that
 * is dead or frozen. One report at a time; one that is lost is not repeated, because the next one has newer figures. The last
 * one leaves at the stop.
 */
export function startReports(options: ReportOptions): Running {
  const { monitorUrl, log, read, intervalMs = INTERVAL_MS } = options;
  if (monitorUrl === undefined) return { stop: async () => undefined };
  const client = openMonitorClient({ ...options, monitorUrl });
  let underWay: Promise<void> | undefined;
  let restUntilMs = 0;
  const report = async () => {
    const now = performance.now() < restUntilMs ? undefined : read();
    if (now === undefined) return;
    try {
      const status = await client.send(REPORTS_PATH, now);
      if (status === NOT_FOUND) restUntilMs = performance.now() + UNKNOWN_REST_MS;
      if (status !== ACCEPTED) log.debug({ status }, 'report not accepted by the monitor');
    } catch (err) {
      log.debug({ err: toError(err) }, 'report not delivered');
    }
  };
  const reportUnlessBusy = () => {
    underWay ??= report().finally(() => {
      underWay = undefined;
    });
  };
  const timer = setInterval(reportUnlessBusy, intervalMs);
  return {
    async stop() {
      clearInterval(timer);
      // What was delivered last should not look as if it waited.
      const sent = new AbortController();
      const last = (underWay ?? Promise.resolve()).then(report);
      await Promise.race([last, pause(LAST_REPORT_MS, sent.signal)]);
      sent.abort();
      await client.close();
    },
  };
}
