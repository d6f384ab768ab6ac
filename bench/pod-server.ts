import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { encodeEvent, encodeMessage, encodeObject, encodePod, encodePodList } from '@podips/simulation';
import { encodedPod, uidOf } from './generated-pods.js';

/**
 * An API server with so many pods that it makes them as they are asked for, as a process of its own. It knows pages, and
 * watches from any version of which it has not been told to forget it. Usage: node pod-server.js PODS; commands come from its
 * parent.
 */

/** `change` shows so many changes to all watches, as fast as it can where the pace is infinite. */
export type PodServerCommand =
  | { readonly what: 'expire' }
  | { readonly what: 'replace-third' }
  | { readonly what: 'change'; readonly count: number; readonly perSecond: number | null };

/** The end of a pod, or the start of the one in its place. */
export interface SeenChange {
  readonly uid: string;
  readonly isStart: boolean;
  /** When it was written to the watches, in milliseconds since the epoch, by a clock that nothing sets. */
  readonly atMs: number;
}

export interface PodServerNews {
  readonly changes: readonly SeenChange[];
}

const count = Number(process.argv[2]);
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const BOOKMARK_MS = 1_000;
const TICK_MS = 5;
/** Shown in one go. */
const MAX_STEP = 500;
const FIRST_VERSION = 1_000;
const LAST_THIRD = count - 1 - ((count - 1) % 3);

interface Change {
  readonly version: number;
  readonly n: number;
  readonly generation: number;
  readonly isStart: boolean;
  readonly at: Date;
}

let version = FIRST_VERSION;
/** Versions before this one are forgotten. */
let oldest = 0;
/** Since the version that is the oldest. */
let history: Change[] = [];
const watches = new Set<ServerResponse>();
/** How often each pod was replaced. */
const generations = new Uint8Array(count);
/** When those that were replaced started. */
const startedAt = new Map<number, Date>();
let changed = 0;
/** Whether each third pod was replaced: it has the address of the one before it. */
let thirdReplaced = false;

const monotonicMs = () => performance.timeOrigin + performance.now();

function page(from: number, limit: number): Buffer {
  const to = Math.min(count, from + (limit || count));
  const pods = Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    const generation = generations[n] ?? 0;
    const resourceVersion = 1 + (n % 999);
    const address = thirdReplaced && n % 3 === 0 ? (n > 0 ? n - 3 : LAST_THIRD) : undefined;
    return encodedPod({ n, generation, resourceVersion, startedAt: startedAt.get(n), address }, count);
  });
  const metadata = { resourceVersion: String(version), ...(to < count && { continue: String(to) }) };
  return encodePodList(metadata, pods);
}

function frameOf({ version: resourceVersion, n, generation, isStart, at }: Change): Buffer {
  const times = isStart ? { startedAt: at } : { deletedAt: at };
  const pod = encodedPod({ n, generation, resourceVersion, ...times }, count);
  return encodeEvent(isStart ? 'ADDED' : 'DELETED', encodePod(pod));
}

/** Ends a pod, or starts the one that takes its place. */
function nextChange(): Change {
  const n = Math.floor(changed / 2) % count;
  const isStart = changed % 2 === 1;
  changed += 1;
  version += 1;
  const at = new Date();
  if (isStart) {
    generations[n] = (generations[n] ?? 0) + 1;
    startedAt.set(n, at);
  }
  return { version, n, generation: generations[n] ?? 0, isStart, at };
}

function change(changes: number): void {
  const seen: SeenChange[] = [];
  for (let made = 0; made < changes; made += 1) {
    const next = nextChange();
    history.push(next);
    const frame = frameOf(next);
    seen.push({ uid: uidOf(next.n, next.generation), isStart: next.isStart, atMs: monotonicMs() });
    for (const each of watches) each.write(frame);
  }
  process.send?.({ changes: seen } satisfies PodServerNews);
}

function changeAtPace(total: number, perSecond: number): void {
  const startedMs = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = Math.min(total, ((performance.now() - startedMs) * perSecond) / 1_000);
    const step = Math.min(MAX_STEP, Math.floor(due) - made);
    if (step > 0) change(step);
    made += Math.max(0, step);
    if (made >= total) clearInterval(timer);
  }, TICK_MS);
}

const expired = () =>
  encodeObject({
    kind: 'Status',
    apiVersion: 'v1',
    message: 'too old resource version',
    reason: 'Expired',
    code: 410,
  });

function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  if (pathname !== '/api/v1/pods') {
    response.writeHead(404).end();
    return;
  }
  if (searchParams.get('watch') === 'true') {
    watch(Number(searchParams.get('resourceVersion')), response);
    return;
  }
  const body = page(Number(searchParams.get('continue') ?? 0), Number(searchParams.get('limit') ?? 0));
  response.writeHead(200, { 'content-type': PROTOBUF, 'content-length': body.length }).end(body);
}

function watch(from: number, response: ServerResponse): void {
  if (from < oldest) {
    response.writeHead(410, { 'content-type': PROTOBUF }).end(expired());
    return;
  }
  response.writeHead(200, { 'content-type': `${PROTOBUF};stream=watch` });
  response.flushHeaders();
  for (const missed of history) if (missed.version > from) response.write(frameOf(missed));
  watches.add(response);
  response.on('close', () => watches.delete(response));
}

function expire(): void {
  version += FIRST_VERSION;
  oldest = version;
  history = [];
  for (const each of watches) each.end(encodeEvent('ERROR', expired()));
}

function replaceThird(): void {
  thirdReplaced = true;
  const at = new Date();
  for (let n = 0; n < count; n += 3) {
    generations[n] = (generations[n] ?? 0) + 1;
    startedAt.set(n, at);
  }
  expire();
}

setInterval(() => {
  const metadata = { resourceVersion: String(version) };
  const frame = encodeEvent('BOOKMARK', encodePod(encodeMessage('Pod', { metadata })));
  for (const each of watches) each.write(frame);
}, BOOKMARK_MS);

const server = createServer(answer).listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address) process.send?.({ port: address.port });
});
process.on('message', (command: PodServerCommand) => {
  if (command.what === 'expire') expire();
  else if (command.what === 'replace-third') replaceThird();
  else changeAtPace(command.count, command.perSecond ?? Number.POSITIVE_INFINITY);
});
process.on('disconnect', () => process.exit());
