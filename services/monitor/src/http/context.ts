import type { ServerResponse } from 'node:http';
import type { ClientPlaces, Logger, Origin } from '@podips/shared';
import type { Registry } from 'prom-client';
import type { Announcements } from '../announcements/announcements.js';
import type { Exporter } from '../export/export.js';
import type { SavedFlow } from '../flow/flow.js';
import type { History } from '../history/history.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Lookup } from '../lookup/lookup.js';
import type { AlertCounts } from '../metrics.js';
import type { MonitorSettings } from '../settings.js';
import type { StatusStore } from '../status/statuses.js';
import type { Tracker } from '../status/tracker.js';
import type { AlertingView, ClusterView, StatusView } from '../view/status-view.js';
import type { Workloads } from '../workloads/workloads.js';
import type { LiveFeed } from './live/live-feed.js';

export interface AppDeps {
  readonly store: StatusStore;
  readonly tracker: Tracker;
  readonly history: History;
  readonly alerting: AlertingSource;
  readonly announcements: Omit<Announcements, 'stop'>;
  readonly peers: PeersSource;
  readonly flow: Omit<SavedFlow, 'stop'>;
  /** Undefined without a database. */
  readonly ledger: Omit<Ledger, 'stop'> | undefined;
  /** Undefined without a database. */
  readonly lookup: Omit<Lookup, 'stop'> | undefined;
  /** Undefined without a database. */
  readonly exporter: Omit<Exporter, 'stop'> | undefined;
  /** Undefined without a database. */
  readonly workloads: Omit<Workloads, 'stop'> | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly settings: AppSettings;
  readonly log: Logger;
}

export type AppSettings = Pick<
  MonitorSettings,
  'cluster' | 'ageLimitMs' | 'basePath' | 'access' | 'dataDir' | 'historyDays' | 'unstable'
> & {
  readonly alerts?: Pick<MonitorSettings['alerts'], 'pageUrl'>;
};

/** Alerting as the page and the metrics see it. */
export interface AlertingSource {
  view(): AlertingView;
  counts(): AlertCounts;
  /** Why alerts are not saved, for people to read. */
  readonly problem: string | undefined;
}

/** Other monitors as the page sees them. */
export interface PeersSource {
  view(): readonly ClusterView[];
  /** Calls the listener after each answer, and after each attempt without one. */
  onNews(listener: () => void): void;
}

/** The dependencies of routes. */
export interface AppContext extends AppDeps {
  readonly view: () => StatusView;
  /** Another object after each heartbeat. */
  readonly state: () => object;
  /** The address of a request's client. */
  readonly clientAddress: (request: Origin) => string;
  /** The path below which a request's client sees this server; empty for the root. */
  readonly prefixOf: (request: Origin) => string;
  readonly live: LiveFeed;
  /** Lets the request of this response take as long as its client sends. */
  readonly beginUpload: (response: ServerResponse) => void;
  /** The places of streams. */
  readonly places: ClientPlaces;
  readonly metrics: Registry;
}
