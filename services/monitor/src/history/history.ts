import { join } from 'node:path';
import type { Logger } from '@podips/shared';
import { ALWAYS_ATTENTIVE, type Attention } from '../status/attention.js';
import type { LightId } from '../status/statuses.js';
import type { Transition } from '../status/tracker.js';
import type { IncidentView, SlotView, UptimeView } from '../view/status-view.js';
import { type Extent, extentOf, listIncidents } from './incidents.js';
import { createJournal, diskFiles, type JournalFiles } from './journal.js';
import { formatRun, formatSpan, formatTimeline } from './journal-line.js';
import { loadJournal } from './load-journal.js';
import { plausibleSpans, runsUntil } from './plausible.js';
import { buildStrip, SLOT_MS, type StripWindow } from './strip.js';
import { createTimeline, PULSE_MS, type Run, type Span, type Timeline } from './timeline.js';
import { knownPieces, uptimesOf } from './uptime.js';
import { watchedMs } from './watched.js';

export interface HistoryOptions {
  /** The folder of the monitor's data. */
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  /** How long after its end an incident is shown. */
  readonly shownDays: number;
  /** When the monitor stood still: then it watched nothing. */
  readonly attention?: Attention;
  /** Most transitions that are kept; beyond them the shortest improvements are folded away. */
  readonly maxSpans?: number;
  readonly files?: JournalFiles;
}

