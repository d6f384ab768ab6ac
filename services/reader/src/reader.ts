import {
  type Logger,
  nameRun,
  openStatusFile,
  Resources,
  type Running,
  startHeartbeats,
  startOpsServer,
  startReports,
  trackOperation,
} from '@podips/shared';
import { type ClockStep, ReaderClock } from './changes/reader-clock.js';
import { createKubeClient } from './cluster/kube-client.js';
import type { ElectionEvents } from './leadership/election.js';
import { createElector, type Elector } from './leadership/elector.js';
import { createReaderMetrics, type ReaderMetrics } from './metrics.js';
import type { ReaderParts } from './parts.js';
import { reportOf } from './report.js';
import type { ReaderSettings } from './settings.js';
import { openMarkers } from './store/marker-file.js';
import { openReaderDatabase } from './store/reader-database.js';
import { openTerm } from './term.js';
import { runTerms, type TermsDeps, type TermsView } from './terms.js';

export interface Reader extends Running {
  readonly httpPort: number;
  /** Its metrics as they are now; its port shows some that are up to a second old. */
  metrics(): Promise<string>;
}

/**
 * Starts the reader. It waits until it leads, loads the ledger, and runs terms (see {@link openTerm}) until it is stopped
 * or another reader leads.
 * Resolves at once; the cluster, the broker and the database may still be out of reach then.
 */
export async function startReader(settings: ReaderSettings, log: Logger): Promise<Reader> {
  await using resources = new Resources();
  const metrics = createReaderMetrics();
  const health = startHealth(settings, log, resources);
  const clock = new ReaderClock({ onStep: (step) => reportStep(step, metrics, log) });
  const client = createKubeClient(settings.kubeConfig, { clock });
  resources.release('the connections to the API server', () => client.close());
  const database = openReaderDatabase({ settings, metrics, queue: health.queue, log }, resources);
  const markers = openMarkers(settings.statusDir, log);
  const numbering = { run: nameRun(), sent: 0, published: 0 };
  const parts = { settings, log, metrics, health, client, database, markers, clock, numbering };
  const view: TermsView = { term: undefined };
  exposeGauges(parts, view);
  const stopping = new AbortController();
  const reports = startReports({
    ...monitorOf(settings),
    log,
    read: () => view.term && reportOf(parts, view.term),
  });
  resources.release('the reports to the monitor', () => reports.stop());
  const elector = createElector(client, settings.election, electionEvents(parts), log);
  const leading = lead(parts, elector, view, stopping.signal);
  resources.release('the term: queue, ledger and Lease', async () => {
    stopping.abort();
    await leading;
  });
  const ops = await startOpsServer({
    host: settings.httpHost,
    port: settings.httpPort,
    registry: metrics.registry,
    readiness: () => ({
      kubernetes: health.kubernetes.problem,
      queue: health.queue.problem,
      database: database?.problem,
    }),
    log,
  });
  resources.release('the HTTP server', () => ops.stop());
  log.info({ httpPort: ops.port }, 'reader started');
  const running = resources.move();
  return {
    httpPort: ops.port,
    metrics: () => metrics.registry.metrics(),
    stop: () => running.disposeAsync(),
    get releasing() {
      return resources.releasing;
    },
  };
}

/** For each leadership: term after term, until it is over or the reader stops. */
async function lead(
  parts: ReaderParts,
  elector: Elector,
  view: TermsView,
  signal: AbortSignal,
): Promise<void> {
  const deps: TermsDeps = {
    ledger: parts.database?.ledger,
    databaseWaitMs: parts.settings.databaseWaitMs,
    log: parts.log,
    onLoadFailed: () => parts.metrics.ledgerFailures.inc(),
    open: (options) => openTerm(parts, options),
  };
  while (!signal.aborted) {
    const leadership = await elector.lead(signal);
    if (leadership === undefined) return;
    const over = new AbortController();
    void leadership.over.then(() => over.abort());
    await runTerms(deps, leadership, view, AbortSignal.any([signal, over.signal]));
    await leadership.release();
  }
}

function reportStep({ of, byMs }: ClockStep, { clockSteps }: ReaderMetrics, log: Logger): void {
  clockSteps.inc({ of });
  const what = {
    machine: 'the clock of this machine was set; times continue until the API server confirms it',
    reader: 'times continue by the clock of the API server, from which they were too far',
  };
  log.warn({ byMs: Math.round(byMs) }, what[of]);
}

function electionEvents({ metrics, health: { kubernetes, queue } }: ReaderParts): ElectionEvents {
  return {
    onStandby() {
      kubernetes.standsBy();
      queue.standsBy();
    },
    onFailure(error, role) {
      metrics.apiFailures.inc({ status: error.status });
      if (role === 'unknown' || role === 'unconfirmed') kubernetes.fails(error.status, error.message);
      // No heartbeat: the leader knows whether pods are read.
      if (role === 'standby') kubernetes.standsBy(error.message);
    },
  };
}

function startHealth(settings: ReaderSettings, log: Logger, resources: Resources) {
  const heartbeats = startHeartbeats({ ...monitorOf(settings), log });
  resources.release('the heartbeats to the monitor', () => heartbeats.stop());
  const statusFile = (name: 'kubernetes_status' | 'queue_status') =>
    openStatusFile({ dir: settings.statusDir, name, log });
  return {
    kubernetes: trackOperation('kubernetes', statusFile('kubernetes_status'), heartbeats),
    queue: trackOperation('queue/write', statusFile('queue_status'), heartbeats),
  };
}

function monitorOf({ monitorUrl, monitorTlsVerify: tlsVerify, heartbeatToken: token }: ReaderSettings) {
  return { monitorUrl, tlsVerify, token };
}

function exposeGauges({ metrics, settings, database, clock }: ReaderParts, view: TermsView): void {
  const { gauge } = metrics;
  gauge('leads', '1 while this reader publishes, 0 while it stands by', () => (view.term ? 1 : 0));
  gauge('known_pods', 'Pods that are not finished', () => view.term?.knownPods ?? 0);
  gauge(
    'buffered_messages',
    'Messages in memory that are not durable yet',
    () => view.term?.bufferedMessages ?? 0,
  );
  gauge(
    'clock_ahead_seconds',
    'How far the clock of this machine is at least ahead of that of the API server; negative: behind',
    () => clock.machineAheadMs / 1_000,
  );
  gauge('buffer_limit_messages', 'Most messages in memory', () => settings.maxBufferedMessages);
  if (database === undefined) return;
  gauge('pending_leases', 'Leases that are not in the ledger yet', () => view.term?.pendingLeases ?? 0);
  gauge('pending_limit_leases', 'Most leases in memory for the ledger', () => settings.maxPendingLeases);
  gauge('outbox_messages', 'Rows in the outbox when it was last looked at', () => database.outbox.rows);
}
