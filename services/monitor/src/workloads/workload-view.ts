import { type Static, Type } from '../schema/type.js';
import type { PodLife, Restart } from './facts.js';
import type { Measure, WorkloadPage } from './measure.js';
import type { NodeEvent } from './node-events.js';
import type { Counted } from './tally.js';
import { INSTABILITIES, type Instability } from './unstable.js';
import type { Span } from './windows.js';
import { WINDOW_NAMES, WINDOWS, type WindowName } from './windows.js';
import { describeCounts, describeLast, windowWords } from './words.js';

const Time = Type.String({ format: 'date-time' });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
const MsOrNull = Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]);
const ExitCode = Type.Union([Type.Integer(), Type.Null()]);

/** So many quarters of an hour have the traces of 24 hours. */
export const TRACE_QUARTERS = 96;

const NAMES = {
  cluster: Type.String(),
  namespace: Type.String(),
  kind: Type.String(),
  name: Type.String(),
};

/** What a workload went through within a window. */
export const WorkloadView = Type.Object({
  ...NAMES,
  /** All that follows in a sentence. */
  text: Type.String(),
  /** The window ends then: now, or, where the ledger of its cluster is behind, when that ends. */
  until: Time,
  /** Why it is unstable; null when it is not. */
  unstable: Type.Union([Type.Enum(INSTABILITIES), Type.Null()]),
  /** Pods that ended while another of the same revision started; without those that ended with others on their node. */
  replaced: Count,
  restarts: Count,
  failed: Count,
  succeeded: Count,
  /** Pods that were evicted, preempted, or lost with their node. */
  disrupted: Count,
  started: Count,
  ended: Count,
  /** Pods replaced, restarts and pods failed in a window of this length, by the seven days before; null: not known. */
  usual: Type.Union([Type.Number({ minimum: 0 }), Type.Null()]),
  medianLifeMs: MsOrNull,
  shortestLifeMs: MsOrNull,
  /** When the first one was within the window, to the minute, in 7 days to the quarter of an hour. */
  firstAt: TimeOrNull,
  lastPod: TextOrNull,
  lastCause: TextOrNull,
  lastExitCode: ExitCode,
  lastAt: TimeOrNull,
  /** Pods replaced, restarts and pods failed by the quarter of an hour of the last 24 hours, the newest last. */
  trace: Type.Array(Count),
});

/** Pods of several workloads that ended together on one node, or whose containers it restarted together. */
export const NodeEventView = Type.Object({
  cluster: Type.String(),
  node: Type.String(),
  what: Type.Enum(['ended', 'restarted']),
  from: Time,
  to: Time,
  pods: Count,
  workloads: Count,
  cause: Type.String(),
});

/** A time of which something may be missing. */
const Gap = Type.Object({ from: TimeOrNull, to: Time });

/** How much of the ledger is counted. */
const COUNTED_SO_FAR = {
  window: Type.Enum(WINDOW_NAMES),
  at: Time,
  /** Up to then all is counted; null: the last two weeks are still being counted, and numbers are too low. */
  countedUntil: TimeOrNull,
  /** Nothing is known of ends and restarts before then; null: none has been recorded yet. */
  knownSince: TimeOrNull,
  /** Why the ledger cannot be read; null while it can. */
  error: TextOrNull,
  /** Clusters whose reader has not written for seven days: of them nothing later is known; null: there are none. */
  unwatched: TextOrNull,
  /** Why the answer does not say what happens now; null: it does. */
  doubt: TextOrNull,
  /** Times within the window of which something may be missing, the newest first; at most 20. */
  gaps: Type.Array(Gap),
};

export const WorkloadsAnswer = Type.Object({
  ...COUNTED_SO_FAR,
  /** The worst first. */
  workloads: Type.Array(WorkloadView),
  /** Workloads to which something happened, those that are left out included. */
  total: Count,
  /** Whether there were more than the 2,000 workloads that are kept: those that nothing happened to for longest are left out. */
  leavesOut: Type.Boolean(),
  nodeEvents: Type.Array(NodeEventView),
});

/** Starts and ends of pods' holds on addresses, by the quarter of an hour of the last 24 hours, the newest last. */
export const Changes = Type.Object({
  from: Time,
  quarterMs: Count,
  starts: Type.Array(Count),
  ends: Type.Array(Count),
  /** Times of which something may be missing. */
  gaps: Type.Array(Gap),
});

export const ChangesAnswer = Type.Object({
  at: Time,
  countedUntil: COUNTED_SO_FAR.countedUntil,
  error: COUNTED_SO_FAR.error,
  unwatched: COUNTED_SO_FAR.unwatched,
  ...Changes.properties,
});

/** What the dashboard says of workloads. */
export const WorkloadsSummary = Type.Object({
  countedUntil: TimeOrNull,
  error: TextOrNull,
  unwatched: COUNTED_SO_FAR.unwatched,
  /** The unstable ones, the worst first; at most five of them. */
  unstable: Type.Array(Type.Object({ ...NAMES, text: Type.String() })),
  /** How many are unstable. */
  total: Count,
  changes: Changes,
});

