import { join } from 'node:path';
import type { Logger, Operation } from '@podips/shared';
import type { Transition } from '../status/tracker.js';
import type { IncidentView, SlotView } from '../view/status-view.js';
import { type Aside, createAside } from './aside.js';
import { listIncidents } from './incidents.js';
import { createJournal, diskFiles, type Journal, type JournalFiles } from './journal.js';
import { formatRun, formatTimeline, formatTurn } from './journal-line.js';
import { loadJournal } from './load-journal.js';
import { createSteadyClock } from './steady-clock.js';
import { buildStrip, SLOT_MS } from './strip.js';
import { createTimeline, plausibleSpans, type Span, type Timeline } from './timeline.js';

export interface HistoryOptions {
  /** The folder of the monitor's data. */
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  readonly keepDays: number;
  /** How long after the start a silence that began before may still turn out to be our own, in milliseconds. */
  readonly graceMs?: number;
  /** Most changes of lights that are kept; beyond them the shortest improvements are folded away. */
  readonly maxSpans?: number;
  readonly files?: JournalFiles;
  /** Milliseconds that only go forward: only a clock that goes like it is believed. */
  readonly monotonicMs?: () => number;
}

/** What the lights were, kept across restarts. A disk that fails or is slow delays nobody. */
export interface History {
  /** Returns at once, never throws. */
  record(transition: Transition): void;
  /** What was on last; undefined: never heard of. */
  last(operation: Operation): Span | undefined;
  /** The newest first. @param beforeMs only those that began earlier */
  incidents(limit: number, beforeMs?: number): IncidentView[];
  /** The last 24 hours, oldest first; `unknown` where the monitor was not running. */
  strip(operation: Operation, nowMs: number): SlotView[];
  /** What is wrong with the history, for people to read; undefined while all is well. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

export const HISTORY_FILE = 'history.jsonl';
const MAX_SPANS = 10_000;
const GRACE_MS = 300_000;
const PULSE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Runs only serve the strip. */
const RUNS_KEPT_MS = 2 * DAY_MS;

/** Reads the history of earlier runs and goes on with it. */
export async function openHistory(options: HistoryOptions): Promise<History> {
  const { dir, now, log, keepDays, graceMs = GRACE_MS, maxSpans = MAX_SPANS, files = diskFiles } = options;
  const { monotonicMs = () => performance.now() } = options;
  const path = join(dir, HISTORY_FILE);
  const timeline = createTimeline(maxSpans);
  const loaded = await loadJournal({ path, timeline, log, now });
  const journal = createJournal({
    path,
    log,
    snapshot: () => formatTimeline(timeline),
    goodLines: loaded.goodLines,
    files,
  });
  const isSteady = createSteadyClock({ now, monotonicMs });
  const aside = createAside({ path, files, log });
  const stopPulse = startPulse(() => {
    const nowMs = now();
    timeline.ran({ fromMs: nowMs, toMs: nowMs });
    if (isSteady() && tidy({ timeline, aside, keepDays, nowMs })) journal.rewrite();
    else journal.append(formatRun({ fromMs: nowMs, toMs: nowMs }));
  });
  const strip = cacheStrips(timeline);

  return {
    record: createRecorder({ timeline, journal, openedAtMs: now(), graceMs }),
    last: (operation) => plausibleSpans(timeline.spans(operation), now()).at(-1),
    incidents: (limit, beforeMs) =>
      listIncidents(timeline, { limit, nowMs: now(), ...(beforeMs !== undefined && { beforeMs }) }),
    strip,
    get problem() {
      const folded = timeline.folded ? describeFolding(maxSpans) : undefined;
      return joined([journal.problem, loaded.problem, aside.problem, folded]);
    },
    async close() {
      stopPulse();
      await journal.close();
      await aside.close();
    },
  };
}

interface RecorderOptions {
  readonly timeline: Timeline;
  readonly journal: Journal;
  readonly openedAtMs: number;
  readonly graceMs: number;
}

/** A light that turned yellow while no monitor was running, and is heard of soon after the start, was never silent. */
function createRecorder({ timeline, journal, openedAtMs, graceMs }: RecorderOptions): History['record'] {
  const unheard = new Set<Operation>();
  return (transition) => {
    const { operation, to, atMs } = transition;
    if (unheard.delete(operation) && (to === 'green' || to === 'red') && atMs < openedAtMs + graceMs) {
      timeline.undoTurn(operation);
      journal.rewrite();
    }
    if (to === 'yellow' && atMs < openedAtMs) unheard.add(operation);
    const span = toSpan(transition);
    timeline.turn(operation, span);
    journal.append(formatTurn(operation, span));
  };
}

interface TidyOptions extends Pick<HistoryOptions, 'keepDays'> {
  readonly timeline: Timeline;
  readonly aside: Aside;
  readonly nowMs: number;
}

/** Removes what the time of a clock that can be believed shows to be wrong or too old. @returns whether there was some */
function tidy({ timeline, aside, keepDays, nowMs }: TidyOptions): boolean {
  const removed = timeline.settle(nowMs);
  aside.take(removed, nowMs);
  return timeline.forgetBefore(nowMs - keepDays * DAY_MS, nowMs - RUNS_KEPT_MS) || removed.length > 0;
}

function joined(problems: readonly (string | undefined)[]): string | undefined {
  const known = problems.filter((text) => text !== undefined);
  return known.length === 0 ? undefined : known.join('; ');
}

function describeFolding(maxSpans: number): string {
  return `more than ${maxSpans} changes of lights: the shortest recoveries are no longer shown`;
}

/** Calls at once, every minute, and at the end. */
function startPulse(pulse: () => void): () => void {
  pulse();
  const timer = setInterval(pulse, PULSE_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    pulse();
  };
}

function toSpan({ to, atMs, heartbeat }: Transition): Span {
  if (to === 'yellow')
    return { light: to, sinceMs: atMs, code: undefined, message: 'no heartbeat came in time' };
  return { light: to, sinceMs: atMs, code: heartbeat?.code, message: heartbeat?.message ?? '' };
}

/** A strip changes with the history, and with each new slot: in between it is not computed again. */
function cacheStrips(timeline: Timeline): History['strip'] {
  const cache = new Map<Operation, { key: string; slots: SlotView[] }>();
  return (operation, nowMs) => {
    const key = `${timeline.version} ${Math.floor(nowMs / SLOT_MS)}`;
    const cached = cache.get(operation);
    if (cached?.key === key) return cached.slots;
    // The monitor runs right now, and has since its last pulse.
    const lastMs = timeline.runs.at(-1)?.toMs ?? nowMs;
    const isRecent = lastMs <= nowMs && nowMs - lastMs <= 2 * PULSE_MS;
    const runs = [...timeline.runs, { fromMs: isRecent ? lastMs : nowMs, toMs: nowMs }];
    const slots = buildStrip({ spans: timeline.spans(operation), runs, nowMs });
    cache.set(operation, { key, slots });
    return slots;
  };
}
