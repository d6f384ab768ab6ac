import {
  type Logger,
  type OperationHealth,
  openStatusFile,
  QueueError,
  type QueueLink,
  type QueueSession,
  Resources,
  type Running,
  startHeartbeats,
  startOpsServer,
  startQueueLink,
  startReports,
  trackOperation,
} from '@podips/shared';
import type { FluentError } from './fluent-error.js';
import { Forwarder } from './forwarder.js';
import { Inbox, type InFlightMessage } from './inbox.js';
import { createWriterMetrics, type WriterMetrics } from './metrics.js';
import { Progress } from './progress.js';
import type { LogEvent } from './record.js';
import type { WriterSettings } from './settings.js';

export interface Writer extends Running {
  readonly httpPort: number;
  /** Its metrics as they are now; its port shows some that are up to a second old. */
  metrics(): Promise<string>;
}

const QUEUE_FAILED = 503;
/** How long a stop waits for Fluentd's acks before it requeues messages. */
const DRAIN_DEADLINE_MS = 5_000;

/**
 * Starts the writer: queue -> inbox -> forwarder -> Fluentd.
 * Resolves when all parts run; the broker and Fluentd may still be unavailable then.
 */
export async function startWriter(settings: WriterSettings, log: Logger): Promise<Writer> {
  await using resources = new Resources();
  const metrics = createWriterMetrics(() => inbox.size);
  const { queue, fluent } = startHealth(settings, log, resources);
  const progress = new Progress((from, seconds) => metrics.delay.observe({ from }, seconds));
  const account = { metrics, progress };
  const inbox: Inbox = createInbox(settings, account, queue, log, () => forwarder.wake());
  const forwarder = createForwarder(settings, inbox, account, fluent, log);
  const reports = startReports({
    ...monitorOf(settings),
    log,
    read: () => progress.report(inbox.size),
  });
  resources.release('the reports to the monitor', () => reports.stop());
  const link = startIntake(settings, inbox, metrics, queue, log);
  resources.release('the connection to the queue', () => link.stop());
  const stopping = new AbortController();
  const forwarding = forwarder.run(stopping.signal);
  resources.release('the messages that wait for Fluentd', async () => {
    inbox.closeIntake();
    await forwarder.drain(AbortSignal.timeout(DRAIN_DEADLINE_MS));
    stopping.abort();
    await forwarding;
    await inbox.requeue();
    inbox.stop();
  });
  const ops = await startOpsServer({
    host: settings.httpHost,
    port: settings.httpPort,
    registry: metrics.registry,
    readiness: () => ({ queue: queue.problem, fluentd: fluent.problem }),
    log,
  });
  resources.release('the HTTP server', () => ops.stop());
  log.info({ httpPort: ops.port }, 'writer started');
  const running = resources.move();
  return {
    httpPort: ops.port,
    metrics: () => metrics.registry.metrics(),
    stop: () => running.disposeAsync(),
    get releasing() {
      return resources.releasing;
    },
  };
}

function startHealth(settings: WriterSettings, log: Logger, resources: Resources) {
  const heartbeats = startHeartbeats({ ...monitorOf(settings), log });
  resources.release('the heartbeats to the monitor', () => heartbeats.stop());
  const statusFile = (name: 'queue_status' | 'log_status') =>
    openStatusFile({ dir: settings.statusDir, name, log });
  return {
    queue: trackOperation('queue/read', statusFile('queue_status'), heartbeats),
    fluent: trackOperation('log', statusFile('log_status'), heartbeats),
  };
}

function monitorOf({ monitorUrl, monitorTlsVerify: tlsVerify, heartbeatToken: token }: WriterSettings) {
  return { monitorUrl, tlsVerify, token };
}

/** What is counted. */
interface Account {
  readonly metrics: WriterMetrics;
  readonly progress: Progress;
}

function createInbox(
  settings: WriterSettings,
  { metrics, progress }: Account,
  queue: OperationHealth,
  log: Logger,
  onReady: () => void,
): Inbox {
  const events = {
    onReceived() {
      metrics.received.inc();
      progress.received();
      queue.works('receiving');
    },
    onInvalid: (reason: string) => metrics.invalid.inc({ reason }),
    onRequeued: (count: number) => metrics.requeued.inc(count),
    onHeld(count: number, reason: string) {
      metrics.heldInvalid.set(count);
      queue.note('held', count > 0 ? `${count} invalid messages held: ${reason}` : undefined);
    },
    onReady,
  };
  return new Inbox({ queue: settings.queue.name, prefetch: settings.prefetch }, events, log);
}

function createForwarder(
  settings: WriterSettings,
  inbox: Inbox,
  { metrics, progress }: Account,
  fluent: OperationHealth,
  log: Logger,
): Forwarder {
  const events = {
    onAlive: () => fluent.alive(),
    onConnected(place: number) {
      metrics.fluentServer.set(place);
      fluent.connected();
    },
    onWritten(batch: readonly InFlightMessage[]) {
      metrics.written.inc(batch.length);
      progress.written(batch, Date.now());
      for (const { event } of batch) log.debug(aboutOf(event), 'written to Fluentd');
      fluent.works(`${batch.length} written`);
    },
    onFailed(error: FluentError, othersLeft: boolean) {
      metrics.fluentFailures.inc();
      if (othersLeft) return;
      // Fluentd may accept connections but no records: its buffer is full.
      fluent.fails(error.status, error.message, error.deaf ? 'work' : 'link');
    },
  };
  return new Forwarder(settings.fluent, inbox, events, log);
}

/** The pod and the address of a message, whoever sent it. */
function aboutOf({ record: { pod_namespace: namespace, pod, pod_ip: ip, pod_ip_status: status } }: LogEvent) {
  return { pod: `${namespace}/${pod}`, ip, status };
}

function startIntake(
  settings: WriterSettings,
  inbox: Inbox,
  metrics: WriterMetrics,
  queue: OperationHealth,
  log: Logger,
): QueueLink {
  const events = {
    onUp(session: QueueSession) {
      const { cannot } = session.dialect;
      if (cannot !== undefined) log.warn(cannot);
      const notes = [...session.warnings, ...(cannot === undefined ? [] : [cannot])];
      queue.note('broker', notes.length > 0 ? notes.join('; ') : undefined);
      queue.connected();
      inbox.sessionStarted(session);
    },
    onDown(error: Error) {
      inbox.sessionEnded();
      if (error instanceof QueueError && error.code === 'QUEUE_CLOSED') return;
      metrics.queueFailures.inc();
      queue.fails(QUEUE_FAILED, error.message);
    },
    onAlive: () => queue.alive(),
  };
  return startQueueLink(settings.queue, events, log);
}
