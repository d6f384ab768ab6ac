import { createLogger, type Operation } from '@podips/shared';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { NO_ANNOUNCEMENTS } from '../announcements/announcements.js';
import { createFlow, type SavedFlow } from '../flow/flow.js';
import { type History, openHistory } from '../history/history.js';
import { type Heartbeat, latestOf, type StatusStore } from '../status/statuses.js';
import { createTracker } from '../status/tracker.js';
import { DEFAULT_LIMITS } from '../workloads/unstable.js';
import { OPEN_ACCESS } from './access/access.test.helpers.js';
import type { AccessSettings } from './access/settings.js';
import { buildApp } from './app.js';
import type { AlertingSource } from './context.js';

/** The time at which tests take place. */
export const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0);
export const LIMIT_MS = 300_000;

/** A good heartbeat of this very moment, but for what is given. */
export function heartbeat(operation: Operation, changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    operation,
    code: 200,
    message: 'OK',
    receivedAtMs: NOW_MS,
    remoteAddress: '10.0.0.1',
    host: 'node-1',
    ...changes,
  };
}

/** A store in memory that starts with the given heartbeats. */
export function memoryStore(heartbeats: readonly Heartbeat[] = [], problem?: string): StatusStore {
  let statuses = latestOf(heartbeats);
  return {
    latest: () => statuses,
    record(heartbeat) {
      statuses = { ...statuses, [heartbeat.operation]: heartbeat };
    },
    problem,
    damage: undefined,
    close: async () => undefined,
  };
}

/** No alerts. */
export const NO_ALERTING: AlertingSource = {
  view: () => ({ enabled: false, channels: [], lastAlert: null, heldBack: 0, muted: null }),
  counts: () => ({ sent: 0, failed: 0, suppressed: 0 }),
  problem: undefined,
};

/** For a history that is not to be kept. */
export const NO_DISK = { append: async () => undefined, replace: async () => undefined };

/** A history that touches no disk, closed after the test. */
export async function memoryHistory(now: () => number): Promise<History> {
  const log = createLogger('monitor', 'silent');
  const history = await openHistory({ dir: '/nonexistent', now, log, shownDays: 90, files: NO_DISK });
  onTestFinished(() => history.close());
  return history;
}

/** A flow that touches no disk, stopped after the test. */
export function memoryFlow(now: () => number): Omit<SavedFlow, 'stop'> {
  const flow = createFlow({ now });
  onTestFinished(() => flow.stop());
  return Object.assign(flow, { problem: undefined });
}

/** The application over a store, closed after the test; open to all, but for what is given. */
export async function openApp(
  store: StatusStore,
  access: Partial<AccessSettings> = {},
  basePath = '',
): Promise<FastifyInstance> {
  const log = createLogger('monitor', 'silent');
  const now = () => NOW_MS;
  const history = await memoryHistory(now);
  const tracker = createTracker({ store, now, ageLimitMs: LIMIT_MS, log });
  tracker.onTransition((transition) => history.record(transition));
  const app = await buildApp({
    store,
    tracker,
    history,
    alerting: NO_ALERTING,
    announcements: NO_ANNOUNCEMENTS,
    peers: { view: () => [], onNews: () => undefined },
    flow: memoryFlow(now),
    ledger: undefined,
    lookup: undefined,
    exporter: undefined,
    workloads: undefined,
    now,
    settings: {
      cluster: 'default',
      ageLimitMs: LIMIT_MS,
      basePath,
      access: { ...OPEN_ACCESS, ...access },
      dataDir: '',
      historyDays: 90,
      unstable: { limits: DEFAULT_LIMITS, alerts: true, muted: [] },
    },
    log,
  });
  onTestFinished(() => app.close());
  return app;
}
