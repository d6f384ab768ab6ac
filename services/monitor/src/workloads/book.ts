import {
  isDisruption,
  isFailure,
  isRun,
  keyOf,
  type PodLife,
  type Restart,
  type WorkloadName,
} from './facts.js';
import { type LastTrouble, type Measure, measure, spansOf, type WorkloadPage } from './measure.js';
import { createNodeEvents, type NodeEvent } from './node-events.js';
import { createPairing, type Pairing } from './pairing.js';
import { createTally } from './tally.js';

/** So many of a workload's latest pods and restarts are kept. */
const MAX_LATEST = 60;

/** All that is counted of workloads. It takes the facts in about the order in which they happened. */
export interface WorkloadBook {
  started(life: PodLife): void;
  /** @param life with its end; also of a pod whose start was not given */
  ended(life: PodLife): void;
  restarted(restart: Restart): void;
  /** The workloads that something happened to within a window before `nowMs`, the worst first. */
  measure(windowMs: number, nowMs: number): Measure[];
  /** One workload; undefined when nothing is known of it. */
  look(name: WorkloadName): WorkloadPage | undefined;
  /** Nodes whose pods ended together, after a time. */
  nodeEvents(fromMs: number): NodeEvent[];
}

interface Entry extends WorkloadPage {
  readonly lives: PodLife[];
  readonly restarts: Restart[];
  readonly pairing: Pairing;
  last: LastTrouble | undefined;
}

/** @param sinceMs the time from which on the facts are given, in milliseconds since the epoch */
export function createWorkloadBook(sinceMs: number): WorkloadBook {
  const entries = new Map<string, Entry>();
  const nodes = createNodeEvents();

  const entryOf = (workload: WorkloadName): Entry => {
    const key = keyOf(workload);
    let entry = entries.get(key);
    if (entry === undefined) {
      const pairing = createPairing();
      entry = { workload, tally: createTally(), lives: [], restarts: [], pairing, last: undefined };
      entries.set(key, entry);
    }
    return entry;
  };

  return {
    started(life) {
      const entry = entryOf(life.workload);
      entry.tally.add('started', life.startedAtMs);
      keep(entry.lives, life);
      const replaced = isRun(life.workload) ? undefined : entry.pairing.started(life);
      if (replaced !== undefined) countEnd(entry, replaced, 'replaced');
    },

    ended(life) {
      const { end, workload } = life;
      if (end === undefined) return;
      const entry = entryOf(workload);
      entry.tally.add('ended', end.atMs);
      nodes.ended(life, end);
      replaceLife(entry.lives, life);
      if (isDisruption(end.cause)) entry.tally.add('disrupted', end.atMs);
      if (end.cause === 'Completed') entry.tally.add('succeeded', end.atMs);
      else if (isFailure(end.cause)) countEnd(entry, life, 'failed');
      else if (!isRun(workload) && entry.pairing.ended(life, end.atMs)) countEnd(entry, life, 'replaced');
    },

    restarted(restart) {
      const entry = entryOf(restart.workload);
      entry.tally.add('restarts', restart.atMs, restart.count - restart.countBefore);
      keep(entry.restarts, restart);
      noteLast(entry, { ...restart, what: 'restarted' });
    },

    measure(windowMs, nowMs) {
      const spans = spansOf(windowMs, nowMs, sinceMs);
      const [ofNodes, usuallyOfNodes] = [spans.now, spans.before].map((span) =>
        nodes.counts(span.fromMs, span.toMs),
      );
      return [...entries]
        .map(([key, entry]) =>
          measure(entry, spans, { now: ofNodes?.get(key) ?? 0, before: usuallyOfNodes?.get(key) ?? 0 }),
        )
        .filter(({ counts }) => Object.values(counts).some((count) => count > 0))
        .sort((a, b) => b.trouble - a.trouble || (b.last?.atMs ?? 0) - (a.last?.atMs ?? 0));
    },

    look: (name) => entries.get(keyOf(name)),
    nodeEvents: (fromMs) => nodes.after(fromMs),
  };
}

function countEnd(entry: Entry, { pod, end }: PodLife, what: 'replaced' | 'failed'): void {
  if (end === undefined) return;
  entry.tally.add(what, end.atMs);
  noteLast(entry, { ...end, pod, what });
}

function noteLast(entry: Entry, { what, pod, cause, exitCode, atMs }: LastTrouble): void {
  if (entry.last === undefined || entry.last.atMs <= atMs) entry.last = { what, pod, cause, exitCode, atMs };
}

function replaceLife(lives: PodLife[], life: PodLife): void {
  const index = lives.findIndex(({ podUid }) => podUid === life.podUid);
  if (index < 0) keep(lives, life);
  else lives[index] = life;
}

function keep<T>(latest: T[], one: T): void {
  latest.push(one);
  if (latest.length > MAX_LATEST) latest.shift();
}
