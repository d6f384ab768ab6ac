import { hostname } from 'node:os';
import { aborted, type PodIpMessage, pause } from '@podips/shared';
import { ChangeLog } from './changes/change-log.js';
import type { Cut } from './changes/cut.js';
import type { Gap } from './changes/entry.js';
import { isOfMarker } from './changes/pod-changes.js';
import type { Contradiction } from './changes/timeline.js';
import { type Feeds, openFeeds, type SharedDeps } from './feeds.js';
import type { Leadership } from './leadership/election.js';
import { startOutlet } from './outlet.js';
import type { ReaderDatabase, ReaderParts } from './parts.js';
import type { LoadedLedger } from './store/ledger.js';
import type { Marker } from './store/marker-file.js';
import { Recorder, type RecordingEnd } from './store/recorder.js';
import { pruneRegularly } from './store/retention.js';
import { findTermStart, type TermEnd, type TermOrigin } from './term-start.js';

export interface TermOptions extends TermOrigin {
  /** Loads the ledger for the next term as soon as that is possible; undefined when the signal aborted before. */
  readonly untilLedger: (signal: AbortSignal) => Promise<LoadedLedger | undefined>;
  readonly leadership: Pick<Leadership, 'confirm' | 'standstill'>;
}

export interface EndedTerm {
  readonly end: TermEnd;
  /** Loaded for the next term; undefined: it has to load its own. */
  readonly ledger: LoadedLedger | undefined;
}

/** The work from one load of the ledger to the next: API server -> change log -> queue, or outbox; and -> ledger. */
export interface Term {
  readonly bufferedMessages: number;
  readonly pendingLeases: number;
  readonly knownPods: number;
  /** Runs until the signal aborts or the term has to end, then drains what was received. */
  run(signal: AbortSignal): Promise<EndedTerm>;
}

/** Beyond this, what is not recorded is found again by the next term, and nothing waits for the database. */
const LEDGER_DEADLINE_MS = 3_000;

const STOPPED: EndedTerm = { end: 'stopped', ledger: undefined };

/** A term with a change log of its own; nothing of it outlives the term but what is durable and recorded. */
export function openTerm(parts: ReaderParts, options: TermOptions): Term {
  const { settings, database } = parts;
  const { ledger } = options;
  const now = () => parts.clock.now();
  const log = new ChangeLog({
    maxMessages: settings.maxBufferedMessages,
    maxRows: ledger && settings.maxPendingLeases,
  });
  const recorder = database && ledger && createRecorder(parts, database, ledger, log);
  let feeds: Feeds | undefined;

  const run = async (signal: AbortSignal): Promise<EndedTerm> => {
    await using resources = new AsyncDisposableStack();
    const stopping = new AbortController();
    const outOfOrder = database && parts.markers.outOfOrder;
    const start = findTermStart(options, outOfOrder);
    if (start.latest) parts.clock.startAt(start.latest);
    const outlet = startOutlet(parts, log, start.checkpoint?.knownAt, resources);
    const deps = feedDeps(parts, log, outOfOrder, ledger !== undefined, stopping.signal);
    feeds = openFeeds(parts, deps, start);
    const following = feeds.run(options.leadership, stopping.signal);
    const recording = recorder?.run(stopping.signal);
    const pruning =
      database &&
      ledger &&
      pruneRegularly(database.ledger, settings.ledgerRetentionDays, now, parts.log, stopping.signal);
    const ending = database && untilRestart(recording, options, outOfOrder, now, stopping.signal);
    const ended = await Promise.race([aborted(signal).then(() => STOPPED), ...(ending ? [ending] : [])]);
    stopping.abort();
    await following;
    await outlet.settle();
    const recorded = recording?.then(() => (ended.end === 'fenced' ? undefined : recorder?.flush()));
    await Promise.race([Promise.all([recorded, ending, pruning]), pause(LEDGER_DEADLINE_MS)]);
    return ended;
  };
  return {
    get bufferedMessages() {
      return log.undelivered;
    },
    get pendingLeases() {
      return log.unrecorded;
    },
    get knownPods() {
      return feeds?.knownPods ?? 0;
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
    if (gaps.some(isOfMarker)) markers.outOfOrder.clear();
  };
  const onFailed = () => metrics.ledgerFailures.inc();
  const intervalMs = settings.ledgerIntervalMs;
  return new Recorder({ changes, ledger, term, intervalMs, log, onRecorded, onFailed });
}

/** The end of a term by the end of its recording; `late`: it had no ledger. */
export const RESTARTS = {
  late: 'ledger-late',
  incomplete: 'ledger-overflow',
  reverted: 'ledger-reverted',
  fenced: 'fenced',
} as const satisfies Record<RecordingEnd | 'late', TermEnd>;

/**
 * Waits for the reason to begin the next term. One that needs its ledger is begun when that is loaded: until then this
 * term publishes.
 * @param recording undefined in a term without a ledger
 */
async function untilRestart(
  recording: Promise<RecordingEnd | undefined> | undefined,
  { untilLedger }: TermOptions,
  outOfOrder: Marker | undefined,
  now: () => Date,
  signal: AbortSignal,
): Promise<EndedTerm> {
  const outcome = recording ? await recording : 'late';
  if (outcome === undefined) return STOPPED;
  if (outcome === 'fenced') return { end: 'fenced', ledger: undefined };
  // Should this process be killed before the ledger has the gap, its successor names it.
  if (outcome !== 'late') outOfOrder?.set(now());
  const ledger = await untilLedger(signal);
  if (ledger === undefined) return STOPPED;
  return { end: RESTARTS[outcome], ledger };
}

function feedDeps(
  { settings, metrics, log, clock }: ReaderParts,
  changeLog: ChangeLog,
  outOfOrder: Marker | undefined,
  hasLedger: boolean,
  signal: AbortSignal,
): SharedDeps {
  return {
    log: changeLog,
    origin: { hostname: hostname(), dc: settings.dc },
    clock,
    outOfOrder: hasLedger ? outOfOrder : undefined,
    restartMessages: settings.restartMessages,
    onPublish() {
      // With a database there is a ledger, and this term cannot know what ended according to it.
      if (!hasLedger) outOfOrder?.set(clock.now());
    },
    signal,
    onChange({ pod_namespace: namespace, pod, pod_ip: ip, pod_ip_status: status, inferred }: PodIpMessage) {
      metrics.changes.inc({ status, inferred: String(inferred) });
      log.debug({ pod: `${namespace}/${pod}`, ip, status, inferred }, 'IP change');
    },
    onGap({ startedAt, endedAt, reason }: Gap) {
      metrics.gaps.inc({ reason });
      if (startedAt)
        log.warn({ startedAt, endedAt, reason }, 'gap: not everything in this time can be known');
      else log.info({ endedAt }, 'first list: nothing is known of the time before it');
    },
    onContradiction(found: Contradiction) {
      metrics.contradictions.inc();
      log.error(found, 'defect: two pods seem to have held one address at a time');
    },
  };
}
