import { toError } from '@podips/shared';
import { BodyBuffer } from './body-buffer.js';
import { ACCEPT_OBJECT, type Encoding, encodingOf } from './encoding.js';
import { fields, text } from './fields.js';
import { type KubeClient, KubeError } from './kube-client.js';
import { PageTurns } from './page-turns.js';
import { type Pod, type Projection, projectPod } from './pod.js';

/** Where pods are listed and watched: those of a namespace, or all. */
export function podsPath(namespace: string | undefined): string {
  return namespace === undefined ? '/api/v1/pods' : `/api/v1/namespaces/${namespace}/pods`;
}

/** Maximum size of a page, which needs several times as much memory: 500 pods of 16 kB. */
const MAX_PAGE_BYTES = 8_388_608;
/** Maximum size of a page of one pod, which cannot be smaller; the same as that of a line of the watch. */
const MAX_POD_BYTES = 16_777_216;
const ONE_TOO_LARGE = `a page of one pod is larger than ${MAX_POD_BYTES} bytes: a pod that large, or a server that ignores \`limit\``;

export interface ListOptions {
  readonly path: string;
  readonly projection?: Projection | undefined;
  /** Pods on a page; fewer are asked for when they are large. */
  readonly pageSize: number;
  /** By default at once. */
  readonly turns?: PageTurns | undefined;
  /** Deadline for each page, from the request to its last byte. */
  readonly pageDeadlineMs: number;
  readonly signal: AbortSignal;
  /** Called for an item that is no pod; the list continues without it. */
  readonly onSkipped: (reason: Error) => void;
}

/** Pods of a list, in its order. */
export interface PodPart {
  readonly pods: readonly Pod[];
  /** Where a watch has to start to continue the list without a gap. */
  readonly resourceVersion: string;
}

/** Pods are projected for so long without letting anything else run; what is done with them, handed over, takes as long. */
const PART_MS = 4;
const PART_PODS = 100;

interface Page {
  /** As the encoding has them. */
  readonly items: readonly unknown[];
  readonly encoding: Encoding;
  readonly resourceVersion: string;
  readonly next: string;
}

/** What is left of a page: several times smaller than that is. */
interface ProjectedPage extends Pick<Page, 'resourceVersion' | 'next'> {
  readonly parts: Pod[][];
}

/**
 * Lists all pods, a page at a time, and keeps only the projection of each. Parts of pages follow each other; there is at
 * least one, and nothing else holds what was handed over. All pages are read into the same memory: to get some anew for each
 * takes more of it than the pods do. A page is projected in its turn: a list that waits holds nothing else of it.
 * @throws {KubeError} `expired` when the list took so long that its continue token ran out: start again
 */
export async function* listPods(client: KubeClient, options: ListOptions): AsyncGenerator<PodPart> {
  const { turns = new PageTurns(1) } = options;
  let next = '';
  let pageSize = options.pageSize;
  using _ = turns.list();
  for (;;) {
    const page = await turns.run(async (memory) => {
      const fetched = await fetchPage(client, next, pageSize, options, memory);
      return fetched === 'too-large' ? fetched : projectPage(fetched, options);
    });
    if (page === 'too-large') {
      pageSize = Math.ceil(pageSize / 2);
      continue;
    }
    const { parts, resourceVersion } = page;
    for (let pods = parts.shift(); pods; pods = parts.shift()) {
      yield { pods, resourceVersion };
      await new Promise(setImmediate);
    }
    if (page.next === '') return;
    next = page.next;
  }
}

async function projectPage(page: Page, options: ListOptions): Promise<ProjectedPage> {
  const { items, resourceVersion, next } = page;
  const parts: Pod[][] = [];
  for (let at = 0; at === 0 || at < items.length; ) {
    const { pods, count } = projectPart(page, at, options);
    at += Math.max(1, count);
    parts.push(pods);
    await new Promise(setImmediate);
  }
  return { parts, resourceVersion, next };
}

/** As many pods as there is time for. @returns these, and how many items they were made of */
function projectPart({ items, encoding }: Page, from: number, { projection, onSkipped }: ListOptions) {
  const startedMs = performance.now();
  const pods: Pod[] = [];
  let count = 0;
  for (const item of items.slice(from, from + PART_PODS)) {
    count += 1;
    const object = decoded(encoding, () => encoding.decodeItem(item));
    try {
      pods.push(projectPod(object, projection));
    } catch (err) {
      onSkipped(toError(err));
    }
    if (performance.now() - startedMs > PART_MS) break;
  }
  return { pods, count };
}

/**
 * The newest resource version that the server has stored, not one of its caches.
 * @returns undefined when it does not say: then its watches say what is wrong
 */
export async function newestVersion(
  client: KubeClient,
  path: string,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const page = await fetchPage(client, '', 1, { path, pageDeadlineMs: deadlineMs, signal });
    return page === 'too-large' ? undefined : page.resourceVersion;
  } catch {
    return undefined; // the server refuses, or the caller is stopping
  }
}

async function fetchPage(
  client: KubeClient,
  next: string,
  pageSize: number,
  options: Pick<ListOptions, 'path' | 'pageDeadlineMs' | 'signal'>,
  buffer = new BodyBuffer(),
): Promise<Page | 'too-large'> {
  const deadline = AbortSignal.timeout(options.pageDeadlineMs);
  const { body, contentType } = await client.get({
    path: options.path,
    accept: ACCEPT_OBJECT,
    query: { limit: String(pageSize), ...(next === '' ? {} : { continue: next }) },
    headersDeadlineMs: options.pageDeadlineMs,
    bodyIdleMs: options.pageDeadlineMs,
    signal: AbortSignal.any([options.signal, deadline]),
  });
  try {
    const { bytes, whole } = await buffer.read(body, pageSize > 1 ? MAX_PAGE_BYTES : MAX_POD_BYTES);
    if (whole) return readPage(bytes, contentType);
    if (pageSize > 1) return 'too-large';
    throw broken(ONE_TOO_LARGE);
  } catch (cause) {
    if (cause instanceof KubeError) throw cause;
    const late = deadline.aborted;
    const what = late
      ? `a page took longer than ${options.pageDeadlineMs} ms`
      : 'a page of the list was cut short';
    throw new KubeError(late ? 'KUBE_TIMEOUT' : 'KUBE_LIST_BROKEN', what, {
      status: late ? 504 : 503,
      cause,
    });
  }
}

function readPage(bytes: Buffer, contentType: string): Page {
  const encoding = encodingOf(contentType);
  const page = fields(decoded(encoding, () => encoding.decode(bytes)));
  const { resourceVersion, continue: next } = fields(page.metadata);
  if (typeof resourceVersion !== 'string' || (page.items !== null && !Array.isArray(page.items)))
    throw broken('the API server answered something that is no pod list');
  return { items: page.items ?? [], encoding, resourceVersion, next: text(next) };
}

function decoded(encoding: Encoding, decode: () => unknown): unknown {
  try {
    return decode();
  } catch (cause) {
    throw broken(`a page of the list is not ${encoding.name}: ${toError(cause).message}`, cause);
  }
}

function broken(message: string, cause?: unknown): KubeError {
  return new KubeError('KUBE_LIST_BROKEN', message, { status: 502, cause });
}
