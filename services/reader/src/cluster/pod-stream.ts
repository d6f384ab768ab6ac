import { toError } from '@podips/shared';
import { ACCEPT_WATCH, type Encoding, encodingOf } from './encoding.js';
import { fields, text } from './fields.js';
import { FrameTooLongError } from './frames.js';
import { type KubeClient, KubeError } from './kube-client.js';
import { type Pod, type Projection, projectPod } from './pod.js';

/** One event of a watch, understood. `resourceVersion` is where a later watch has to start to continue after it. */
export type PodEvent =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly pod: Pod; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  /** Has no information about a pod; the stream continues. */
  | { readonly type: 'skipped'; readonly what: SkippedWhat; readonly reason: Error }
  /** Had a content that is lost: a list is due. */
  | { readonly type: 'unreadable'; readonly what: SkippedWhat; readonly reason: Error };

export type SkippedWhat = 'not-json' | 'not-protobuf' | 'too-long' | 'unknown-type' | 'malformed-pod';

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
const MAX_FRAME_BYTES = 16 * 1_048_576;

/**
 * Watches all pods from a resource version on. Ends when the server ends the watch.
 * @throws {KubeError} `expired` when the version is gone; KUBE_WATCH_SILENT after `idleMs` without a byte;
 *   KUBE_WATCH_BROKEN when the stream broke; others when the server refused or reported an error
 */
export async function* watchPods(client: KubeClient, options: WatchOptions): AsyncGenerator<PodEvent> {
  const { body, contentType } = await client.get({
    path: options.path,
    accept: ACCEPT_WATCH,
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
  const encoding = encodingOf(contentType);
  options.onOpen();
  try {
    for await (const frame of encoding.frames(body, MAX_FRAME_BYTES)) {
      if (frame.length > 0) yield readEvent(frame, encoding, options.projection);
    }
  } catch (cause) {
    // The same event would come again, and be too long again.
    if (cause instanceof FrameTooLongError)
      return yield { type: 'unreadable', what: 'too-long', reason: cause };
    throw cause instanceof KubeError ? cause : errorOfStream(toError(cause), options.idleMs);
  } finally {
    body.destroy();
  }
}

/**
 * Understands one event of a watch.
 * @throws {KubeError} for an ERROR event, with the code of its Status
 */
export function readEvent(frame: Buffer, encoding: Encoding, projection?: Projection): PodEvent {
  let event: unknown;
  try {
    event = encoding.decodeEvent(frame);
  } catch (err) {
    const { name } = encoding;
    const begin = name === 'JSON' ? frame.toString('utf8', 0, 100) : frame.toString('hex', 0, 50);
    const reason = new Error(`${frame.length} bytes of a watch are not ${name}: ${begin}`, { cause: err });
    return { type: 'unreadable', what: name === 'JSON' ? 'not-json' : 'not-protobuf', reason };
  }
  const { type, object } = fields(event);
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
  return text(fields(fields(object).metadata).resourceVersion);
}

function errorOfStatus(object: unknown): KubeError {
  const status = fields(object);
  // An ERROR event is an error, whatever its code: another one would make a light green.
  const code = isErrorCode(status.code) ? status.code : 500;
  const message = `the watch ended with ${code}: ${String(status.message ?? 'no reason')}`;
  return new KubeError('KUBE_WATCH_ERROR', message, { status: code });
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
