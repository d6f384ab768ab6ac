import { localUrl } from '@podips/shared';
import { createTlsFiles, type TlsFiles } from '../tls.js';
import { ApiServer, type SeenRequest } from './api-server.js';
import { ClusterError } from './cluster-error.js';
import { FaultPlan } from './fault-plan.js';
import { Faults, type TokenState } from './faults.js';
import { IpLeases } from './ip-leases.js';
import { IpPool, MAX_POD_IPS, podIpv4, podIpv6 } from './ip-pool.js';
import { KubeletTimes } from './kubelet-times.js';
import { LeaseStore } from './lease-store.js';
import { Listener } from './listener.js';
import { createNodes } from './nodes.js';
import { PodStore } from './pod-store.js';
import { createRandom } from './random.js';
import { type RestartFact, RestartRecord } from './restart-record.js';
import { type Truth, TruthRecord } from './truth.js';
import { VersionedStore } from './versioned-store.js';
import { Workloads } from './workloads.js';

export interface ClusterOptions {
  /** Address to listen on; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** true makes a certificate authority and a certificate; or bring your own. */
  readonly tls?: boolean | TlsFiles;
  /** Bearer token that clients must show; without it every client may read. */
  readonly token?: string;
  /** The seed of everything random: names, UIDs, nodes, resource versions. Same seed and steps, same cluster. */
  readonly seed?: number;
  /** Number of nodes, 4 by default. */
  readonly nodes?: number;
  /** Addresses of pods per family; few of them change hands quickly. */
  readonly ipPoolSize?: number;
  /** Whether every pod has an IPv6 address too. */
  readonly dualStack?: boolean;
  /** Whether `managedFields` name every field, as real ones do, which makes pods about twice as large. */
  readonly managedFields?: boolean;
  /** Whether it writes protobuf where clients ask for it, as every API server does; true by default. */
  readonly protobuf?: boolean;
  /** How long kubelets take to report what happened, on average; 300 by default. */
  readonly reportLagMs?: number;
  /** For how long at most an evicted or deleted pod's sandbox is left; 400 by default. */
  readonly sandboxLeftMs?: number;
  /** How far the nodes' clocks are ahead of the API server's, in their order; 0 by default. */
  readonly nodeClocksAheadMs?: readonly number[];
  /** Between two bookmarks of a watch; 60,000 by default. */
  readonly bookmarkIntervalMs?: number;
  /** The timeout of watches that name none; five minutes by default. */
  readonly watchTimeoutMs?: number;
  /**
   * Pod writes that are kept for watches, tokens and exact lists; 10,000 by default. More writes than this without
   * a pause between them cut off every open watch.
   */
  readonly historyLimit?: number;
  /** A watch this many events behind loses its connection; the history limit by default. */
  readonly maxWatchLag?: number;
  /** Changes that the truth keeps; a million by default. */
  readonly truthLimit?: number;
  readonly now?: () => Date;
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

const DEFAULT_HISTORY = 10_000;
const DEFAULT_POOL = 65_536;
const DEFAULT_TRUTH = 1_000_000;
const DEFAULT_BOOKMARK_MS = 60_000;
const DEFAULT_WATCH_MS = 300_000;
const DEFAULT_REPORT_LAG_MS = 300;
const DEFAULT_SANDBOX_LEFT_MS = 400;

/** Starts a cluster without pods. @throws {ClusterError} OPTION_INVALID, LISTEN_FAILED */
export async function startCluster(options: ClusterOptions = {}): Promise<SimulatedCluster> {
  const { host = '127.0.0.1', historyLimit = DEFAULT_HISTORY } = options;
  const tls = options.tls === true ? await createTlsFiles(host) : options.tls || undefined;
  const state = createState(options, historyLimit);
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
    maxWatchLag: options.maxWatchLag ?? historyLimit,
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

function createState(options: ClusterOptions, historyLimit: number) {
  const { nodes: nodeCount = 4, ipPoolSize = DEFAULT_POOL, dualStack = false } = options;
  if (ipPoolSize < 1 || ipPoolSize > MAX_POD_IPS)
    throw new ClusterError('OPTION_INVALID', `ipPoolSize must be from 1 to ${MAX_POD_IPS}`);
  const [firstNode, ...otherNodes] = createNodes(nodeCount, dualStack);
  if (firstNode === undefined) throw new ClusterError('OPTION_INVALID', 'a cluster needs a node');
  const random = createRandom(options.seed ?? 1);
  const now = options.now ?? (() => new Date());
  const store = new VersionedStore(historyLimit);
  const truth = new TruthRecord(options.truthLimit ?? DEFAULT_TRUTH);
  const restarts = new RestartRecord(options.truthLimit ?? DEFAULT_TRUTH);
  const formats = dualStack ? [podIpv4, podIpv6] : [podIpv4];
  const pods = new PodStore({
    store,
    leases: new IpLeases(
      formats.map((format) => new IpPool(ipPoolSize, format)),
      truth,
      now,
    ),
    random,
    nodes: [firstNode, ...otherNodes],
    kubelet: new KubeletTimes(
      {
        reportLagMs: options.reportLagMs ?? DEFAULT_REPORT_LAG_MS,
        sandboxLeftMs: options.sandboxLeftMs ?? DEFAULT_SANDBOX_LEFT_MS,
        clockAheadMs: options.nodeClocksAheadMs ?? [],
      },
      [firstNode, ...otherNodes],
      // Its own source: the same seed gives the same names and addresses, however often a time is asked for.
      createRandom((options.seed ?? 1) + 1),
    ),
    restarts,
    wholeFields: options.managedFields ?? false,
    now,
  });
  // A source of its own: the names of pods do not depend on who elects whom.
  const leases = new LeaseStore({ store, random: createRandom(options.seed ?? 1), now });
  return { store, truth, restarts, pods, leases, workloads: new Workloads(pods, random) };
}