export const PodLifeView = Type.Object({
  pod: Type.String(),
  podUid: Type.String(),
  /** The address that it got first; empty: it failed before it had one. */
  ip: Type.String(),
  node: Type.String(),
  revision: Type.String(),
  startedAt: Time,
  endedAt: TimeOrNull,
  cause: TextOrNull,
  exitCode: ExitCode,
});

export const RestartView = Type.Object({
  pod: Type.String(),
  podUid: Type.String(),
  container: Type.String(),
  at: Time,
  /** So many restarts at once: of all but the last no times are known. */
  restarts: Count,
  cause: TextOrNull,
  exitCode: ExitCode,
});

export const WorkloadAnswer = Type.Object({
  ...COUNTED_SO_FAR,
  workload: WorkloadView,
  /** The latest pods and restarts, at most 60 of each. */
  pods: Type.Array(PodLifeView),
  restarts: Type.Array(RestartView),
});

export type ChangesAnswer = Static<typeof ChangesAnswer>;
export type WorkloadsSummary = Static<typeof WorkloadsSummary>;
export type WorkloadView = Static<typeof WorkloadView>;
export type NodeEventView = Static<typeof NodeEventView>;
export type WorkloadsAnswer = Static<typeof WorkloadsAnswer>;
export type PodLifeView = Static<typeof PodLifeView>;
export type RestartView = Static<typeof RestartView>;
export type WorkloadAnswer = Static<typeof WorkloadAnswer>;

/** A gap as answers have it. */
export function toGapView({ fromMs, toMs }: Span): Static<typeof Gap> {
  return { from: Number.isFinite(fromMs) ? iso(fromMs) : null, to: iso(toMs) };
}

const iso = (ms: number) => new Date(ms).toISOString();

export interface ViewedWorkload {
  readonly page: WorkloadPage;
  readonly measured: Measure;
  readonly unstable: Instability | undefined;
  /** When the window that was measured ends: earlier than now where the ledger is behind. */
  readonly untilMs: number;
  /** Whether all of the ledger is counted. */
  readonly isCounted: boolean;
}

export function toWorkloadView(
  { page, measured, unstable, untilMs, isCounted }: ViewedWorkload,
  window: WindowName,
  nowMs: number,
): WorkloadView {
  const { workload, counts, usual, medianLifeMs, shortestLifeMs, last } = measured;
  const { replaced, restarts, failed, succeeded, disrupted, started, ended } = counts;
  const when = windowWords(window, untilMs, nowMs);
  const said =
    isCounted || measured.trouble > 0 ? describeCounts(counts, usual, when) : `nothing counted yet ${when}`;
  const firstMs = page.tally.first(TRACED, untilMs - WINDOWS[window].ms, untilMs);
  return {
    ...workload,
    text: `${workload.namespace}/${workload.name}, ${workload.kind}: ${said}${last === undefined ? '' : `; last one ${describeLast(last, nowMs)}`}`,
    until: iso(untilMs),
    unstable: unstable ?? null,
    ...{ replaced, restarts, failed, succeeded, disrupted, started, ended },
    usual: usual ?? null,
    medianLifeMs: medianLifeMs ?? null,
    shortestLifeMs: shortestLifeMs ?? null,
    firstAt: firstMs === undefined ? null : iso(firstMs),
    lastPod: last?.pod ?? null,
    lastCause: last?.cause ?? null,
    lastExitCode: last?.exitCode ?? null,
    lastAt: last === undefined ? null : iso(last.atMs),
    trace: traceOf(page, nowMs),
  };
}

const TRACED: readonly Counted[] = ['replaced', 'restarts', 'failed'];

function traceOf({ tally }: WorkloadPage, nowMs: number): number[] {
  const all = TRACED.map((what) => tally.quarters(what, TRACE_QUARTERS, nowMs));
  return Array.from({ length: TRACE_QUARTERS }, (_none, index) =>
    all.reduce((sum, counts) => sum + (counts[index] ?? 0), 0),
  );
}

export function toNodeEventView({ fromMs, toMs, ...event }: NodeEvent): NodeEventView {
  return { ...event, from: iso(fromMs), to: iso(toMs) };
}

export function toPodLifeView({ pod, podUid, ip, node, revision, startedAtMs, end }: PodLife): PodLifeView {
  return {
    ...{ pod, podUid, ip, node, revision },
    startedAt: iso(startedAtMs),
    endedAt: end === undefined ? null : iso(end.atMs),
    cause: end?.cause ?? null,
    exitCode: end?.exitCode ?? null,
  };
}

export function toRestartView({ count, countBefore, atMs, exitCode, ...restart }: Restart): RestartView {
  const { pod, podUid, container, cause } = restart;
  const restarts = count - countBefore;
  return { ...{ pod, podUid, container, restarts, cause }, at: iso(atMs), exitCode: exitCode ?? null };
}
