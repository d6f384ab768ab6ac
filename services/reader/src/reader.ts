import { hostname } from 'node:os';
import {
  type Logger,
  type OperationHealth,
  openPool,
  openStatusFile,
  type Running,
  startHeartbeats,
  startOpsServer,
  startQueueLink,
  trackOperation,
} from '@podips/shared';
import { createKubeClient } from './kube-client.js';
import { createReaderMetrics, type ReaderMetrics } from './metrics.js';
import { createOutbox, type Outbox } from './outbox.js';
import { trackPodChanges } from './pod-changes.js';
import { followPods, type PodFeedEvents } from './pod-feed.js';
import { Publisher } from './publisher.js';
import type { ReaderSettings } from './settings.js';

export interface Reader extends Running {
  readonly httpPort: number;
}

/** What the parts of a reader share while they are put together. */
interface Parts {
  readonly settings: ReaderSettings;
  readonly log: Logger;
  readonly metrics: ReaderMetrics;
  /** Released in reverse order, going on past failures. */
  readonly resources: AsyncDisposableStack;
}

const QUEUE_FAILED = 503;
/** After this, what is not durable yet is left to be found again at the next start. */
const SETTLE_DEADLINE_MS = 12_000;

/**
 * Starts the reader: API server -> pod feed -> changes -> publisher -> queue, or outbox.
 * Resolves when all parts run; the cluster, the broker and the database may still be out of reach then.
 */
export async function startReader(settings: ReaderSettings, log: Logger): Promise<Reader> {
  await using resources = new AsyncDisposableStack();
  const metrics = createReaderMetrics();
  const parts = { settings, log, metrics, resources };
  const { kubernetes, queue } = startHealth(parts);
  const publisher = startPublishing(parts, queue);
  startFeed(parts, publisher, kubernetes);
  const ops = await startOpsServer({
    host: settings.httpHost,
    port: settings.httpPort,
    registry: metrics.registry,
    readiness: () => ({ kubernetes: kubernetes.problem, queue: queue.problem }),
    log,
  });
  resources.defer(() => ops.stop());
  log.info({ httpPort: ops.port }, 'reader started');
  const running = resources.move();
  return { httpPort: ops.port, stop: () => running.disposeAsync() };
}

function startHealth({ settings, log, resources }: Parts) {
  const heartbeats = startHeartbeats({
    monitorUrl: settings.monitorUrl,
    tlsVerify: settings.monitorTlsVerify,
    log,
  });
  resources.defer(() => heartbeats.stop());
  const statusFile = (name: 'kubernetes_status' | 'queue_status') =>
    openStatusFile({ dir: settings.statusDir, name, log });
  return {
    kubernetes: trackOperation('kubernetes', statusFile('kubernetes_status'), heartbeats),
    queue: trackOperation('queue/write', statusFile('queue_status'), heartbeats),
  };
}

function startPublishing(parts: Parts, queue: OperationHealth): Publisher {
  const { settings, log, metrics, resources } = parts;
  const outbox = openOutbox(parts);
  const fail = (error: Error) => {
    metrics.publishFailures.inc();
    queue.fails(QUEUE_FAILED, error.message);
  };
  const link = startQueueLink(
    settings.queue,
    {
      onUp() {
        queue.works('connected');
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
  };
  const limits = { maxMessages: settings.maxBufferedMessages };
  const publisher = new Publisher({ link, outbox, log, events }, limits);
  metrics.gauge('buffered_messages', 'Messages in memory that are not durable yet', () => publisher.buffered);
  metrics.gauge('buffer_limit_messages', 'Most messages in memory', () => settings.maxBufferedMessages);
  resources.defer(() => link.stop());
  const timer = setInterval(() => publisher.drainOutbox(), settings.outboxIntervalMs);
  resources.defer(() => clearInterval(timer));
  resources.defer(async () => {
    const left = await publisher.settle(AbortSignal.timeout(SETTLE_DEADLINE_MS));
    if (left > 0) log.error({ messages: left }, 'neither queue nor database took the last messages');
  });
  return publisher;
}

function openOutbox({ settings, log, metrics, resources }: Parts): Outbox | undefined {
  if (settings.database === undefined) {
    log.warn(
      'DB_HOST is not set: no outbox; what the queue does not take waits in memory and dies with this process',
    );
    return undefined;
  }
  const pool = openPool(settings.database, log);
  resources.defer(() => pool.end());
  const outbox = createOutbox(pool);
  metrics.gauge(
    'outbox_messages',
    'Rows that waited in the outbox when it was last looked at',
    () => outbox.rows,
  );
  return outbox;
}

function startFeed(
  { settings, log, metrics, resources }: Parts,
  publisher: Publisher,
  health: OperationHealth,
): void {
  const stopping = new AbortController();
  const changes = trackPodChanges({
    outlet: publisher,
    origin: { hostname: hostname(), dc: settings.dc },
    now: () => new Date(),
    signal: stopping.signal,
    onChange: ({ pod_ip_status: status, inferred }) =>
      metrics.changes.inc({ status, inferred: String(inferred) }),
  });
  metrics.gauge('known_pods', 'Pods that are not finished', () => changes.knownPods);
  const events: PodFeedEvents = {
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
  };
  const client = createKubeClient(settings.kubeConfig);
  resources.defer(() => client.close());
  const options = {
    pageSize: settings.pageSize,
    requestDeadlineMs: settings.requestDeadlineMs,
    idleMs: settings.watchIdleMs,
    watchTimeoutSeconds: settings.watchTimeoutSeconds,
  };
  const feed = followPods(client, changes, options, events, log, stopping.signal);
  resources.defer(async () => {
    stopping.abort();
    await feed;
  });
}
