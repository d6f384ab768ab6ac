import { join } from 'node:path';
import { type Logger, OK, type ReaderReport, type WriterReport } from '@podips/shared';
import { openDocument } from '../files/document.js';
import { Type } from '../schema/type.js';
import { ALWAYS_ATTENTIVE, type Attention } from '../status/attention.js';
import type { Heartbeat, LightId } from '../status/statuses.js';
import { Backlogs } from './backlog.js';
import type { FlowView } from './flow-view.js';
import { Processes, type Progress } from './processes.js';
import type { Report } from './report.js';
import { FlowSeries, FlowSlot, type Sample } from './series.js';
import { Unread } from './unread.js';

export const FLOW_FILE = 'flow.json';

/** A message waits for a writer that is silent, or that receives nothing, for so long. */
const OVERDUE_MS = 20_000;
/** A message waits for a writer that is behind for so long. */
const LATE_MS = 60_000;
const LOOK_MS = 2_000;

export interface FlowOptions {
  readonly now: () => number;
  /** Milliseconds of a monotonic clock. */
  readonly monotonicMs?: () => number;
  /** The last 24 hours of an earlier run. */
  readonly slots?: readonly FlowSlot[] | undefined;
  /** Whether the monitor listens: what was known before it stood still is as old as that. */
  readonly attention?: Attention;
  /** Called when another part of the 24 hours has begun. */
  readonly onSlot?: () => void;
}

/** Follows messages from the reader to Fluentd, by the reports of both. */
export interface Flow {
  receive(report: Report): void;
  /** A heartbeat came: all that is known of writers that send no reports. */
  onHeartbeat(heartbeat: Pick<Heartbeat, 'operation' | 'code'>): void;
  /** Whether an operation does not work off what waits for it; undefined: that is not known yet. */
  isOverdue(operation: LightId): boolean | undefined;
  /** undefined: no process has reported in the last 24 hours. */
  view(): FlowView | undefined;
  /** The last report of the reader that leads; undefined while it is silent. */
  readonly reader: ReaderReport | undefined;
  /** The last 24 hours, oldest first. */
  readonly slots: readonly FlowSlot[];
  /** Calls the listener after each report, and every two seconds: silence is news as well. */
  onNews(listener: () => void): void;
  stop(): void;
}

/** A flow whose last 24 hours survive a restart. */
export interface SavedFlow extends Omit<Flow, 'stop'> {
  /** Why they cannot be saved or read; undefined without a problem. */
  readonly problem: string | undefined;
  stop(): Promise<void>;
}

const Saved = Type.Object({ version: Type.Literal(1), slots: Type.Array(FlowSlot) });

/** Opens the last 24 hours of an earlier run, and follows reports. */
export async function openFlow(options: {
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  readonly attention?: Attention;
}): Promise<SavedFlow> {
  const { dir, now, log, attention = ALWAYS_ATTENTIVE } = options;
  const document = await openDocument({
    path: join(dir, FLOW_FILE),
    what: 'the throughput of the last 24 hours',
    schema: Saved,
    content: () => ({ version: 1 as const, slots: [...flow.slots] }),
    log,
    now,
  });
  const flow = createFlow({ now, attention, slots: document.saved?.slots, onSlot: document.changed });
  return {
    ...flow,
    get reader() {
      return flow.reader;
    },
    get slots() {
      return flow.slots;
    },
    get problem() {
      return document.problem ?? document.damage;
    },
    async stop() {
      flow.stop();
      document.changed();
      await document.close();
    },
  };
}

