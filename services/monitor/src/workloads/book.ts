import {
  isDisruption,
  isFailure,
  isRejection,
  isRun,
  keyOf,
  type PodLife,
  type Restart,
  type WorkloadName,
} from './facts.js';
import { createLatestLives, type LatestLives } from './latest-lives.js';
import {
  type LastTrouble,
  type Measure,
  measure,
  spansOf,
  type WorkloadPage,
  worstFirst,
} from './measure.js';
import { createNodeEvents, type NodeEvent, type NodePart } from './node-events.js';
import { createPairing, type Pairing } from './pairing.js';
import { createTally } from './tally.js';

/** So many of a workload's latest pods and restarts are kept. */
const MAX_LATEST = 60;
/** The last one counts; of those that a node turns out to be the cause of, the one before. */
const MAX_TROUBLES = 20;
/** Of more, those are forgotten that nothing happened to for longest: each takes some 20 kB. */
export const MAX_WORKLOADS = 2_000;
const MAX_CHOICES = 100;

/** All that is counted of workloads. It takes the facts in about the order in which they happened. */
export interface WorkloadBook {
  /**
   * When the first end or restart of a cluster was that is known, in milliseconds since the epoch; of all clusters the
   * latest of these. Infinite while none is.
   */
  sinceMs(cluster: string | undefined): number;
  /**
   * There were more workloads than are kept, and those were forgotten that nothing happened to for longest: up to this time
   * something did, in milliseconds since the epoch; -Infinity: none was.
   */
  readonly forgottenUntilMs: number;
  /** The names of clusters, namespaces and kinds, to choose from; in order, and at most 100 of each. */
  choices(): Choices;
  /** @param isOpen whether it runs: what has ended by now is told of once more, with its end */
  started(life: PodLife, isOpen?: boolean): void;
  /** @param life with its end; also of a pod whose start was not given */
  ended(life: PodLife): void;
  /** @param life with its end, of a pod that failed before it had an address */
  rejected(life: PodLife): void;
  restarted(restart: Restart): void;
  /** Everything of a cluster up to a time was told, in milliseconds since the epoch. */
  counted(cluster: string, untilMs: number): void;
  /** Measures workloads for a window before `nowMs`. In milliseconds. */
  measure(windowMs: number, nowMs: number): Measures;
  /** One workload; undefined when nothing is known of it. */
  look(name: WorkloadName): WorkloadPage | undefined;
  /** Nodes to whose pods something happened together, after a time. */
  nodeEvents(fromMs: number): NodeEvent[];
}

export interface Choices {
  readonly clusters: readonly string[];
  readonly namespaces: readonly string[];
  readonly kinds: readonly string[];
}

/** The workloads as they were in a window of time. */
export interface Measures {
  /** Those that something happened to, the worst first. */
  ranked(): Measure[];
  /** One of them; undefined when nothing at all is known of it. */
  of(name: WorkloadName): Measure | undefined;
}

interface Entry extends WorkloadPage {
  readonly lives: LatestLives;
  readonly restarts: Restart[];
  readonly pairing: Pairing;
  readonly troubles: LastTrouble[];
  /** The time of the last of its facts. */
  lastMs: number;
}

