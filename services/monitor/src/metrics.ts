import { OK, OPERATIONS } from '@podips/shared';
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import type { Announcements } from './announcements/announcements.js';
import { mutingAt } from './announcements/muting.js';
import { flowMetrics } from './flow/flow-metrics.js';
import type { FlowView } from './flow/flow-view.js';
import type { History } from './history/history.js';
import { ledgerMetrics } from './ledger/ledger-metrics.js';
import type { LedgerView } from './ledger/ledger-view.js';
import { LIGHTS, type Light } from './status/lights.js';
import { entriesOf } from './status/map-operations.js';
import type { LightId, StatusStore } from './status/statuses.js';
import type { Tracker } from './status/tracker.js';
import { isMuted, type WorkloadSettings } from './workloads/settings.js';
import { workloadMetrics } from './workloads/workload-metrics.js';
import type { Workloads } from './workloads/workloads.js';

/** Since the start of the process. */
export interface AlertCounts {
  readonly sent: number;
  readonly failed: number;
  readonly suppressed: number;
}

export interface MetricsOptions {
  readonly store: Pick<StatusStore, 'problem'>;
  readonly tracker: Pick<Tracker, 'states' | 'onHeartbeat' | 'onTransition'>;
  readonly history: Pick<History, 'problem'>;
  readonly alerting: { counts(): AlertCounts };
  readonly announcements: Pick<Announcements, 'entries' | 'isCurrent'>;
  readonly live: { readonly clients: number };
  readonly flow: { view(): FlowView | undefined };
  readonly ledger: { view(): LedgerView } | undefined;
  readonly workloads: Pick<Workloads, 'facts'> | undefined;
  readonly unstable: Pick<WorkloadSettings, 'muted'>;
  /** The cluster whose workloads are measured. */
  readonly cluster: string;
  readonly version: string;
  readonly now: () => number;
}

/** The monitor's Prometheus metrics; state metrics are computed at each scrape. */
export function createMetrics(options: MetricsOptions): Registry {
  const { ledger, workloads, unstable, cluster, now } = options;
  const registry = new Registry();
  const own: Metric[] = [
    heartbeatMetric(options),
    ...operationMetrics(options),
    incidentMetric(options),
    alertMetric(options),
    mutedMetric(options),
    ...stateMetrics(options),
    ...flowMetrics(options.flow.view),
    ...(ledger ? ledgerMetrics(ledger.view, now) : []),
    ...(workloads
      ? workloadMetrics(
          () => workloads.facts(cluster),
          now,
          (workload) => isMuted({ ...unstable, alerts: true }, workload),
        )
      : []),
  ];
  for (const metric of own) registry.registerMetric(metric);
  return registry;
}

function heartbeatMetric({ tracker }: MetricsOptions): Metric {
  const heartbeats = new Counter({
    name: 'podips_heartbeats_received_total',
    help: 'Heartbeats received',
    labelNames: ['operation', 'outcome'],
    registers: [],
  });
  tracker.onHeartbeat(({ operation, code }) =>
    heartbeats.inc({ operation, outcome: code === OK ? 'ok' : 'failed' }),
  );
  return heartbeats;
}

function operationMetrics({ tracker, now }: MetricsOptions): Metric[] {
  const light = new Gauge({
    name: 'podips_operation_light',
    help: 'Light of an operation, or of the ledger: 1 for the light that is on, else 0',
    labelNames: ['operation', 'light'],
    registers: [],
    collect() {
      const states = tracker.states();
      for (const [operation, { light: on }] of entriesOf(states))
        for (const one of LIGHTS) this.set({ operation, light: one }, on === one ? 1 : 0);
    },
  });
  const age = new Gauge({
    name: 'podips_operation_age_seconds',
    help: 'Seconds since the last heartbeat of an operation; absent when there was none',
    labelNames: ['operation'],
    registers: [],
    collect() {
      const states = tracker.states();
      for (const operation of OPERATIONS) {
        const receivedAtMs = states[operation].heartbeat?.receivedAtMs;
        if (receivedAtMs !== undefined) this.set({ operation }, Math.max(0, now() - receivedAtMs) / 1_000);
      }
    },
  });
  return [light, age];
}

function incidentMetric({ tracker }: MetricsOptions): Metric {
  const incidents = new Counter({
    name: 'podips_incidents_total',
    help: 'Incidents since the start: transitions of an operation to red or yellow from another light',
    labelNames: ['operation'],
    registers: [],
  });
  for (const operation of OPERATIONS) incidents.inc({ operation }, 0);
  const out = new Map<LightId, boolean>();
  tracker.onTransition(({ operation, from, to }) => {
    const wasOut = out.get(operation) ?? isOut(from);
    if (isOut(to) && !wasOut) incidents.inc({ operation });
    // What is not known for a while may be the same incident afterwards.
    out.set(operation, to === 'grey' ? wasOut : isOut(to));
  });
  return incidents;
}

function isOut(light: Light): boolean {
  return light === 'red' || light === 'yellow';
}

function alertMetric({ alerting }: MetricsOptions): Metric {
  return new Counter({
    name: 'podips_alerts_total',
    help: 'Alerts that were sent, could not be sent (failed), or were suppressed by the hourly limit (held_back)',
    labelNames: ['outcome'],
    registers: [],
    collect() {
      const { sent, failed, suppressed } = alerting.counts();
      this.reset();
      this.inc({ outcome: 'sent' }, sent);
      this.inc({ outcome: 'failed' }, failed);
      this.inc({ outcome: 'held_back' }, suppressed);
    },
  });
}

function mutedMetric({ tracker, announcements, workloads, now }: MetricsOptions): Metric {
  return new Gauge({
    name: 'podips_alerts_muted',
    help: '1 while no alerts are sent about a light, or about workloads, because of planned maintenance, else 0',
    labelNames: ['operation'],
    registers: [],
    collect() {
      const muted = mutingAt(announcements.entries(), now());
      for (const [operation] of entriesOf(tracker.states()))
        this.set({ operation }, muted.lights.has(operation) ? 1 : 0);
      if (workloads) this.set({ operation: 'workloads' }, muted.workloads ? 1 : 0);
    },
  });
}

function stateMetrics({ store, history, announcements, live, version }: MetricsOptions): Metric[] {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(value());
      },
    });
  const build = new Gauge({
    name: 'podips_build_info',
    help: 'Always 1; the version is a label',
    labelNames: ['version'],
    registers: [],
  });
  build.set({ version }, 1);
  return [
    gauge('podips_statuses_saved', '1 while the last heartbeats can be saved, else 0', () =>
      store.problem === undefined ? 1 : 0,
    ),
    gauge('podips_history_intact', '1 while the history is complete and saved, else 0', () =>
      history.problem === undefined ? 1 : 0,
    ),
    gauge('podips_announcements_current', '1 while the announcements are those of the file, else 0', () =>
      announcements.isCurrent ? 1 : 0,
    ),
    gauge('podips_event_streams', 'Open dashboards with a live stream', () => live.clients),
    build,
  ];
}
