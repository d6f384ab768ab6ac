import { toError } from '@podips/shared';
import { type KubeClient, KubeError } from './kube-client.js';
import { LineTooLongError, readLines } from './lines.js';
import { type Pod, type Projection, projectPod } from './pod.js';

/** One line of a watch, understood. `resourceVersion` is where a later watch has to start to continue after it. */
export type PodEvent =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly pod: Pod; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  /** Has no information about a pod; the stream continues. */
  | { readonly type: 'skipped'; readonly what: SkippedWhat; readonly reason: Error }
  /** Had a content that is lost: a list is due. */
  | { readonly type: 'unreadable'; readonly what: SkippedWhat; readonly reason: Error };

export type SkippedWhat = 'not-json' | 'line-too-long' | 'unknown-type' | 'malformed-pod';

export interface WatchOptions {
  readonly path: string;
  readonly projection?: Projection | undefined;
  readonly resourceVersion: string;
  /** How long the server keeps the watch open before it ends it normally. */
  readonly timeoutSeconds: number;
  /** From the request to the response's headers. */
  readonly headersDeadlineMs: number;
  /** Longest silence; longer than the server's bookmark interval of about a minute. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  /** The server has accepted the watch. */
  readonly onOpen: () => void;
}

/** Some pods are large; this is far beyond what etcd stores (1.5 MB). */
const MAX_LINE_BYTES = 16 * 1_048_576;

/**
 * Watches all pods from a resource version on. Ends when the server ends the watch.
 * @throws {KubeError} `expired` when the version is gone; KUBE_WATCH_SILENT after `idleMs` without a byte;
 *   KUBE_WATCH_BROKEN when the stream broke; others when the server refused or reported an error
 */
export async function* watchPods(client: KubeClient, options: WatchOptions): AsyncGenerator<PodEvent> {
  const body = await client.get({
    path: options.path,
    query: {
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(options.timeoutSeconds),
    },
    headersDeadlineMs: options.headersDeadlineMs,
    bodyIdleMs: options.idleMs,
    signal: options.signal,
  });
  options.onOpen();
  try {
    for await (const line of readLines(body, MAX_LINE_BYTES)) {
      if (line !== '') yield parseEvent(line, options.projection);
    }
  } catch (cause) {
    // The same line would come again, and be too long again.
    if (cause instanceof LineTooLongError)
      return yield { type: 'unreadable', what: 'line-too-long', reason: cause };
    throw cause instanceof KubeError ? cause : errorOfStream(toError(cause), options.idleMs);
  } finally {
    body.destroy();
  }
}

/**
 * Understands one line of a watch.
 * @throws {KubeError} for an ERROR event, with the code of its Status
 */
export function parseEvent(line: string, projection?: Projection): PodEvent {
  let event: Record<string, unknown>;
  try {
    const value: unknown = JSON.parse(line);
    event = typeof value === 'object' && value !== null ? { ...value } : {};
  } catch (err) {
    const begin = line.slice(0, 100);
    const reason = new Error(`a line of ${line.length} characters is not JSON: ${begin}`, { cause: err });
    return { type: 'unreadable', what: 'not-json', reason };
  }
  const { type, object } = event;
  switch (type) {
    case 'ADDED':
      return podEvent('added', object, projection);
    case 'MODIFIED':
      return podEvent('modified', object, projection);
    case 'DELETED':
      return podEvent('deleted', object, projection);
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: versionOf(object) };
    case 'ERROR':
      throw errorOfStatus(object);
    default:
      return {
        type: 'skipped',
        what: 'unknown-type',
        reason: new Error(`unknown watch event type ${String(type)}`),
      };
  }
}

function podEvent(
  type: 'added' | 'modified' | 'deleted',
  object: unknown,
  projection: Projection | undefined,
): PodEvent {
  try {
    return { type, pod: projectPod(object, projection), resourceVersion: versionOf(object) };
  } catch (err) {
    return { type: 'skipped', what: 'malformed-pod', reason: toError(err) };
  }
}

function versionOf(object: unknown): string {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return '';
  const { metadata } = object;
  if (typeof metadata !== 'object' || metadata === null || !('resourceVersion' in metadata)) return '';
  return typeof metadata.resourceVersion === 'string' ? metadata.resourceVersion : '';
}

function errorOfStatus(object: unknown): KubeError {
  const status: Record<string, unknown> = typeof object === 'object' && object !== null ? { ...object } : {};
  // An ERROR event is an error, whatever its code: another one would make a light green.
  const code = isErrorCode(status.code) ? status.code : 500;
  return new KubeError(
    'KUBE_WATCH_ERROR',
    `the watch ended with ${code}: ${String(status.message ?? 'no reason')}`,
    {
      status: code,
    },
  );
}

function isErrorCode(code: unknown): code is number {
  return Number.isInteger(code) && Number(code) >= 400 && Number(code) <= 599;
}

function errorOfStream(cause: Error, idleMs: number): KubeError {
  if ('code' in cause && cause.code === 'UND_ERR_BODY_TIMEOUT')
    return new KubeError('KUBE_WATCH_SILENT', `the watch was silent for ${idleMs} ms`, {
      status: 504,
      cause,
    });
  return new KubeError('KUBE_WATCH_BROKEN', `the watch broke: ${cause.message}`, { status: 503, cause });
}
