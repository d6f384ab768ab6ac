import { OPERATIONS } from '@podips/shared';
import { FlowView } from '../flow/flow-view.js';
import { LedgerView } from '../ledger/ledger-view.js';
import { type Static, Type } from '../schema/type.js';
import { LIGHTS, TOO_OLD } from '../status/lights.js';
import { LIGHT_IDS } from '../status/statuses.js';
import { WorkloadsSummary } from '../workloads/workload-view.js';

/** Times are RFC 3339 in UTC, lengths of time are milliseconds. */
const Time = Type.String({ format: 'date-time' });
const LightName = Type.Enum(LIGHTS);
const LightIdName = Type.Enum(LIGHT_IDS);
const Answer = Type.Enum(['success', 'fail', TOO_OLD]);

/** The last heartbeat of an operation. */
export const HeartbeatView = Type.Object({
  code: Type.Integer({ minimum: 0, maximum: 999 }),
  message: Type.String(),
  receivedAt: Time,
  ageMs: Type.Integer({ minimum: 0 }),
  remoteAddress: Type.String(),
  host: Type.String(),
});

const Length = Type.Integer({ minimum: 0 });

/** How long a light was green, yellow and red in a time. */
const AMOUNTS = {
  greenMs: Length,
  yellowMs: Length,
  redMs: Length,
  /** The monitor was not running or stood still, or no heartbeat had come yet. */
  unknownMs: Length,
};

/** A part of a time, with the worst light that was on in it. */
export const SlotView = Type.Object({
  from: Time,
  to: Time,
  /** `unknown`: the monitor was not running, stood still, or had not been installed. */
  light: Type.Enum([...LIGHTS, 'unknown']),
  /** The last message while the light was worst; empty when it was good. */
  message: Type.String(),
  ...AMOUNTS,
});

/** The uptime of a light in a time that ends now. */
export const UptimeView = Type.Object({
  window: Type.Enum(['24h', '7d', '30d', '90d']),
  /** The share of the known time in which the light was green, rounded down; null: nothing is known. */
  percent: Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()]),
  ...AMOUNTS,
});

/** An announcement, or a planned maintenance, in which alerts are muted. */
export const AnnouncementView = Type.Object({
  /** Its own in the file. */
  id: Type.String(),
  kind: Type.Enum(['announcement', 'maintenance']),
  title: Type.String(),
  text: Type.String(),
  /** null: since ever. */
  from: Type.Union([Time, Type.Null()]),
  /** null: until it is removed from the file. */
  to: Type.Union([Time, Type.Null()]),
  phase: Type.Enum(['planned', 'now', 'over']),
  /** The lights about which no alerts are sent in it; null: all, and workloads. Without meaning for an announcement. */
  lights: Type.Union([Type.Array(LightIdName), Type.Null()]),
  /** When its content changed last. */
  updatedAt: Time,
});

const Shown = {
  /** For people, `Kubernetes read`. */
  name: Type.String(),
  light: LightName,
  /** Since when the light is what it is; null when that was before the history began. */
  since: Type.Union([Time, Type.Null()]),
  heartbeat: Type.Union([HeartbeatView, Type.Null()]),
  /** The maintenance of this moment; the light is what it is all the same. */
  maintenance: Type.Union([Type.Object({ title: Type.String(), to: Time }), Type.Null()]),
  /** The last 24 hours, oldest first. */
  strip: Type.Array(SlotView),
  /** In 24 hours, 7, 30 and 90 days. */
  uptime: Type.Array(UptimeView),
};

export const OperationView = Type.Object({ operation: Type.Enum(OPERATIONS), ...Shown });
/** The ledger, which has a light like an operation; its heartbeats say what monitor and reader see of it. */
export const LedgerLightView = Type.Object({ operation: Type.Literal('ledger'), ...Shown });

/** For how long a light was on: in some windows, and in each part of a strip, oldest first. */
export const LightUptimeView = Type.Object({
  operation: LightIdName,
  name: Type.String(),
  light: LightName,
  uptime: Type.Array(UptimeView),
  strip: Type.Array(SlotView),
});

/** A time in which an operation did not work. */
export const IncidentView = Type.Object({
  operation: LightIdName,
  name: Type.String(),
  /** The worst light of that time. */
  light: Type.Enum(['red', 'yellow']),
  startedAt: Time,
  /** It may have begun earlier, while the monitor did not watch. */
  startIsLatest: Type.Boolean(),
  /** When it became as bad as it was. */
  worstAt: Time,
  /** When it began, became worse, ended, or its light became unknown or known again, whichever was last. */
  changedAt: Time,
  /** null: it lasts, as far as is known; with `endIsLatest` it is not known whether it does. */
  endedAt: Type.Union([Time, Type.Null()]),
  /** It may have ended earlier, while the monitor did not watch. */
  endIsLatest: Type.Boolean(),
  /** For how long it is known to have lasted. */
  durationMs: Type.Integer({ minimum: 0 }),
  /** It may have lasted longer: the monitor did not watch in a part of it, or at one of its ends. */
  durationIsLeast: Type.Boolean(),
  code: Type.Union([Type.Integer(), Type.Null()]),
  message: Type.String(),
});

