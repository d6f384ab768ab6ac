import type { IncomingMessage, ServerResponse } from 'node:http';
import { pause } from '@podips/shared';
import { type AccessRules, refusal } from './access.js';
import type { ApiStatus } from './api-status.js';
import * as status from './api-status.js';
import { continueAfter, inconsistent, parseContinueToken } from './continue-token.js';
import { type Encoding, negotiate } from './encoding.js';
import { type FaultPlan, type PlannedFailure, requestKind } from './fault-plan.js';
import { answerLease, forbiddenLease, type LeasePath, leaseVerb, parseLeasePath } from './lease-api.js';
import type { LeaseStore } from './lease-store.js';
import { decideList } from './list-decision.js';
import { type PodListReply, type Reply, sendReply } from './reply.js';
import type { PageRequest, VersionedStore } from './versioned-store.js';
import { decideWatch, type WatchStart } from './watch-decision.js';
import { WatchStream } from './watch-stream.js';

export interface ApiServerOptions {
  readonly store: VersionedStore;
  readonly leases: LeaseStore;
  readonly plan: FaultPlan;
  readonly access: () => AccessRules;
  readonly bookmarkIntervalMs: number;
  /** For watches that name no time. */
  readonly watchTimeoutMs: number;
  readonly maxWatchLag: number;
  /** Whether it writes protobuf where clients ask for it. */
  readonly protobuf: boolean;
}

