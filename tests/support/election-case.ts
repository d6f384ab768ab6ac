import {
  Candidate,
  type Clocks,
  createKubeClient,
  createLeaseClient,
  type LeaseClient,
  readReaderSettings,
} from '@podips/reader';
import { type LeaseObject, type SimulatedCluster, startCluster } from '@podips/simulation';

export const NAME = { namespace: 'podips', name: 'podips-reader' };

export interface CandidateCase {
  readonly clocks?: Clocks;
  readonly durationSeconds?: number;
  /** The URL of the API server, or of a proxy before it. */
  readonly server?: string;
  readonly deadlineMs?: number;
}

const REAL_CLOCKS: Clocks = { steadyMs: () => performance.now(), now: () => new Date() };

/** A simulated API server, and candidates for the Lease in it. */
export interface ElectionCase extends AsyncDisposable {
  readonly cluster: SimulatedCluster;
  /** The Lease as it is stored. */
  readonly lease: LeaseObject | undefined;
  client(server?: string, deadlineMs?: number): LeaseClient;
  candidate(identity: string, options?: CandidateCase): Candidate;
}

export async function openElectionCase(): Promise<ElectionCase> {
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster();
  resources.defer(() => cluster.stop());
  const owned = resources.move();
  const client = (server = cluster.url, deadlineMs = 5_000) => {
    const env = { KUBE_APISERVER_URL: server, HOME: '/nonexistent' };
    const kube = createKubeClient(readReaderSettings(['--incluster=false'], env).kubeConfig);
    owned.defer(() => kube.close());
    return createLeaseClient(kube, NAME, deadlineMs);
  };
  return {
    cluster,
    get lease() {
      return cluster.leases.get(NAME.namespace, NAME.name);
    },
    client,
    candidate: (identity, { clocks = REAL_CLOCKS, durationSeconds = 10, server, deadlineMs } = {}) =>
      new Candidate(client(server, deadlineMs), { lease: NAME, identity, durationSeconds }, clocks),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