/** @param minutesFromMs nothing before is asked for by the minute, in milliseconds since the epoch */
export function createWorkloadBook(minutesFromMs = Number.NEGATIVE_INFINITY): WorkloadBook {
  const entries = new Map<string, Entry>();
  /** The same by the objects that name them, of which most facts of a workload share one. */
  let byName = new WeakMap<WorkloadName, Entry>();
  const nodes = createNodeEvents();
  /** What pods were disrupted by, perhaps with others of their node. */
  const disruptions = new WeakMap<PodLife, NodePart>();
  /** What was before the first end or restart is not known. Starts are older: of pods that ran when it all began. */
  const sinceMs = new Map<string, number>();
  let forgottenUntilMs = Number.NEGATIVE_INFINITY;

  const newEntry = (workload: WorkloadName): Entry => {
    if (entries.size >= MAX_WORKLOADS) {
      const oldest = [...entries].reduce((a, b) => (b[1].lastMs < a[1].lastMs ? b : a));
      entries.delete(oldest[0]);
      byName = new WeakMap();
      forgottenUntilMs = Math.max(forgottenUntilMs, oldest[1].lastMs);
    }
    const tally = createTally(minutesFromMs);
    const lives = createLatestLives(MAX_LATEST);
    const entry = {
      workload,
      tally,
      lives,
      restarts: [],
      pairing: createPairing(),
      troubles: [],
      lastMs: Number.NEGATIVE_INFINITY,
    };
    entries.set(keyOf(workload), entry);
    return entry;
  };
  const entryOf = (workload: WorkloadName, atMs: number): Entry => {
    let entry = byName.get(workload);
    if (entry === undefined) {
      entry = entries.get(keyOf(workload)) ?? newEntry(workload);
      byName.set(workload, entry);
    }
    entry.lastMs = Math.max(entry.lastMs, atMs);
    return entry;
  };

  const know = (cluster: string, atMs: number) =>
    sinceMs.set(cluster, Math.min(sinceMs.get(cluster) ?? Number.POSITIVE_INFINITY, atMs));

  return {
    sinceMs: (cluster) =>
      cluster === undefined
        ? Math.max(...sinceMs.values())
        : (sinceMs.get(cluster) ?? Number.POSITIVE_INFINITY),
    get forgottenUntilMs() {
      return forgottenUntilMs;
    },

    choices() {
      const all = [...entries.values()].map(({ workload }) => workload);
      const of = (field: 'cluster' | 'namespace' | 'kind') =>
        [...new Set(all.map((workload) => workload[field]))].sort().slice(0, MAX_CHOICES);
      return { clusters: of('cluster'), namespaces: of('namespace'), kinds: of('kind') };
    },

    started(life, isOpen = true) {
      // Nothing replaces a pod without an owner, and each has a name of its own.
      if (life.workload.kind === 'BarePod') return;
      const entry = entryOf(life.workload, life.startedAtMs);
      entry.tally.add('started', life.startedAtMs);
      if (isOpen) entry.lives.keep(life);
      const replaced = isRun(life.workload) ? undefined : entry.pairing.started(life);
      if (replaced !== undefined) countEnd(entry, replaced, 'replaced', disruptions.get(replaced));
    },

    ended(life) {
      const { end, workload } = life;
      if (end === undefined || (workload.kind === 'BarePod' && !isFailure(end.cause))) return;
      const entry = entryOf(workload, end.atMs);
      entry.tally.add('ended', end.atMs);
      know(workload.cluster, end.atMs);
      entry.lives.keep(life);
      if (isDisruption(end.cause)) entry.tally.add('disrupted', end.atMs);
      const part = nodes.ended(life, end);
      if (part) disruptions.set(life, part);
      if (end.cause === 'Completed') entry.tally.add('succeeded', end.atMs);
      else if (isFailure(end.cause)) countEnd(entry, life, 'failed');
      else if (!isRun(workload) && entry.pairing.ended(life, end.atMs))
        countEnd(entry, life, 'replaced', part);
    },

    rejected(life) {
      const { end, workload } = life;
      if (end === undefined) return;
      const entry = entryOf(workload, end.atMs);
      know(workload.cluster, end.atMs);
      entry.tally.add('ended', end.atMs);
      entry.lives.keep(life);
      if (isDisruption(end.cause)) entry.tally.add('disrupted', end.atMs);
      if (isRejection(end.cause)) countEnd(entry, life, 'failed');
    },

    restarted(restart) {
      const entry = entryOf(restart.workload, restart.atMs);
      know(restart.workload.cluster, restart.atMs);
      keep(entry.restarts, restart);
      const times = restart.count - restart.countBefore;
      countTrouble(entry, { ...restart, what: 'restarted' }, times, nodes.restarted(restart));
    },

    counted(cluster, untilMs) {
      for (const { workload, pairing } of entries.values())
        if (workload.cluster === cluster) pairing.forgetBefore(untilMs);
    },

    measure(windowMs, nowMs) {
      const spans = new Map([...sinceMs].map(([cluster, atMs]) => [cluster, spansOf(windowMs, nowMs, atMs)]));
      const unknown = spansOf(windowMs, nowMs, Number.POSITIVE_INFINITY);
      const measured = (entry: Entry) => measure(entry, spans.get(entry.workload.cluster) ?? unknown);
      return {
        ranked: () =>
          [...entries.values()]
            .map(measured)
            .filter(({ counts }) => Object.values(counts).some((count) => count > 0))
            .sort(worstFirst),
        of(name) {
          const entry = entries.get(keyOf(name));
          return entry && measured(entry);
        },
      };
    },

    look: (name) => entries.get(keyOf(name)),
    nodeEvents: (fromMs) => nodes.after(fromMs),
  };
}

function countEnd(entry: Entry, { pod, end }: PodLife, what: 'replaced' | 'failed', part?: NodePart): void {
  if (end !== undefined) countTrouble(entry, { ...end, pod, what }, 1, part);
}

const COUNTED_AS = { replaced: 'replaced', failed: 'failed', restarted: 'restarts' } as const;

/** Counts what should not have happened, unless its node is the cause. */
function countTrouble(
  { tally, troubles }: Entry,
  { what, pod, cause, exitCode, atMs }: LastTrouble,
  times: number,
  part: NodePart | undefined,
): void {
  if (part?.isOfNode) return;
  const trouble = { what, pod, cause, exitCode, atMs };
  tally.add(COUNTED_AS[what], atMs, times);
  troubles.splice(troubles.findLastIndex((one) => one.atMs <= atMs) + 1, 0, trouble);
  if (troubles.length > MAX_TROUBLES) troubles.shift();
  part?.count(() => {
    tally.add(COUNTED_AS[what], atMs, -times);
    const index = troubles.indexOf(trouble);
    if (index >= 0) troubles.splice(index, 1);
  });
}

function keep<T>(latest: T[], one: T): void {
  latest.push(one);
  if (latest.length > MAX_LATEST) latest.shift();
}
