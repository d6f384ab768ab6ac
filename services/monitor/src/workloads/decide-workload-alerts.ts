import { remainingMs } from '../alerts/remaining.js';
import { keyOf, type WorkloadName } from './facts.js';
import type { UnstableWorkload } from './find-unstable.js';
import type { Measure } from './measure.js';
import type { Span } from './windows.js';
import { HOUR_MS } from './windows.js';
import { BEHIND_MS } from './words.js';
import {
  MAX_CHANGES,
  troubleOf,
  type WorkloadChange,
  type WorkloadNews,
  type WorkloadTrouble,
} from './workload-alerts.js';

/** What alerts about the workloads of one cluster are decided by. Times in milliseconds since the epoch. */
export interface WorkloadFacts {
  readonly cluster: string;
  /** Up to then everything that happened is known: unstable is what was so in the hour before. */
  readonly knownUntilMs: number;
  /** Whether the ledger could be read at the last attempt. */
  readonly isReadable: boolean;
  /** Something may have happened until then to workloads of which nothing is known any more, because there are so many. */
  readonly forgottenUntilMs: number;
  /** Times of which something may be missing. */
  readonly gaps: readonly Span[];
  /** The worst first. */
  readonly unstable: readonly UnstableWorkload[];
  /** What happened to a workload in that hour; undefined when nothing is known of it, because nothing happened to it for long. */
  measure(workload: WorkloadName): Measure | undefined;
}

export interface WorkloadRules {
  /** After the first change, further ones are awaited for so long. In milliseconds, as all of these. */
  readonly groupWaitMs: number;
  /** Between two messages at least. */
  readonly groupIntervalMs: number;
  /** The repeat interval of an alert that is still firing; 0: never repeated. */
  readonly repeatIntervalMs: number;
  /** A ledger that is further behind says nothing of now. */
  readonly maxBehindMs: number;
  isMuted(workload: WorkloadName): boolean;
}

/** The rules that no setting changes. */
export const WORKLOAD_WAITS = {
  groupWaitMs: 60_000,
  groupIntervalMs: 300_000,
  maxBehindMs: BEHIND_MS,
} satisfies Partial<WorkloadRules>;

export interface WorkloadAlertState {
  /** The unstable workloads of which messages were sent. */
  readonly reported: readonly WorkloadTrouble[];
  /** When the first of the changes was found that wait for a message. */
  readonly waitingSinceMs: number | undefined;
  /** Whether the message that waits is counted as suppressed. */
  readonly isSuppressed: boolean;
  /** Messages that the hourly limit has suppressed since the last one that was sent. */
  readonly suppressed: number;
  readonly sentAtMs: number | undefined;
}

export interface WorkloadDecision {
  readonly state: WorkloadAlertState;
  /** What a message must say now. */
  readonly news?: WorkloadNews;
  /** Decide again after this time, even if nothing is counted until then; undefined: only when something is. */
  readonly waitMs: number | undefined;
}

export const NO_WORKLOADS_REPORTED: WorkloadAlertState = {
  reported: [],
  waitingSinceMs: undefined,
  isSuppressed: false,
  suppressed: 0,
  sentAtMs: undefined,
};

export interface WorkloadMoment {
  readonly facts: WorkloadFacts;
  readonly nowMs: number;
  /** How long the hourly limit of messages allows none; 0: it allows one now. */
  readonly limitMs: number;
}

/** A node is no likely cause of fewer pods that ended. */
const MIN_ENDED = 3;

/**
 * Compares the unstable workloads with those that were reported. One is stable again when for an hour nothing happened to
 * it, or no more than was usual before: near a limit, alerts do not alternate with recoveries. Both are said only of an hour
 * that ended just now, and the latter only of one of which everything is known.
 */
