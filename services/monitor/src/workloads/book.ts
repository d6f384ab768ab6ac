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
/** Of more, those are forgotten that nothing happened to for longest: each takes some 20 kB. */
const MAX_WORKLOADS = 2_000;
/** Puts the pods that run after all that ended. */
const FUTURE_MS = 1e13;

/** All that is counted of workloads. It takes the facts in about the order in which they happened. */
export interface WorkloadBook {
  /** When the first end or restart was that is known, in milliseconds since the epoch; infinite while none is. */
  readonly sinceMs: number;
  started(life: PodLife): void;
  /** @param life with its end; also of a pod whose start was not given */
  ended(life: PodLife): void;
  restarted(restart: Restart): void;
  /** Measures workloads for a window before `nowMs`. In milliseconds. */
  measure(windowMs: number, nowMs: number): Measures;
  /** One workload; undefined when nothing is known of it. */
  look(name: WorkloadName): WorkloadPage | undefined;
  /** Nodes whose pods ended together, after a time. */
  nodeEvents(fromMs: number): NodeEvent[];
}

/** The workloads as they were in a window of time. */
export interface Measures {
  /** Those that something happened to, the worst first. */
  ranked(): Measure[];
  /** One of them; undefined when nothing at all is known of it. */
  of(name: WorkloadName): Measure | undefined;
}

interface Entry extends WorkloadPage {
  readonly lives: PodLife[];
  readonly restarts: Restart[];
  readonly pairing: Pairing;
  last: LastTrouble | undefined;
}

export function createWorkloadBook(): WorkloadBook {
  const entries = new Map<string, Entry>();
  const nodes = createNodeEvents();
  /** What was before the first end or restart is not known. Starts are older: of pods that ran when it all began. */
  let sinceMs = Number.POSITIVE_INFINITY;

  const entryOf = (workload: WorkloadName): Entry => {
    const key = keyOf(workload);
    let entry = entries.get(key);
    if (entry !== undefined) entries.delete(key);
    else {
      const pairing = createPairing();
      entry = { workload, tally: createTally(), lives: [], restarts: [], pairing, last: undefined };
    }
    // The order of a map is that in which its entries were set: those that nothing happened to for longest come first.
    entries.set(key, entry);
    const [oldest] = entries.keys();
    if (entries.size > MAX_WORKLOADS && oldest !== undefined) entries.delete(oldest);
    return entry;
  };

  return {
    get sinceMs() {
      return sinceMs;
    },

    started(life) {
      // Nothing replaces a pod without an owner, and each has a name of its own.
      if (life.workload.kind === 'BarePod') return;
      const entry = entryOf(life.workload);
      entry.tally.add('started', life.startedAtMs);
      keepLife(entry.lives, life);
      const replaced = isRun(life.workload) ? undefined : entry.pairing.started(life);
      if (replaced !== undefined) countEnd(entry, replaced, 'replaced');
    },

    ended(life) {
      const { end, workload } = life;
      if (end === undefined || (workload.kind === 'BarePod' && !isFailure(end.cause))) return;
      const entry = entryOf(workload);
      entry.tally.add('ended', end.atMs);
      sinceMs = Math.min(sinceMs, end.atMs);
      nodes.ended(life, end);
      keepLife(entry.lives, life);
      if (isDisruption(end.cause)) entry.tally.add('disrupted', end.atMs);
      if (end.cause === 'Completed') entry.tally.add('succeeded', end.atMs);
      else if (isFailure(end.cause)) countEnd(entry, life, 'failed');
      else if (!isRun(workload) && entry.pairing.ended(life, end.atMs)) countEnd(entry, life, 'replaced');
    },

    restarted(restart) {
      const entry = entryOf(restart.workload);
      sinceMs = Math.min(sinceMs, restart.atMs);
      entry.tally.add('restarts', restart.atMs, restart.count - restart.countBefore);
      keep(entry.restarts, restart);
      noteLast(entry, { ...restart, what: 'restarted' });
    },

    measure(windowMs, nowMs) {
      const spans = spansOf(windowMs, nowMs, sinceMs);
      const ofNodes = nodes.counts(spans.now.fromMs, spans.now.toMs);
      const ofNodesBefore = nodes.counts(spans.before.fromMs, spans.before.toMs);
      const measureEntry = (key: string, entry: Entry) =>
        measure(entry, spans, { now: ofNodes.get(key) ?? 0, before: ofNodesBefore.get(key) ?? 0 });
      return {
        ranked: () =>
          [...entries]
            .map(([key, entry]) => measureEntry(key, entry))
            .filter(({ counts }) => Object.values(counts).some((count) => count > 0))
            .sort((a, b) => b.trouble - a.trouble || (b.last?.atMs ?? 0) - (a.last?.atMs ?? 0)),
        of(name) {
          const entry = entries.get(keyOf(name));
          return entry && measureEntry(keyOf(name), entry);
        },
      };
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

/** Keeps the latest: those that run, and those that ended last. */
function keepLife(lives: PodLife[], life: PodLife): void {
  const index = lives.findIndex(({ podUid }) => podUid === life.podUid);
  if (index >= 0) lives[index] = life;
  else lives.push(life);
  if (lives.length <= MAX_LATEST) return;
  const endOf = ({ startedAtMs, end }: PodLife) => (end === undefined ? startedAtMs + FUTURE_MS : end.atMs);
  const first = lives.reduce((a, b) => (endOf(b) < endOf(a) ? b : a));
  lives.splice(lives.indexOf(first), 1);
}

function keep<T>(latest: T[], one: T): void {
  latest.push(one);
  if (latest.length > MAX_LATEST) latest.shift();
}
