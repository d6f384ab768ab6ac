import { hostname } from 'node:os';
import { type OperationHealth, pause, QueueError, type QueueLink, startQueueLink } from '@podips/shared';
import { PodChanges } from './changes/pod-changes.js';
import { followPods, type PodFeedEvents } from './cluster/pod-feed.js';
import { Publisher } from './delivery/publisher.js';
import type { ReaderParts } from './reader.js';
import type { LedgerState, LoadedLedger } from './store/ledger.js';
import { LedgerWriter } from './store/ledger-writer.js';

/** What runs while this reader leads: API server -> pod feed -> changes -> publisher -> queue, or outbox -> ledger. */
export interface ActiveReader {
  readonly bufferedMessages: number;
  readonly pendingLeases: number;
  readonly knownPods: number;
  /** Whether the ledger was loaded, at the start or later. */
  readonly hasLedger: boolean;
  /** Settles when another reader has taken the ledger over. */
  readonly fenced: Promise<void>;
  /**
   * Takes in the ledger, if it could not be loaded at the start, and begins to write it.
   * @returns false when that is not possible: begin anew with it
   */
  adopt(ledger: LoadedLedger): Promise<boolean>;
  /** Stops intake, waits for what was taken to be durable and written, closes. */
  stop(): Promise<void>;
}

const QUEUE_FAILED = 503;
/** After these, what is not durable, or not written, is found again by the next reader. */
const SETTLE_DEADLINE_MS = 12_000;
const LEDGER_DEADLINE_MS = 3_000;

/** @param restored the ledger; undefined while it cannot be loaded, or when there is none */
export function startActiveReader(parts: ReaderParts, restored: LoadedLedger | undefined): ActiveReader {
  const { settings, log, metrics, database, notes } = parts;
  const resources = new AsyncDisposableStack();
  const stopping = new AbortController();
  const fenced = Promise.withResolvers<void>();
  const publisher = startPublishing(parts, resources, {
    // Without the ledger all that is there is told anew; adopt names the time before that as a gap.
    outboxFirst: restored !== undefined,
    onOvertaking: () => changes.outboxOvertaken(),
  });
  const writer =
    database &&
    new LedgerWriter(
      {
        ledger: database.ledger,
        durableUpTo: () => publisher.durableUpTo,
        lastSequence: () => publisher.lastSequence,
        openLeases: () => changes.openLeases(),
        log,
        now: () => new Date(),
        onWritten: (leases) => metrics.ledgerWritten.inc(leases),
        onFailed: () => metrics.ledgerFailures.inc(),
        onTaken: () => fenced.resolve(),
      },
      { maxLeases: settings.maxPendingLeases, intervalMs: settings.ledgerIntervalMs },
    );
  const changes = new PodChanges(
    {
      outlet: publisher,
      ledger: writer,
      late: notes.late,
      maxToldBefore: settings.maxPendingLeases,
      origin: { hostname: hostname(), dc: settings.dc },
      now: () => new Date(),
      signal: stopping.signal,
      onChange: ({ pod_ip_status: status, inferred }) =>
        metrics.changes.inc({ status, inferred: String(inferred) }),
      onGap({ startedAt, endedAt, reason }) {
        metrics.gaps.inc({ reason });
        if (startedAt)
          log.warn({ startedAt, endedAt, reason }, 'gap: what came and went in this time was not seen');
        else log.info({ endedAt }, 'first list: of the time before it nothing is known');
      },
    },
    restored,
  );
  let writing: Promise<void> | undefined;
  const startWriting = ({ term }: LoadedLedger) => {
    writer?.begin(term);
    writing ??= writer?.run(stopping.signal);
  };
  if (restored) startWriting(restored);
  const feed = startFeed(parts, changes, restored, stopping.signal);
  return {
    get bufferedMessages() {
      return publisher.buffered;
    },
    get pendingLeases() {
      return writer?.pending ?? 0;
    },
    get knownPods() {
      return changes.knownPods;
    },
    get hasLedger() {
      return writing !== undefined;
    },
    fenced: fenced.promise,
    async adopt(ledger) {
      const adopted = await changes.adopt(ledger);
      if (adopted) startWriting(ledger);
      return adopted;
    },
    async stop() {
      stopping.abort();
      await feed;
      const left = await publisher.settle(AbortSignal.timeout(SETTLE_DEADLINE_MS));
      publisher.close();
      if (left > 0) log.error({ messages: left }, 'neither queue nor database took the last messages');
      const written = writing?.then(() => writer?.flush());
      await Promise.race([written, pause(LEDGER_DEADLINE_MS)]);
      await resources.disposeAsync();
    },
  };
}

function startPublishing(
  parts: ReaderParts,
  resources: AsyncDisposableStack,
  { outboxFirst, onOvertaking }: { outboxFirst: boolean; onOvertaking: () => void },
): Publisher {
  const { settings, log, metrics, database } = parts;
  const { queue } = parts.health;
  const fail = (error: Error) => {
    metrics.publishFailures.inc();
    // A broker may take connections and yet no messages: its disk is full.
    const overdue = error instanceof QueueError && error.code === 'QUEUE_RECEIPT_TIMEOUT';
    queue.fails(QUEUE_FAILED, error.message, overdue ? 'work' : 'link');
  };
  const link: QueueLink = startQueueLink(
    settings.queue,
    {
      onUp() {
        queue.connected();
        publisher.linkChanged();
      },
      onDown(error) {
        fail(error);
        publisher.linkChanged();
      },
      onAlive: () => queue.alive(),
    },
    log,
  );
  const events = {
    onPublished(count: number) {
      metrics.published.inc(count);
      queue.works(`${count} published`);
    },
    onPublishFailed: fail,
    onStored: (count: number) => metrics.stored.inc(count),
    onStoreFailed: () => metrics.storeFailures.inc(),
    onOvertaking,
  };
  const options = { queue: settings.queue.name, maxMessages: settings.maxBufferedMessages, outboxFirst };
  const publisher = new Publisher({ link, outbox: database?.outbox, log, events }, options);
  resources.defer(() => link.stop());
  const timer = setInterval(() => publisher.drainOutbox(), settings.outboxIntervalMs);
  resources.defer(() => clearInterval(timer));
  return publisher;
}

function startFeed(
  parts: ReaderParts,
  changes: PodChanges,
  restored: LedgerState | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { settings, log, client } = parts;
  const options = {
    resumeFrom: restored?.position?.resourceVersion,
    pageSize: settings.pageSize,
    requestDeadlineMs: settings.requestDeadlineMs,
    idleMs: settings.watchIdleMs,
    watchTimeoutSeconds: settings.watchTimeoutSeconds,
  };
  return followPods(client, changes, options, feedEvents(parts, parts.health.kubernetes), log, signal);
}

function feedEvents({ metrics, log }: ReaderParts, health: OperationHealth): PodFeedEvents {
  return {
    onAlive(what) {
      metrics.apiSignals.inc({ what });
      health.works(what);
    },
    onFailure(error) {
      metrics.apiFailures.inc({ status: error.status });
      health.fails(error.status, error.message);
    },
    onSkipped(what, reason) {
      metrics.skipped.inc({ what });
      log.warn({ err: reason, what }, 'input not understood');
    },
    onList: (reason) => metrics.lists.inc({ reason }),
    onFull: () => metrics.full.inc(),
  };
}
