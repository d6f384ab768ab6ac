import { hostname } from 'node:os';
import { aborted, type PodIpMessage, pause } from '@podips/shared';
import { ChangeLog, type Cut } from './changes/change-log.js';
import type { Gap } from './changes/entry.js';
import { PodChanges, type TermStart } from './changes/pod-changes.js';
import { followPods, type PodFeedEvents } from './cluster/pod-feed.js';
import type { Leadership } from './leadership/election.js';
import { startOutlet } from './outlet.js';
import type { ReaderDatabase, ReaderParts } from './parts.js';
import type { LoadedLedger } from './store/ledger.js';
import type { Marker } from './store/marker-file.js';
import { Recorder, type RecordingEnd } from './store/recorder.js';
import { pruneRegularly } from './store/retention.js';
import { findTermStart, type TermEnd, type TermOrigin } from './term-start.js';

export interface TermOptions extends TermOrigin {
  /** Settles when a ledger that could not be loaded can be. */
  readonly untilLedger: (signal: AbortSignal) => Promise<void>;
  readonly leadership: Pick<Leadership, 'confirm' | 'standstill'>;
}

/** What runs from one load of the ledger to the next: API server -> change log -> queue, or outbox; and -> ledger. */
export interface Term {
  readonly bufferedMessages: number;
  readonly pendingLeases: number;
  readonly knownPods: number;
  /** Runs until the signal aborts or the term has to end, then drains what was received. */
  run(signal: AbortSignal): Promise<TermEnd>;
}

/** Beyond this, what is not recorded is found again by the next term. */
const LEDGER_DEADLINE_MS = 3_000;

/** A term with a change log of its own; nothing of it outlives the term but what is durable and recorded. */
export function openTerm(parts: ReaderParts, options: TermOptions): Term {
  const { settings, database } = parts;
  const { ledger } = options;
  const log = new ChangeLog({
    maxMessages: settings.maxBufferedMessages,
    maxRows: ledger && settings.maxPendingLeases,
  });
  const recorder = database && ledger && createRecorder(parts, database, ledger, log);
  let changes: PodChanges | undefined;

  const run = async (signal: AbortSignal): Promise<TermEnd> => {
    await using resources = new AsyncDisposableStack();
    const stopping = new AbortController();
    const outOfOrder = database && parts.markers.outOfOrder;
    const start = findTermStart(options, outOfOrder);
    const outlet = startOutlet(parts, log, start.checkpoint?.knownAt, resources);
    changes = createChanges(parts, log, start, ledger && outOfOrder, stopping.signal);
    const feed = startFeed(parts, changes, options, stopping.signal);
    const recording = recorder?.run(stopping.signal);
    const pruning =
      database &&
      ledger &&
      pruneRegularly(database.ledger, settings.ledgerRetentionDays, parts.log, stopping.signal);
    const late = database && !ledger ? options.untilLedger(stopping.signal) : undefined;
    const end = await Promise.race([
      aborted(signal).then(() => 'stopped' as const),
      ...(recording ? [recording.then(endOfRecording)] : []),
      ...(late ? [late.then(() => 'ledger-late' as const)] : []),
    ]);
    stopping.abort();
    await Promise.all([feed, late]);
    await outlet.settle();
    const recorded = recording?.then(() => (end === 'fenced' ? undefined : recorder?.flush()));
    await Promise.race([recorded, pause(LEDGER_DEADLINE_MS)]);
    await pruning;
    return end;
  };
  return {
    get bufferedMessages() {
      return log.undelivered;
    },
    get pendingLeases() {
      return log.unrecorded;
    },
    get knownPods() {
      return changes?.knownPods ?? 0;
    },
    run,
  };
}

function createRecorder(
  { settings, metrics, markers, log }: ReaderParts,
  { ledger }: ReaderDatabase,
  { term }: LoadedLedger,
  changes: ChangeLog,
): Recorder {
  const onRecorded = ({ leases, gaps }: Cut) => {
    metrics.ledgerWritten.inc(leases.length);
    if (gaps.some(({ reason }) => reason === 'late')) markers.outOfOrder.clear();
  };
  const onFailed = () => metrics.ledgerFailures.inc();
  const intervalMs = settings.ledgerIntervalMs;
  return new Recorder({ changes, ledger, term, intervalMs, log, onRecorded, onFailed });
}

function endOfRecording(end: RecordingEnd | undefined): TermEnd {
  if (end === 'incomplete') return 'ledger-overflow';
  return end ?? 'stopped';
}

function createChanges(
  { settings, metrics, log, clock }: ReaderParts,
  changeLog: ChangeLog,
  start: TermStart,
  outOfOrder: Marker | undefined,
  signal: AbortSignal,
): PodChanges {
  const deps = {
    log: changeLog,
    origin: { hostname: hostname(), dc: settings.dc },
    clock,
    now: () => new Date(),
    outOfOrder,
    signal,
    onChange: ({ pod_ip_status: status, inferred }: PodIpMessage) =>
      metrics.changes.inc({ status, inferred: String(inferred) }),
    onGap({ startedAt, endedAt, reason }: Gap) {
      metrics.gaps.inc({ reason });
      if (startedAt)
        log.warn({ startedAt, endedAt, reason }, 'gap: not everything in this time can be known');
      else log.info({ endedAt }, 'first list: nothing is known of the time before it');
    },
  };
  return new PodChanges(deps, start);
}

function startFeed(
  parts: ReaderParts,
  changes: PodChanges,
  { ledger, leadership }: TermOptions,
  signal: AbortSignal,
): Promise<void> {
  const { settings, log, client } = parts;
  const options = {
    resumeFrom: ledger?.checkpoint?.resourceVersion,
    pageSize: settings.pageSize,
    requestDeadlineMs: settings.requestDeadlineMs,
    idleMs: settings.watchIdleMs,
    watchTimeoutSeconds: settings.watchTimeoutSeconds,
    stillLeads: (ended: AbortSignal) => leadership.confirm(ended),
    standstill: leadership.standstill,
  };
  return followPods(client, changes, options, feedEvents(parts), log, signal);
}

function feedEvents({ metrics, log, health: { kubernetes } }: ReaderParts): PodFeedEvents {
  return {
    onAlive(what) {
      metrics.apiSignals.inc({ what });
      kubernetes.works(what);
    },
    onFailure(error) {
      metrics.apiFailures.inc({ status: error.status });
      kubernetes.fails(error.status, error.message);
    },
    onSkipped(what, reason) {
      metrics.skipped.inc({ what });
      log.warn({ err: reason, what }, 'input not understood');
    },
    onList: (reason) => metrics.lists.inc({ reason }),
    onFull: () => metrics.full.inc(),
  };
}
