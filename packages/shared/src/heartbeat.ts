import { backoffDelayMs } from './backoff.js';
import { toError } from './errors.js';
import type { Running } from './lifecycle.js';
import type { Logger } from './logger.js';
import { openMonitorClient } from './monitor-client.js';

/** The four operations, in the order in which data flows, as they appear in the monitor's URLs. */
export const OPERATIONS = ['kubernetes', 'queue/write', 'queue/read', 'log'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface HeartbeatOptions {
  /** Base URL of the monitor; undefined: reports go nowhere. */
  readonly monitorUrl: string | undefined;
  readonly tlsVerify: boolean;
  /** The secret that the monitor expects; undefined: none. */
  readonly token?: string | undefined;
  readonly log: Logger;
  /** Shortest time between two reports of one operation while its code stays the same, in milliseconds. */
  readonly intervalMs?: number;
}

export interface Heartbeats extends Running {
  /** Notes the outcome of an operation. Returns at once, never throws; the newest outcome wins. */
  report(operation: Operation, code: number, message: string): void;
}

export const OK = 200;
const UNAUTHORIZED = 401;
const RETRY = { baseMs: 1_000, capMs: 30_000 };
const MAX_MESSAGE_CHARS = 200;

interface Outcome {
  readonly code: number;
  readonly message: string;
}

/**
 * Reports to the monitor beside the pipeline: at most one request per operation under way, at most one a second
 * while nothing changes, at once when the code changes, and again until the monitor has accepted it.
 */
export function startHeartbeats(options: HeartbeatOptions): Heartbeats {
  const { monitorUrl, log } = options;
  if (monitorUrl === undefined) {
    log.warn('PODIPS_HOST is not set; no heartbeats are sent');
    return { report: () => undefined, stop: async () => undefined };
  }
  const client = openMonitorClient({ ...options, monitorUrl });
  const deliver = async (operation: Operation, outcome: Outcome) => {
    const status = await client.send(`/${operation}/${outcome.code}/${pathSegment(outcome.message)}`);
    if (status === UNAUTHORIZED) throw new Error('the monitor refused HEARTBEAT_TOKEN (401)');
    if (status >= 300) throw new Error(`the monitor answered ${status}`);
    for (const reporter of reporters.values()) reporter.retryNow();
  };
  const reporters: ReadonlyMap<Operation, Reporter> = new Map(
    OPERATIONS.map((operation) => [operation, createReporter(operation, deliver, options)]),
  );
  return {
    report: (operation, code, message) => reporters.get(operation)?.report({ code, message }),
    async stop() {
      for (const reporter of reporters.values()) reporter.stop();
      await client.close();
    },
  };
}

interface Reporter {
  report(outcome: Outcome): void;
  /** The monitor accepted another report: one that waits for its next attempt is sent at once. */
  retryNow(): void;
  stop(): void;
}

function createReporter(
  operation: Operation,
  deliver: (operation: Operation, outcome: Outcome) => Promise<void>,
  { intervalMs = 1_000, log }: HeartbeatOptions,
): Reporter {
  let newest: Outcome | undefined;
  let deliveredCode: number | undefined;
  let startedAtMs = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let busy = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const sendNewest = async () => {
    clearTimeout(timer);
    timer = undefined;
    const outcome = newest;
    if (outcome === undefined || busy || stopped) return;
    newest = undefined;
    busy = true;
    startedAtMs = performance.now();
    try {
      await deliver(operation, outcome);
      if (failures > 0) log.info({ operation }, 'heartbeats delivered again');
      deliveredCode = outcome.code;
      failures = 0;
    } catch (err) {
      if (failures === 0 && !stopped) log.warn({ err: toError(err), operation }, 'heartbeat not delivered');
      failures += 1;
      newest ??= outcome;
    }
    busy = false;
    schedule();
  };

  const schedule = () => {
    if (newest === undefined || busy || stopped) return;
    if (failures > 0) {
      timer ??= setTimeout(sendNewest, backoffDelayMs(failures - 1, RETRY));
      return;
    }
    const changed = newest.code !== deliveredCode;
    const waitMs = changed ? 0 : startedAtMs + intervalMs - performance.now();
    if (waitMs <= 0) void sendNewest();
    else timer ??= setTimeout(sendNewest, waitMs);
  };

  return {
    report(outcome: Outcome) {
      newest = outcome;
      schedule();
    },
    retryNow() {
      if (failures > 0) void sendNewest();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function pathSegment(message: string): string {
  const text = message.toWellFormed().slice(0, MAX_MESSAGE_CHARS).toWellFormed().trim();
  // A segment of dots would count as a step in the path.
  return text === '' || /^\.+$/.test(text) ? '-' : encodeURIComponent(text);
}
