import { ClusterError } from './cluster-error.js';
import { IpLeases } from './ip-leases.js';
import { IpPool, MAX_POD_IPS, podIpv4, podIpv6 } from './ip-pool.js';
import { KubeletTimes } from './kubelet-times.js';
import { LeaseStore } from './lease-store.js';
import { createNodes } from './nodes.js';
import { PodStore } from './pod-store.js';
import { createRandom } from './random.js';
import { RestartRecord } from './restart-record.js';
import { TruthRecord } from './truth.js';
import { VersionedStore } from './versioned-store.js';
import { Workloads } from './workloads.js';

export interface ClusterStateOptions {
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
  /** How long kubelets take to report what happened, on average; 300 by default. */
  readonly reportLagMs?: number;
  /** For how long at most an evicted or deleted pod's sandbox is left; 400 by default. */
  readonly sandboxLeftMs?: number;
  /** How far the nodes' clocks are ahead of the API server's, in their order; 0 by default. */
  readonly nodeClocksAheadMs?: readonly number[];
  /**
   * Pod writes that are kept for watches, tokens and exact lists; 10,000 by default. More writes than this without
   * a pause between them cut off every open watch.
   */
  readonly historyLimit?: number;
  /** Changes that the truth keeps; a million by default. */
  readonly truthLimit?: number;
  readonly now?: () => Date;
}

/** What a cluster has, without the server that shows it. */
export interface ClusterState {
  readonly historyLimit: number;
  readonly store: VersionedStore;
  readonly truth: TruthRecord;
  readonly restarts: RestartRecord;
  readonly pods: PodStore;
  readonly leases: LeaseStore;
  readonly workloads: Workloads;
}

const DEFAULT_HISTORY = 10_000;
const DEFAULT_POOL = 65_536;
const DEFAULT_TRUTH = 1_000_000;
const DEFAULT_REPORT_LAG_MS = 300;
const DEFAULT_SANDBOX_LEFT_MS = 400;

/** @throws {ClusterError} OPTION_INVALID */
export function createClusterState(options: ClusterStateOptions): ClusterState {
  const { nodes: nodeCount = 4, ipPoolSize = DEFAULT_POOL, dualStack = false } = options;
  const { historyLimit = DEFAULT_HISTORY } = options;
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
  return { historyLimit, store, truth, restarts, pods, leases, workloads: new Workloads(pods, random) };
}