/** A request that came in, for tests that want to know how a client asks. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

const MAX_SEEN_REQUESTS = 1_000;
const MAX_BODY_BYTES = 3 * 1024 * 1024;
const PODS_PATH = /^\/api\/v1\/(?:namespaces\/(?<namespace>[^/]+)\/)?pods$/;
const HEALTH_PATHS = ['/healthz', '/readyz', '/livez'];
const VERSION = {
  major: '1',
  minor: '26',
  gitVersion: 'v1.26.15',
  gitTreeState: 'clean',
  compiler: 'gc',
  platform: 'linux/amd64',
};

/** Answers requests as kube-apiserver does for pods and Leases. Knows nothing of ports. */
export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #watches = new Set<WatchStream>();
  readonly #seen: SeenRequest[] = [];
  readonly #seenLeases: SeenRequest[] = [];

  constructor(options: ApiServerOptions) {
    this.#options = options;
    options.store.onWrite(() => {
      for (const watch of this.#watches) watch.pump();
    });
  }

  /** The open watches. */
  get watches(): readonly WatchStream[] {
    return [...this.#watches];
  }

  /** The latest requests for Leases, the oldest first. */
  get leaseRequests(): readonly SeenRequest[] {
    return this.#seenLeases;
  }

  /** The latest other requests, the oldest first. */
  get requests(): readonly SeenRequest[] {
    return this.#seen;
  }

  /** Answers one request; resolves when the answer is on its way. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => response.destroy());
    const url = URL.parse(request.url ?? '/', 'http://localhost');
    const body = await readBody(request);
    if (body === undefined) return void response.destroy();
    const reply = url
      ? this.#route(request, url, body)
      : { status: status.badRequest('the URL is malformed') };
    const encoding = negotiate(request.headers.accept, this.#options.protobuf);
    if ('delayMs' in reply && reply.delayMs && !(await pauseUnlessClosed(reply.delayMs, response))) return;
    if ('lost' in reply) response.destroy();
    else if ('watch' in reply) this.#openWatch(response, encoding, reply.watch);
    else sendReply(request, response, encoding, reply);
  }

  #route(request: IncomingMessage, { pathname, searchParams }: URL, body: string): Reply {
    const { method = 'GET' } = request;
    const lease = parseLeasePath(pathname);
    const seen = { method, path: pathname, query: Object.fromEntries(searchParams) };
    remember(lease ? this.#seenLeases : this.#seen, seen);
    if (HEALTH_PATHS.includes(pathname)) return { text: 'ok' };
    if (pathname === '/version') return { json: JSON.stringify(VERSION) };
    if (lease) return this.#lease(request, lease, body);
    const pods = PODS_PATH.exec(pathname);
    if (!pods) return { status: status.notFound() };
    if (method !== 'GET') return { status: status.methodNotAllowed() };
    return this.#pods(request.headers.authorization, pods.groups?.namespace, searchParams);
  }

  #pods(authorization: string | undefined, namespace: string | undefined, query: URLSearchParams): Reply {
    const { plan, access } = this.#options;
    const kind = requestKind(query);
    const failure = plan.takeFailure(kind);
    if (failure) return planned(failure);
    const refused = refusal(authorization, access(), plan.forbids(namespace), (user) =>
      status.forbidden(user, kind, namespace),
    );
    if (refused) return refusedReply(refused);
    return kind === 'watch' ? this.#watch(namespace, query) : this.#list(namespace, query);
  }

  #lease({ method = 'GET', headers }: IncomingMessage, path: LeasePath, body: string): Reply {
    const { plan, access, leases } = this.#options;
    const failure = plan.takeFailure('lease');
    if (failure) return planned(failure);
    const verb = leaseVerb(method, path) ?? method.toLowerCase();
    const refused = refusal(headers.authorization, access(), plan.leasesForbidden, (user) =>
      forbiddenLease(user, verb, path),
    );
    if (refused) return refusedReply(refused);
    const reply = answerLease(leases, method, path, body);
    if (verb !== 'get' && plan.takeLostLeaseWrite()) return { lost: true };
    return 'json' in reply ? { ...reply, delayMs: plan.leaseDelayMs } : reply;
  }

  #list(namespace: string | undefined, query: URLSearchParams): Reply {
    const { store, plan } = this.#options;
    const continuation = parseContinueToken(query.get('continue') ?? '');
    if (continuation && plan.takeContinueExpiry())
      return { status: status.expiredContinue(inconsistent(continuation)) };
    const decision = decideList(query, store, namespace);
    if ('refusal' in decision) return { status: decision.refusal };
    return { list: this.#page(decision.page), delayMs: plan.listDelayMs };
  }

  #page(request: PageRequest): PodListReply {
    const { store, plan } = this.#options;
    const { events, remaining } = store.page(request);
    const { namespace, resourceVersion } = request;
    const last = events.at(-1)?.key.slice(namespace === undefined ? 0 : namespace.length + 1);
    const more = last &&
      remaining > 0 && { continue: continueAfter(resourceVersion, last), remainingItemCount: remaining };
    const metadata = { resourceVersion: String(resourceVersion), ...more };
    return { metadata, pods: events, extra: plan.takeListItems() };
  }

  #watch(namespace: string | undefined, query: URLSearchParams): Reply {
    const { store, plan } = this.#options;
    const decision = decideWatch(query, store, namespace);
    if ('refusal' in decision) return { status: decision.refusal };
    const expiry = plan.takeWatchExpiry();
    if (expiry === undefined) return 'error' in decision ? decision : { watch: decision.start };
    const expired = status.expiredWatch(Number(query.get('resourceVersion')), store.revision);
    return expiry === 'response' ? { status: expired } : { error: expired };
  }

  #openWatch(response: ServerResponse, encoding: Encoding, start: WatchStart): void {
    const { store, bookmarkIntervalMs, watchTimeoutMs, maxWatchLag } = this.#options;
    const watch = new WatchStream({
      response,
      encoding,
      store,
      start,
      bookmarkIntervalMs,
      timeoutMs: start.timeoutMs ?? watchTimeoutMs,
      maxLag: maxWatchLag,
      onClosed: (closed) => this.#watches.delete(closed),
    });
    this.#watches.add(watch);
    watch.open();
  }
}

function remember(seen: SeenRequest[], request: SeenRequest): void {
  seen.push(request);
  if (seen.length > MAX_SEEN_REQUESTS) seen.shift();
}

/** @returns undefined when the client is gone, or sends too much */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_BODY_BYTES) return undefined;
    }
  } catch {
    return undefined; // the connection broke: there is no one to answer
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusedReply(refused: ApiStatus): Reply {
  if (refused.code !== 403) return { status: refused };
  return { status: refused, headers: { 'x-content-type-options': 'nosniff' } };
}

function planned({ status: code, retryAfterSeconds }: PlannedFailure): Reply {
  const failure = { status: status.serverFailure(code) };
  if (retryAfterSeconds === undefined) return failure;
  return { ...failure, headers: { 'retry-after': String(retryAfterSeconds) } };
}

/** Waits, but not for a client that has gone: false then. */
async function pauseUnlessClosed(ms: number, response: ServerResponse): Promise<boolean> {
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  return pause(ms, closed.signal);
}