/** The transitions of the lights, kept across restarts. It never waits for the disk. */
export interface History {
  /** Returns at once, never throws. */
  record(transition: Transition): void;
  /** The light that was on last; undefined: no heartbeat of the operation was ever received. */
  last(operation: LightId): Span | undefined;
  /** The newest first. @param beforeMs only those that began earlier */
  incidents(limit: number, beforeMs?: number): IncidentView[];
  /** How much is known of a time in which a light was red or yellow. @param endMs undefined: it lasts */
  extent(operation: LightId, startMs: number, endMs?: number): Extent;
  /** The last 24 hours, or another time, oldest first; `unknown` where the monitor was not running. */
  strip(operation: LightId, nowMs: number, window?: StripWindow): SlotView[];
  /** How long the light was green in some windows that end now, as of this minute. */
  uptime(operation: LightId, nowMs: number): UptimeView[];
  /** For how long the monitor was running since then, without what was before an interruption that was longer than the given gap. */
  watchedMs(sinceMs: number, maxGapMs: number): number;
  /** Why the history is incomplete or not saved, for people to read; undefined while all is well. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

export const HISTORY_FILE = 'history.jsonl';
const MAX_SPANS = 10_000;
const DAY_MS = 86_400_000;

/** Reads the history of earlier runs and continues it. */
export async function openHistory(options: HistoryOptions): Promise<History> {
  const { dir, now, log, shownDays, maxSpans = MAX_SPANS, files = diskFiles } = options;
  const { attention = ALWAYS_ATTENTIVE } = options;
  const path = join(dir, HISTORY_FILE);
  const timeline = createTimeline(maxSpans);
  const loaded = await loadJournal({ path, timeline, log, now });
  const journal = createJournal({
    path,
    log,
    snapshot: () => formatTimeline(timeline),
    goodLines: loaded.goodLines,
    files: loaded.quarantine === undefined ? files : quarantineFirst(files, loaded.quarantine),
  });
  const ran = (run: Run) => {
    timeline.addRun(run);
    journal.append(formatRun(run));
  };
  const stopPulse = startPulse((isStart) => {
    attention.look();
    const nowMs = now();
    ran({ fromMs: nowMs, toMs: nowMs, ...(isStart && { isStart }) });
  });
  attention.onStandstill(({ fromMs, toMs }) => {
    ran({ fromMs, toMs: fromMs });
    ran({ fromMs: toMs, toMs, isStart: true });
  });

  return {
    record(transition) {
      const span = toSpan(transition);
      timeline.add(transition.operation, span);
      journal.append(formatSpan(transition.operation, span));
    },
    last: (operation) => plausibleSpans(timeline.spans(operation), now()).at(-1),
    incidents(limit, beforeMs) {
      const nowMs = now();
      const endedAfterMs = nowMs - shownDays * DAY_MS;
      return listIncidents(timeline, {
        limit,
        nowMs,
        endedAfterMs,
        ...(beforeMs !== undefined && { beforeMs }),
      });
    },
    extent(operation, startMs, endMs) {
      const nowMs = now();
      const spans = plausibleSpans(timeline.spans(operation), nowMs);
      return extentOf(knownPieces(spans, runsUntil(timeline, nowMs), nowMs), startMs, endMs ?? nowMs);
    },
    strip: cacheStrips(timeline),
    uptime: cacheUptimes(timeline),
    watchedMs: (sinceMs, maxGapMs) => watchedMs(runsUntil(timeline, now()), sinceMs, maxGapMs),
    get problem() {
      const folded = timeline.folded ? describeFolding(maxSpans) : undefined;
      return joined([journal.problem, loaded.problem, folded]);
    },
    async close() {
      stopPulse();
      await journal.close();
    },
  };
}

/** The files, with a quarantine that must succeed before the file with the damage is replaced. */
function quarantineFirst(files: JournalFiles, quarantine: () => Promise<void>): JournalFiles {
  let done = false;
  return {
    append: files.append,
    async replace(path, text) {
      if (!done) await quarantine();
      done = true;
      await files.replace(path, text);
    },
  };
}

function joined(problems: readonly (string | undefined)[]): string | undefined {
  const known = problems.filter((text) => text !== undefined);
  return known.length === 0 ? undefined : known.join('; ');
}

function describeFolding(maxSpans: number): string {
  return `more than ${maxSpans} transitions of lights: the shortest recoveries are no longer shown`;
}

/** Calls at once with true, then every minute, and at the end. */
function startPulse(pulse: (isStart?: true) => void): () => void {
  pulse(true);
  const timer = setInterval(pulse, PULSE_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    pulse();
  };
}

function toSpan({ to, atMs, heartbeat }: Transition): Span {
  if (to === 'yellow') return { light: to, sinceMs: atMs, code: undefined, message: 'no heartbeat in time' };
  if (to === 'grey') return { light: to, sinceMs: atMs, code: heartbeat?.code, message: '' };
  return { light: to, sinceMs: atMs, code: heartbeat?.code, message: heartbeat?.message ?? '' };
}

/** A strip changes with the history, which has a pulse each minute, and with each new slot. */
function cacheStrips(timeline: Timeline): History['strip'] {
  const cached = cacheByKey<SlotView[]>();
  return (operation, nowMs, window = '24h') =>
    cached(`${operation} ${window}`, `${timeline.version} ${Math.floor(nowMs / SLOT_MS)}`, () =>
      buildStrip({ spans: timeline.spans(operation), runs: runsUntil(timeline, nowMs), nowMs, window }),
    );
}

function cacheUptimes(timeline: Timeline): History['uptime'] {
  const cached = cacheByKey<UptimeView[]>();
  return (operation, nowMs) =>
    cached(operation, `${timeline.version} ${Math.floor(nowMs / PULSE_MS)}`, () => {
      const spans = plausibleSpans(timeline.spans(operation), nowMs);
      return uptimesOf(knownPieces(spans, runsUntil(timeline, nowMs), nowMs), nowMs);
    });
}

/** Values by their names, each made again when its key is another one. */
function cacheByKey<T>(): (name: string, key: string, make: () => T) => T {
  const cache = new Map<string, { key: string; value: T }>();
  return (name, key, make) => {
    const known = cache.get(name);
    if (known?.key === key) return known.value;
    const value = make();
    cache.set(name, { key, value });
    return value;
  };
}