/** Whether transitions make alerts, and how the channels are. */
export const AlertingView = Type.Object({
  enabled: Type.Boolean(),
  channels: Type.Array(
    Type.Object({
      /** `e-mail`, `webhook`, `Slack webhook`, `dead-man’s ping`. */
      kind: Type.String(),
      /** Where to, without anything secret: addresses of people and the host of a URL. */
      target: Type.String(),
      lastSuccessAt: Type.Union([Time, Type.Null()]),
      lastFailureAt: Type.Union([Time, Type.Null()]),
      /** Why the last attempt failed; null when it worked. */
      error: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
  lastAlert: Type.Union([Type.Object({ at: Time, subject: Type.String() }), Type.Null()]),
  /** Alerts that the hourly limit has suppressed since the last one that was sent. */
  heldBack: Type.Integer({ minimum: 0 }),
  /** About what no alerts are sent now, because of planned maintenance; null: nothing is muted. */
  muted: Type.Union([
    Type.Object({
      lights: Type.Array(LightIdName),
      workloads: Type.Boolean(),
      /** When the next maintenance or announcement begins or ends. */
      nextChangeAt: Time,
    }),
    Type.Null(),
  ]),
});

/** Another monitor of the overview, with its last answer. */
export const ClusterView = Type.Object({
  name: Type.String(),
  url: Type.String(),
  reachable: Type.Boolean(),
  /** null: it never answered. */
  lastAnswerAt: Type.Union([Time, Type.Null()]),
  /** Its worst light at that time. */
  light: Type.Union([LightName, Type.Null()]),
  headline: Type.String(),
  /** Why it does not answer. */
  error: Type.Union([Type.String(), Type.Null()]),
  operations: Type.Array(Type.Object({ name: Type.String(), light: LightName })),
});

/** The incident of the headline. */
export const IncidentSummary = Type.Object({
  what: Type.String(),
  /** Empty: all lights work, but messages are late, since then or earlier. */
  lights: Type.Array(LightIdName),
  /** null: not known. */
  since: Type.Union([Time, Type.Null()]),
  loss: Type.String(),
  waiting: Type.Union([Type.String(), Type.Null()]),
  help: Type.Object({ path: Type.String(), title: Type.String() }),
  error: Type.Union([Type.String(), Type.Null()]),
});

/** Everything that the dashboard shows, and `GET /api/v1/status` answers. */
export const StatusView = Type.Object({
  /** The cluster that this monitor watches. */
  cluster: Type.String(),
  at: Time,
  ageLimitMs: Type.Integer(),
  /** The worst light of this cluster alone: of the four, of the ledger, and yellow where messages arrive late. */
  worst: LightName,
  /** The worst light of this cluster and of the others, for title and icon. */
  overall: LightName,
  /** The problem and where to look first. */
  headline: Type.String(),
  /** The first operation of the chain that does not work, the likely cause of what follows; null when all work. */
  likelyCause: Type.Union([LightIdName, Type.Null()]),
  /** What is broken, since when, whether anything is lost, and where the documents repair it; null: nothing is. */
  incident: Type.Union([IncidentSummary, Type.Null()]),
  /** The other clusters that do not work, in one sentence; empty when there are none. */
  elsewhere: Type.String(),
  answers: Type.Object({ read: Answer, write: Answer, all: Answer }),
  operations: Type.Array(OperationView),
  /** The light of the ledger, beside the four; null without a database. */
  ledgerLight: Type.Union([LedgerLightView, Type.Null()]),
  /** The newest first. */
  incidents: Type.Array(IncidentView),
  alerting: AlertingView,
  /** What is announced now, and maintenance that is planned for the next seven days. */
  announcements: Type.Array(AnnouncementView),
  clusters: Type.Array(ClusterView),
  /** How messages get on; null: no service has reported. */
  flow: Type.Union([FlowView, Type.Null()]),
  /** null: there is no database. */
  ledger: Type.Union([LedgerView, Type.Null()]),
  /** null: there is no database. */
  workloads: Type.Union([WorkloadsSummary, Type.Null()]),
  /** Problems of the monitor itself, for example a full disk. */
  problems: Type.Array(Type.String()),
});

export type LightUptimeView = Static<typeof LightUptimeView>;
export type AnnouncementView = Static<typeof AnnouncementView>;
export type UptimeView = Static<typeof UptimeView>;
export type SlotView = Static<typeof SlotView>;
export type OperationView = Static<typeof OperationView>;
export type LedgerLightView = Static<typeof LedgerLightView>;
/** A light with its last heartbeat and the last 24 hours. */
export type ShownLight = Omit<OperationView, 'operation'>;
export type IncidentView = Static<typeof IncidentView>;
export type AlertingView = Static<typeof AlertingView>;
export type ClusterView = Static<typeof ClusterView>;
export type StatusView = Static<typeof StatusView>;
