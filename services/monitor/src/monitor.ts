import type { AddressInfo } from 'node:net';
import { type Logger, listenAt, Resources, type Running } from '@podips/shared';
import type { FastifyInstance } from 'fastify';
import { startAlerting } from './alerts/alerting.js';
import { openAnnouncements } from './announcements/announcements.js';
import { openExporter } from './export/export.js';
import { openFlow } from './flow/flow.js';
import { catchUp, endLedger } from './history/catch-up.js';
import { openHistory } from './history/history.js';
import { buildApp } from './http/app.js';
import type { AppDeps } from './http/context.js';
import { createLedgerFollower } from './ledger/follow-ledger.js';
import { openLedger } from './ledger/ledger.js';
import { openLookup } from './lookup/lookup.js';
import { openPeerMemory } from './peers/peer-memory.js';
import { startPeers } from './peers/peers.js';
import { createFetch } from './proxy.js';
import type { MonitorSettings } from './settings.js';
import { createAttention } from './status/attention.js';
import { openStatusStore } from './status/status-store.js';
import { createTracker } from './status/tracker.js';
import { startWorkloads } from './workloads/workloads.js';

export type { MonitorSettings } from './settings.js';

export interface Monitor extends Running {
  /** The port that it listens on, also when the settings left the choice to the system. */
  readonly port: number;
}

/** Requests under way at a stop get this long to end. */
const CLOSE_GRACE_MS = 2_000;

/**
 * Starts the monitor. `stop()` closes the connections, then saves what is not saved.
 * @throws when the address cannot be bound
 */
export async function startMonitor(settings: MonitorSettings, log: Logger): Promise<Monitor> {
  await using starting = new Resources();
  const parts = await startParts(settings, log, starting);
  const app = await buildApp({ ...parts, settings, now: Date.now, log });
  starting.release('the HTTP server', () => closePromptly(app));
  await listenAt(settings.httpHost, (host) => app.listen({ host, port: settings.httpPort }));
  app.server.on('error', (err) => log.error({ err }, 'HTTP server failed'));
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = app.server.address() as AddressInfo;
  const running = starting.move();
  return {
    port,
    stop: () => running.disposeAsync(),
    get releasing() {
      return starting.releasing;
    },
  };
}

type Parts = Pick<
  AppDeps,
  | 'store'
  | 'tracker'
  | 'history'
  | 'alerting'
  | 'announcements'
  | 'peers'
  | 'flow'
  | 'ledger'
  | 'lookup'
  | 'exporter'
  | 'workloads'
>;

/** The parts that work without a request. */
async function startParts(settings: MonitorSettings, log: Logger, resources: Resources): Promise<Parts> {
  const { dataDir: dir, ageLimitMs, historyDays: shownDays } = settings;
  const now = Date.now;
  const store = await openStatusStore({ dir, log, now });
  resources.release('the last heartbeats', () => store.close());
  const attention = createAttention({ now });
  resources.release('the attention', () => attention.stop());
  const history = await openHistory({ dir, log, now, shownDays, attention });
  resources.release('the history', () => history.close());
  catchUp(store, history, now(), log);
  if (settings.database === undefined) endLedger(history, now());
  const flow = await openFlow({ dir, now, log, attention });
  resources.release('the account of what waits', () => flow.stop());
  const follower = createLedgerFollower(flow, now, attention);
  const tracker = createTracker({
    store,
    now,
    ageLimitMs,
    log,
    before: history.last,
    attention,
    watchedMs: history.watchedMs,
    hasLedger: settings.database !== undefined,
    isOverdue: (id) => (id === 'ledger' ? follower.isOverdue() : flow.isOverdue(id)),
  });
  resources.release('the lights', () => tracker.stop());
  tracker.onHeartbeat(flow.onHeartbeat);
  flow.onNews(tracker.check);
  tracker.onTransition((transition) => history.record(transition));
  const { cluster, alerts, database, unstable } = settings;
  const { pageUrl } = alerts;
  const workloads = database && startWorkloads({ database, now, log, limits: unstable.limits });
  resources.release('the workloads', () => workloads?.stop());
  const announcements = await openAnnouncements({ path: settings.announcementsFile, dir, now, log });
  resources.release('the announcements', () => announcements.stop());
  const alerting = await startAlerting({
    settings: alerts,
    tracker,
    history,
    attention,
    workloads,
    announcements,
    unstable,
    now,
    log,
    dir,
    cluster,
    pageUrl,
    ageLimitMs,
    fetch: createFetch(settings.proxies),
  });
  resources.release('the alerts', () => alerting.stop());
  const memory = await openPeerMemory({ dir, log, now });
  resources.release('the memory of other monitors', () => memory.close());
  const peers = startPeers({ settings: settings.peers, proxies: settings.proxies, memory, now, log });
  resources.release('the requests to other monitors', () => peers.stop());
  const ledger = database && openLedger({ database, cluster, now, log });
  resources.release('the ledger', () => ledger?.stop());
  if (ledger) follower.follow(ledger, tracker);
  const lookup = database && openLookup({ database, cluster, now, log });
  resources.release('the lookups', () => lookup?.stop());
  const exporter = database && openExporter({ database, cluster, log });
  resources.release('the exports', () => exporter?.stop());
  return {
    ...{ store, history, tracker, alerting, announcements, peers, flow },
    ...{ ledger, lookup, exporter, workloads },
  };
}

async function closePromptly(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