/** Follows reports in memory. */
export function createFlow(options: FlowOptions): Flow {
  const { now, monotonicMs = () => performance.now(), onSlot = () => undefined } = options;
  const { attention = ALWAYS_ATTENTIVE } = options;
  const series = new FlowSeries(options.slots);
  const listeners: (() => void)[] = [];
  let unread = new Unread();
  const readers = new Processes<ReaderReport>(({ published }) => published);
  const writers = new Processes<WriterReport>(({ written }) => written);
  let backlogs = new Backlogs();

  const receiveReader = (report: ReaderReport, nowMs: number): Sample => {
    const published = readers.receive(report, nowMs);
    const known = writers.all.map((writer) => writer.report);
    backlogs.published(report, known, nowMs);
    const { queued = 0 } = backlogs.at(nowMs);
    return { published, waiting: report.buffered + (report.outbox ?? 0) + queued };
  };
  const receiveWriter = (report: WriterReport, nowMs: number): Sample => {
    const written = writers.receive(report, nowMs);
    backlogs.delivered(report);
    return { written, lagMs: report.lagMs };
  };
  let lateSinceMs: number | undefined;
  /** Since when messages are late is known only from looks that follow each other. */
  const lookForLate = (state = waitingOf({ readers, writers, backlogs, series }, monotonicMs()).state) => {
    lateSinceMs = state === 'late' ? (lateSinceMs ?? now()) : undefined;
  };
  const tellNews = () => {
    lookForLate();
    for (const listener of listeners) listener();
  };
  const timer = setInterval(tellNews, LOOK_MS).unref();
  // As after a start, nothing is known yet.
  attention.onStandstill(() => {
    readers.clear();
    writers.clear();
    backlogs = new Backlogs();
    unread = new Unread();
  });

  return {
    receive(report) {
      // What waited for the monitor says how it was before.
      if (attention.isCatchingUp()) return;
      const nowMs = monotonicMs();
      const sample =
        report.service === 'reader' ? receiveReader(report, nowMs) : receiveWriter(report, nowMs);
      if (series.add(sample, now())) onSlot();
      tellNews();
    },
    onHeartbeat({ operation, code }) {
      if (code !== OK || attention.isCatchingUp()) return;
      const nowMs = monotonicMs();
      unread.heartbeat(operation, nowMs);
      const isOfWriter = operation === 'queue/read' || operation === 'log';
      if (!isOfWriter || writers.newest === undefined || writers.fresh(nowMs).length > 0) return;
      // A writer works that does not report, as earlier versions do not: what it delivers is not known.
      writers.clear();
      backlogs = new Backlogs();
    },
    isOverdue(operation) {
      attention.look();
      if (operation !== 'queue/read' && operation !== 'log') return false;
      const isRead = operation === 'queue/read';
      if (writers.newest === undefined) return isRead ? unread.isOverdue : undefined;
      const nowMs = monotonicMs();
      // A writer that reports has nothing to write; one that is silent writes nothing either.
      if (!isRead && writers.fresh(nowMs).length > 0) return false;
      return isStuck({ writers, backlogs }, nowMs);
    },
    view() {
      attention.look();
      const view = viewOf({ readers, writers, backlogs, series }, monotonicMs());
      lookForLate(view?.state);
      const lateSince = lateSinceMs === undefined ? null : new Date(lateSinceMs).toISOString();
      return view && { ...view, lateSince };
    },
    get reader() {
      return readers.fresh(monotonicMs()).at(-1)?.report;
    },
    onNews: (listener) => void listeners.push(listener),
    get slots() {
      return series.slots;
    },
    stop: () => clearInterval(timer),
  };
}

/** Whether messages wait that no writer receives; undefined: not known, as after a start. */
function isStuck({ writers, backlogs }: Pick<Facts, 'writers' | 'backlogs'>, nowMs: number) {
  const { queued, oldestMs = 0, isOlder } = backlogs.at(nowMs);
  if (queued === 0) return false;
  const working = writers.fresh(nowMs).filter((writer) => isAtWork(writer, nowMs));
  // What it has may be waiting for Fluentd; that is another link.
  if (working.some(({ report, hasGrown }) => report.inFlight > 0 || hasGrown)) return false;
  if (oldestMs > OVERDUE_MS) return working.length === 0 || undefined;
  return isOlder || queued === undefined ? undefined : false;
}

function isAtWork({ report, grewAtMs }: Progress<WriterReport>, nowMs: number): boolean {
  return report.inFlight > 0 || nowMs - grewAtMs <= OVERDUE_MS;
}

interface Facts {
  readonly readers: Processes<ReaderReport>;
  readonly writers: Processes<WriterReport>;
  readonly backlogs: Backlogs;
  readonly series: FlowSeries;
}

function viewOf(facts: Facts, nowMs: number): Omit<FlowView, 'lateSince'> | undefined {
  const { readers, writers, series } = facts;
  if (readers.newest === undefined && writers.newest === undefined && series.slots.length === 0)
    return undefined;
  // What a reader that is silent had in memory may be gone.
  const reader = readers.fresh(nowMs).at(-1)?.report;
  const lagsMs = writers.fresh(nowMs).flatMap(({ report }) => report.lagMs ?? []);
  return {
    ...waitingOf(facts, nowMs),
    buffered: reader?.buffered ?? null,
    outbox: reader?.outbox ?? null,
    unrecorded: reader?.ledger?.pending ?? null,
    publishedPerSecond: readers.perSecond(nowMs),
    writtenPerSecond: writers.perSecond(nowMs),
    lagMs: lagsMs.length === 0 ? null : Math.max(...lagsMs),
    readerSilentMs: readers.silentMs(nowMs),
    writerSilentMs: writers.silentMs(nowMs),
    series: [...series.slots],
  };
}

function waitingOf(facts: Facts, nowMs: number): Pick<FlowView, 'state' | 'queued' | 'oldestMs'> {
  const { queued, oldestMs, isOlder } = facts.backlogs.at(nowMs);
  if (facts.writers.newest === undefined || queued === undefined)
    return { state: 'not known', queued: null, oldestMs: null };
  const isLate = (oldestMs ?? 0) > LATE_MS || isStuck(facts, nowMs) === true;
  // That it has been there for longer than it was seen says little until that is late.
  if (isOlder && !isLate) return { state: 'not known', queued, oldestMs: null };
  return {
    state: isLate ? 'late' : 'in time',
    queued,
    oldestMs: oldestMs === undefined ? null : Math.round(oldestMs),
  };
}