export function decideWorkloadAlerts(
  before: WorkloadAlertState,
  moment: WorkloadMoment,
  rules: WorkloadRules,
): WorkloadDecision {
  const { facts, nowMs, limitMs } = moment;
  const isOurs = (workload: WorkloadName) => workload.cluster === facts.cluster && !rules.isMuted(workload);
  const state = { ...before, reported: before.reported.filter(({ workload }) => isOurs(workload)) };
  const changes = changesOf(state, facts, isCurrent(moment, rules), isOurs);
  const repeatMs = isCurrent(moment, rules) ? untilRepeat(state, nowMs, rules) : undefined;
  if (changes.length === 0 && repeatMs !== 0)
    return { state: { ...state, waitingSinceMs: undefined, isSuppressed: false }, waitMs: repeatMs };
  const waitingSinceMs = state.waitingSinceMs ?? nowMs;
  const waitMs = changes.length === 0 ? 0 : untilGrouped(waitingSinceMs, state, nowMs, rules);
  if (waitMs > 0) return { state: { ...state, waitingSinceMs }, waitMs };
  if (limitMs > 0) return { state: suppress(state, waitingSinceMs, changes.length > 0), waitMs: limitMs };
  const reported = reportedAfter(state, changes);
  const all = changes.length > 0 ? changes : remind(reported, facts);
  const sent = { ...NO_WORKLOADS_REPORTED, reported, sentAtMs: nowMs };
  return {
    state: sent,
    news: {
      changes: all
        .slice(0, MAX_CHANGES)
        .map((change) => (hasGap(change, facts) ? { ...change, hasGap: true } : change)),
      more: Math.max(0, all.length - MAX_CHANGES),
      lasting: reported.length - all.filter(({ kind }) => kind !== 'ended').length,
      likelyNode: likelyNode(all, facts),
    },
    waitMs: untilRepeat(sent, nowMs, rules),
  };
}

/** Counts a message that waits once, and a reminder not at all. */
function suppress(state: WorkloadAlertState, waitingSinceMs: number, isNews: boolean): WorkloadAlertState {
  const counted = isNews && !state.isSuppressed ? 1 : 0;
  const isSuppressed = state.isSuppressed || isNews;
  return { ...state, waitingSinceMs, isSuppressed, suppressed: state.suppressed + counted };
}

/** Whether the facts say how the workloads are now. */
function isCurrent({ facts, nowMs }: WorkloadMoment, { maxBehindMs }: WorkloadRules): boolean {
  return facts.isReadable && nowMs - facts.knownUntilMs <= maxBehindMs;
}

function changesOf(
  { reported }: WorkloadAlertState,
  facts: WorkloadFacts,
  isNow: boolean,
  isOurs: (workload: WorkloadName) => boolean,
): WorkloadChange[] {
  const known = new Set(reported.map(({ workload }) => keyOf(workload)));
  const started = facts.unstable
    .filter(({ workload }) => isNow && isOurs(workload) && !known.has(keyOf(workload)))
    .map((one): WorkloadChange => ({ kind: 'started', trouble: toTrouble(one, facts), untilMs: null }));
  const recovered = reported.filter((trouble) => isNow && isStable(trouble, facts));
  const ended = recovered.map(
    (trouble): WorkloadChange => ({ kind: 'ended', trouble, untilMs: facts.knownUntilMs }),
  );
  return [...started, ...ended];
}

function isStable({ workload, usual, last, sinceMs }: WorkloadTrouble, facts: WorkloadFacts): boolean {
  const { knownUntilMs, gaps, unstable } = facts;
  const fromMs = knownUntilMs - HOUR_MS;
  if (gaps.some((gap) => gap.fromMs < knownUntilMs && gap.toMs > fromMs)) return false;
  if (unstable.some((one) => keyOf(one.workload) === keyOf(workload))) return false;
  const measured = facts.measure(workload);
  if (measured === undefined) return Math.max(facts.forgottenUntilMs, last?.atMs ?? sinceMs) <= fromMs;
  return measured.trouble <= (usual ?? 0);
}

function toTrouble({ workload, why, measured }: UnstableWorkload, facts: WorkloadFacts): WorkloadTrouble {
  return { workload, why, sinceMs: facts.knownUntilMs, ...figuresOf(measured, facts) };
}

