import { localUrl } from '@podips/shared';
import { createTlsFiles, type TlsFiles } from '../tls.js';
import { ApiServer, type SeenRequest } from './api-server.js';
import { type ClusterStateOptions, createClusterState } from './cluster-state.js';
import { FaultPlan } from './fault-plan.js';
import { Faults, type TokenState } from './faults.js';
import type { LeaseStore } from './lease-store.js';
import { Listener } from './listener.js';
import type { PodStore } from './pod-store.js';
import { createRandom } from './random.js';
import type { RestartFact } from './restart-record.js';
import type { Truth } from './truth.js';
import type { Workloads } from './workloads.js';

export interface ClusterOptions extends ClusterStateOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** true makes a certificate authority and a certificate; or bring your own. */
  readonly tls?: boolean | TlsFiles;
  /** Bearer token that clients must show; without it every client may read. */
  readonly token?: string;
  /** Whether it writes protobuf where clients ask for it, as every API server does; true by default. */
  readonly protobuf?: boolean;
  /** Between two bookmarks of a watch; 60,000 by default. */
  readonly bookmarkIntervalMs?: number;
  /** The timeout of watches that name none; five minutes by default. */
  readonly watchTimeoutMs?: number;
  /** A watch this many events behind loses its connection; the history limit by default. */
  readonly maxWatchLag?: number;
}

/** A Kubernetes cluster as far as a reader of pods can tell. */
export interface SimulatedCluster {
  readonly url: string;
  readonly port: number;
  /** Certificate of the authority, when there is TLS. */
  readonly caPem: string | undefined;
  readonly pods: PodStore;
  readonly workloads: Workloads;
  /** The Leases of `coordination.k8s.io/v1`, by which readers elect their leader. */
  readonly leases: LeaseStore;
  readonly truth: Truth;
  /** The restarts of containers that really happened. */
  readonly restarts: readonly RestartFact[];
  readonly faults: Faults;
  /** Number of watches that are open now. */
  readonly openWatches: number;
  /** The latest thousand requests for Leases, the oldest first. */
  readonly leaseRequests: readonly SeenRequest[];
  /** The latest thousand other requests, the oldest first. */
  readonly requests: readonly SeenRequest[];
  /** Cuts all connections and closes the port. The pods stay, and may change on. */
  stop(): Promise<void>;
  /** Stops, then listens on the same port again, as an API server does whose etcd stayed alive. */
  restart(): Promise<void>;
}

const DEFAULT_BOOKMARK_MS = 60_000;
const DEFAULT_WATCH_MS = 300_000;

/** Starts a cluster without pods. @throws {ClusterError} OPTION_INVALID, LISTEN_FAILED */
export async function startCluster(options: ClusterOptions = {}): Promise<SimulatedCluster> {
  const { host = '127.0.0.1' } = options;
  const tls = options.tls === true ? await createTlsFiles(host) : options.tls || undefined;
  const state = createClusterState(options);
  const plan = new FaultPlan();
  const tokens: TokenState = { token: options.token, expired: false };
  const server = new ApiServer({
    store: state.store,
    leases: state.leases,
    plan,
    access: () => ({
      token: tokens.token,
      tokenExpired: tokens.expired,
    }),
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? DEFAULT_BOOKMARK_MS,
    watchTimeoutMs: options.watchTimeoutMs ?? DEFAULT_WATCH_MS,
    maxWatchLag: options.maxWatchLag ?? state.historyLimit,
    protobuf: options.protobuf ?? true,
  });
  const listener = new Listener({
    host,
    port: options.port ?? 0,
    tls,
    onRequest(request, response) {
      // By the clock that all of its times are of.
      response.setHeader('date', (options.now?.() ?? new Date()).toUTCString());
      void server.handle(request, response);
    },
  });
  const faults = new Faults({
    listener,
    store: state.store,
    server,
    plan,
    tokens,
    random: createRandom(options.seed ?? 1),
  });
  await listener.open();
  const stop = async () => {
    faults.clear();
    await listener.close();
  };
  return {
    url: localUrl(tls ? 'https' : 'http', host, listener.port),
    port: listener.port,
    caPem: tls?.caPem,
    pods: state.pods,
    workloads: state.workloads,
    leases: state.leases,
    truth: state.truth,
    restarts: state.restarts.facts,
    faults,
    get openWatches() {
      return server.watches.length;
    },
    get leaseRequests() {
      return server.leaseRequests;
    },
    get requests() {
      return server.requests;
    },
    stop,
    async restart() {
      await listener.close();
      await listener.open();
    },
  };
}
