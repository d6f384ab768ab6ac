import { type Static, Type } from '../schema/type.js';
import { LIGHTS } from '../status/lights.js';
import { LIGHT_IDS } from '../status/statuses.js';
import { mergeWorkloadNews, WorkloadNews } from '../workloads/workload-alerts.js';

/** An operation that does not work, with its last heartbeat. */
export const Trouble = Type.Object({
  /** `grey`: no heartbeat was ever received. */
  light: Type.Enum(['red', 'yellow', 'grey']),
  sinceMs: Type.Number(),
  code: Type.Number(),
  message: Type.String(),
  host: Type.String(),
});

/** The part of an alert about one operation. */
export const Change = Type.Object({
  operation: Type.Enum(LIGHT_IDS),
  kind: Type.Enum(['started', 'continues', 'ended']),
  trouble: Trouble,
  /** When the trouble ended; null: it lasts. */
  untilMs: Type.Union([Type.Number(), Type.Null()]),
  /** How much of it was watched; absent: all of it, or an earlier version saved it. */
  extent: Type.Optional(
    Type.Object({
      durationMs: Type.Number(),
      durationIsLeast: Type.Boolean(),
      startIsLatest: Type.Boolean(),
      endIsLatest: Type.Boolean(),
    }),
  ),
});

/** One alert: the changes, in the order in which data flows, the state of the whole chain, and workloads. */
export const Notice = Type.Object({
  atMs: Type.Number(),
  /** The problem and where to look first; empty in an alert that is only about workloads. */
  headline: Type.String(),
  likelyCause: Type.Union([Type.Enum(LIGHT_IDS), Type.Null()]),
  changes: Type.Array(Change),
  chain: Type.Array(Type.Object({ operation: Type.Enum(LIGHT_IDS), light: Type.Enum(LIGHTS) })),
  /** Operations that do not work, of which alerts were decided; absent in a notice that an earlier version saved. */
  failing: Type.Optional(Type.Number()),
  /** The number of alerts that the hourly limit suppressed before this one. */
  heldBack: Type.Number(),
  workloads: Type.Optional(WorkloadNews),
});

export type Trouble = Static<typeof Trouble>;
export type Change = Static<typeof Change>;
export type Notice = Static<typeof Notice>;

/** One notice with the content of both, where the older one has not been delivered. */
export function mergeNotices(older: Notice, newer: Notice): Notice {
  const changes = LIGHT_IDS.map((operation) => {
    const before = older.changes.find((change) => change.operation === operation);
    const after = newer.changes.find((change) => change.operation === operation);
    // Its start has not been delivered yet.
    if (before?.kind === 'started' && after?.kind === 'continues') return { ...after, kind: before.kind };
    return after ?? before;
  }).filter((change) => change !== undefined);
  const workloads = mergeWorkloadNews(older.workloads, newer.workloads);
  const { headline, likelyCause } = newer.headline === '' ? older : newer;
  const heldBack = older.heldBack + newer.heldBack;
  return { ...newer, headline, likelyCause, changes, heldBack, ...(workloads && { workloads }) };
}