function figuresOf({ counts, usual, last }: Measure, { knownUntilMs }: WorkloadFacts) {
  const { replaced, restarts, failed } = counts;
  return {
    atMs: knownUntilMs,
    ...{ replaced, restarts, failed },
    usual: usual ?? null,
    last:
      last === undefined
        ? null
        : { pod: last.pod, cause: last.cause, exitCode: last.exitCode ?? null, atMs: last.atMs },
  };
}

/** The worst first. */
function remind(reported: readonly WorkloadTrouble[], facts: WorkloadFacts): WorkloadChange[] {
  return reported
    .map((trouble) => lasting(trouble, facts))
    .sort((a, b) => troubleOf(b.trouble) - troubleOf(a.trouble));
}

/** With the figures of now. What was usual stays: the trouble itself must not become so. */
function lasting(trouble: WorkloadTrouble, facts: WorkloadFacts): WorkloadChange {
  const measured = facts.measure(trouble.workload);
  const newer = measured && { ...figuresOf(measured, facts), usual: trouble.usual };
  return { kind: 'continues', trouble: { ...trouble, ...newer }, untilMs: null };
}

function reportedAfter(
  { reported }: WorkloadAlertState,
  changes: readonly WorkloadChange[],
): WorkloadTrouble[] {
  const ended = new Set(
    changes.filter(({ kind }) => kind === 'ended').map(({ trouble }) => keyOf(trouble.workload)),
  );
  const started = changes.filter(({ kind }) => kind === 'started').map(({ trouble }) => trouble);
  return [...reported.filter(({ workload }) => !ended.has(keyOf(workload))), ...started];
}

/** Whether a part of what the change speaks of was not watched: its time, or the hour that its figures are of. */
function hasGap({ trouble, untilMs }: WorkloadChange, { gaps, knownUntilMs }: WorkloadFacts): boolean {
  const fromMs = trouble.sinceMs - HOUR_MS;
  return gaps.some((gap) => gap.toMs > fromMs && gap.fromMs < (untilMs ?? knownUntilMs));
}

function likelyNode(changes: readonly WorkloadChange[], facts: WorkloadFacts): WorkloadNews['likelyNode'] {
  const named = new Set(
    changes.filter(({ kind }) => kind !== 'ended').map(({ trouble }) => keyOf(trouble.workload)),
  );
  const found = facts.unstable.filter(({ workload }) => named.has(keyOf(workload)));
  const byNode = new Map<string, { pods: number; counted: number }>();
  for (const { ended, measured } of found)
    for (const [node, count] of ended.disruptedOn) {
      const { pods, counted } = byNode.get(node) ?? { pods: 0, counted: 0 };
      // Pods of a drain end as well, but they are not what makes the workload unstable.
      const more = Math.min(count, measured.counts.replaced + ended.rejected);
      byNode.set(node, { pods: pods + count, counted: counted + more });
    }
  const of = found.reduce((sum, { ended }) => sum + ended.pods, 0);
  const trouble = found.reduce((sum, { measured }) => sum + measured.trouble, 0);
  const [worst] = [...byNode].sort(([, a], [, b]) => b.pods - a.pods);
  if (worst === undefined || of < MIN_ENDED) return null;
  const [node, { pods, counted }] = worst;
  return pods * 2 > of && counted * 2 > trouble ? { node, pods, of } : null;
}

/** Milliseconds until the wait for further changes is over, and the pause after the last message. */
function untilGrouped(
  waitingSinceMs: number,
  { sentAtMs }: WorkloadAlertState,
  nowMs: number,
  { groupWaitMs, groupIntervalMs }: WorkloadRules,
): number {
  const pauseMs = sentAtMs === undefined ? 0 : remainingMs(sentAtMs, groupIntervalMs, nowMs);
  return Math.max(pauseMs, remainingMs(waitingSinceMs, groupWaitMs, nowMs));
}

/** Milliseconds until the alert is repeated; undefined: it is not. */
function untilRepeat(
  { reported, sentAtMs }: WorkloadAlertState,
  nowMs: number,
  { repeatIntervalMs }: WorkloadRules,
): number | undefined {
  if (repeatIntervalMs === 0 || sentAtMs === undefined || reported.length === 0) return undefined;
  return remainingMs(sentAtMs, repeatIntervalMs, nowMs);
}
