import { OPERATIONS } from '@podips/shared';
import { announcementViews, shownNow } from '../announcements/announcement-view.js';
import type { Announcements } from '../announcements/announcements.js';
import { maintenanceOf } from '../announcements/muting.js';
import type { FlowView } from '../flow/flow-view.js';
import type { History } from '../history/history.js';
import type { LedgerView } from '../ledger/ledger-view.js';
import { answerOf, worstLight } from '../status/lights.js';
import { entriesOf } from '../status/map-operations.js';
import type { Heartbeat, LightId, PerLight, StatusStore } from '../status/statuses.js';
import type { OperationState, Tracker } from '../status/tracker.js';
import { headlineOf } from '../words/headline.js';
import { type Incident, incidentOf } from '../words/incident.js';
import { LIGHT_NAMES } from '../words/operation-names.js';
import type { WorkloadsSummary } from '../workloads/workload-view.js';
import { overviewOf } from './overview.js';
import type { AlertingView, ClusterView, ShownLight, StatusView } from './status-view.js';

export interface StatusViewDeps {
  readonly cluster: string;
  readonly ageLimitMs: number;
  readonly now: () => number;
  readonly store: Pick<StatusStore, 'problem' | 'damage'>;
  readonly tracker: Pick<Tracker, 'states'>;
  readonly history: Pick<History, 'incidents' | 'strip' | 'uptime' | 'problem'>;
  readonly alerting: { view(): AlertingView; readonly problem: string | undefined };
  readonly announcements: Pick<Announcements, 'entries' | 'updatedMs' | 'problem'>;
  readonly clusters: () => readonly ClusterView[];
  readonly flow: { view(): FlowView | undefined; readonly problem: string | undefined };
  /** Undefined without a database. */
  readonly ledger: { view(): LedgerView } | undefined;
  /** Undefined without a database. */
  readonly workloads: { summary(): WorkloadsSummary } | undefined;
}

/** Incidents on the dashboard; `GET /api/v1/incidents` has the rest. */
const INCIDENTS_SHOWN = 20;

/** A function that gives everything that the monitor shows, as it is at that moment. */
export function createStatusView(deps: StatusViewDeps): () => StatusView {
  const { cluster, ageLimitMs, now, tracker, history, alerting } = deps;
  return () => {
    const nowMs = now();
    const states = tracker.states();
    const { text, likelyCause } = headlineOf(states, ageLimitMs);
    const flow = deps.flow.view() ?? null;
    const lights = entriesOf(states).map(([, { light }]) => light);
    const isLate = flow?.state === 'late';
    const worst = worstLight([...lights, ...(isLate ? (['yellow'] as const) : [])]);
    const incident = incidentOf({ states, likelyCause, ageLimitMs, flow });
    const clusters = [...deps.clusters()];
    return {
      cluster,
      at: formatTime(nowMs),
      ageLimitMs,
      worst,
      ...overviewOf(worst, clusters),
      headline: likelyCause === null && incident ? incident.what : text,
      likelyCause,
      incident:
        incident === undefined
          ? null
          : { ...incident, lights: [...incident.lights], since: sinceOf(incident, states, flow) },
      answers: {
        read: answerOf('read', states, ageLimitMs),
        write: answerOf('write', states, ageLimitMs),
        all: answerOf('all', states, ageLimitMs),
      },
      operations: OPERATIONS.map((operation) => toShown(operation, states[operation], deps, nowMs)),
      ledgerLight: states.ledger === undefined ? null : toShown('ledger', states.ledger, deps, nowMs),
      incidents: history.incidents(INCIDENTS_SHOWN),
      alerting: alerting.view(),
      announcements: shownNow(announcementViews(deps.announcements, nowMs), nowMs),
      clusters,
      flow,
      ledger: deps.ledger?.view() ?? null,
      workloads: deps.workloads?.summary() ?? null,
      problems: problemsOf(deps),
    };
  };
}

function problemsOf({ store, history, alerting, flow, announcements }: StatusViewDeps): string[] {
  const parts = [history, alerting, flow, announcements];
  return [store.problem, store.damage, ...parts.map(({ problem }) => problem)].filter(
    (problem) => problem !== undefined,
  );
}

/** When the first of its lights went out; without any, when messages were first seen to be late. */
function sinceOf(
  { lights }: Incident,
  states: PerLight<OperationState>,
  flow: FlowView | null,
): string | null {
  if (lights.length === 0) return flow?.lateSince ?? null;
  const times = lights.map((id) => states[id]?.sinceMs).filter((ms) => ms !== undefined);
  return times.length === 0 ? null : formatTime(Math.min(...times));
}

function toShown<Id extends LightId>(
  operation: Id,
  { light, sinceMs, heartbeat }: OperationState,
  { history, announcements }: StatusViewDeps,
  nowMs: number,
): ShownLight & { readonly operation: Id } {
  const window = maintenanceOf(announcements.entries(), operation, nowMs);
  return {
    operation,
    name: LIGHT_NAMES[operation],
    light,
    maintenance: window?.toMs === undefined ? null : { title: window.title, to: formatTime(window.toMs) },
    since: sinceMs === undefined ? null : formatTime(sinceMs),
    heartbeat: heartbeat === undefined ? null : toHeartbeat(heartbeat, nowMs),
    strip: history.strip(operation, nowMs),
    uptime: history.uptime(operation, nowMs),
  };
}

function toHeartbeat(
  { operation: _, receivedAtMs, ...rest }: Heartbeat,
  nowMs: number,
): NonNullable<ShownLight['heartbeat']> {
  return { ...rest, receivedAt: formatTime(receivedAtMs), ageMs: Math.max(0, nowMs - receivedAtMs) };
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}
