import { backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import { type KubeClient, KubeError } from './kube-client.js';
import type { Pod } from './pod.js';
import { listPods } from './pod-list.js';
import { type PodEvent, type SkippedWhat, watchPods } from './pod-stream.js';

/** Where the feed puts what it learns. */
export interface PodSink {
  /** A complete list. May wait for room: no stream is open meanwhile. */
  replaceAll(pods: readonly Pod[], resourceVersion: string): Promise<void>;
  /** One event. False: there is no room, and nothing was taken. Must not wait: a slow watcher is thrown out. */
  apply(event: PodEvent): boolean;
  /** Resolves when `apply` can be tried again. */
  roomAvailable(signal: AbortSignal): Promise<void>;
}

export interface PodFeedEvents {
  /** The API server was heard from. */
  onAlive(what: 'list' | 'watch' | 'event' | 'bookmark'): void;
  onFailure(error: KubeError): void;
  onSkipped(what: SkippedWhat, reason: Error): void;
  /** A list is due, and why. */
  onList(reason: ListReason): void;
}

export type ListReason = 'start' | 'expired' | 'unreadable' | 'silent';

export interface PodFeedOptions {
  readonly pageSize: number;
  readonly requestDeadlineMs: number;
  readonly idleMs: number;
  readonly watchTimeoutSeconds: number;
}

const RETRY = { baseMs: 500, capMs: 30_000 };
const MAX_RETRY_AFTER_MS = 60_000;
/** A watch that lasted this long was a real one, even when no event came. */
const STABLE_AFTER_MS = 10_000;

/**
 * Lists the pods, then watches on from the list; resumes from the last event after a stream ended; lists again when
 * that is not possible. Runs until the signal aborts.
 */
export async function followPods(
  client: KubeClient,
  sink: PodSink,
  options: PodFeedOptions,
  events: PodFeedEvents,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  /** After which resource version to go on; undefined when only a list can tell. */
  let position: string | undefined;
  let listReason: ListReason = 'start';
  let silentWatches = 0;
  let attempt = 0;

  const list = async () => {
    events.onList(listReason);
    const { pods, resourceVersion } = await listPods(client, {
      pageSize: options.pageSize,
      pageDeadlineMs: options.requestDeadlineMs,
      signal,
      onSkipped: (reason) => events.onSkipped('malformed-pod', reason),
    });
    events.onAlive('list');
    await sink.replaceAll(pods, resourceVersion);
    log.info({ pods: pods.length, resourceVersion, reason: listReason }, 'pods listed');
    return resourceVersion;
  };

  const loseTrack = (reason: ListReason) => {
    position = undefined;
    listReason = reason;
  };

  /** Follows one watch to its end. */
  const watch = async (from: string) => {
    const stream = watchPods(client, {
      resourceVersion: from,
      timeoutSeconds: options.watchTimeoutSeconds,
      headersDeadlineMs: options.requestDeadlineMs,
      idleMs: options.idleMs,
      signal,
      onOpen: () => events.onAlive('watch'),
    });
    for await (const event of stream) {
      if (event.type === 'unreadable') {
        events.onSkipped(event.what, event.reason);
        return loseTrack('unreadable');
      }
      if (event.type === 'skipped') {
        events.onSkipped(event.what, event.reason);
        continue;
      }
      if (!sink.apply(event)) return 'full';
      if (event.resourceVersion !== '') position = event.resourceVersion;
      events.onAlive(event.type === 'bookmark' ? 'bookmark' : 'event');
      attempt = 0;
      silentWatches = 0;
    }
    return 'ended';
  };

  const afterFailure = (error: KubeError) => {
    if (error.expired) return loseTrack('expired');
    if (error.code !== 'KUBE_WATCH_SILENT') return events.onFailure(error);
    silentWatches += 1;
    // A version from the future (a restored etcd) gives a watch that never says anything.
    if (silentWatches > 1) loseTrack('silent');
  };

  while (!signal.aborted) {
    const startedMs = performance.now();
    let retryAfterMs = 0;
    attempt += 1;
    try {
      position ??= await list();
      const outcome = await watch(position);
      if (outcome === 'full') await sink.roomAvailable(signal);
    } catch (err) {
      if (signal.aborted) return;
      const error = asKubeError(err);
      log.warn({ err: error }, 'pod feed interrupted');
      afterFailure(error);
      retryAfterMs = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
    }
    if (performance.now() - startedMs > STABLE_AFTER_MS) attempt = 0;
    // Without progress the next attempt waits; with progress it follows at once.
    const backoffMs = attempt === 0 ? 0 : backoffDelayMs(attempt - 1, RETRY);
    await pause(Math.max(retryAfterMs, backoffMs), signal);
  }
}

function asKubeError(err: unknown): KubeError {
  if (err instanceof KubeError) return err;
  const cause = toError(err);
  return new KubeError('KUBE_UNKNOWN', cause.message, { status: 500, cause });
}
