import { BodyBuffer } from '../cluster/body-buffer.js';
import { type KubeClient, type KubeEditor, KubeError, type KubeRequest } from '../cluster/kube-client.js';
import { type Lease, parseLease } from './lease.js';

/** Reads and writes one Lease. Every call has a deadline and throws {@link KubeError}. */
export interface LeaseClient {
  /** @returns undefined when there is none */
  get(signal: AbortSignal): Promise<Lease | undefined>;
  /** @returns undefined when there is one already */
  create(object: object, signal: AbortSignal): Promise<Lease | undefined>;
  /** @returns undefined when the Lease was changed or deleted since the version that `object` names */
  update(object: object, signal: AbortSignal): Promise<Lease | undefined>;
}

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const NOT_FOUND = 404;
const CONFLICT = 409;
const MAX_LEASE_BYTES = 1_048_576;

/** @param deadlineMs for each request, from its first packet to the last byte of the answer */
export function createLeaseClient(client: KubeEditor, lease: LeaseName, deadlineMs: number): LeaseClient {
  const leases = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(lease.namespace)}/leases`;
  const path = `${leases}/${encodeURIComponent(lease.name)}`;

  const ask = async (signal: AbortSignal, absentAt: number, call: (request: KubeRequest) => CallResult) => {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    try {
      const { body } = await call({
        path,
        query: {},
        headersDeadlineMs: deadlineMs,
        bodyIdleMs: deadlineMs,
        signal: deadline,
      });
      return parseLease((await new BodyBuffer().read(body, MAX_LEASE_BYTES)).bytes.toString());
    } catch (err) {
      const error = asKubeError(err);
      if (error.status === absentAt) return undefined;
      throw explain(error, lease);
    }
  };

  return {
    get: (signal) => ask(signal, NOT_FOUND, (request) => client.get(request)),
    create: (object, signal) =>
      ask(signal, CONFLICT, (request) => client.send({ ...request, path: leases, method: 'POST', object })),
    update: (object, signal) =>
      ask(signal, CONFLICT, (request) => client.send({ ...request, method: 'PUT', object })),
  };
}

type CallResult = ReturnType<KubeClient['get']>;

function asKubeError(err: unknown): KubeError {
  if (err instanceof KubeError) return err;
  const text = err instanceof Error ? err.message : String(err);
  return new KubeError('KUBE_UNREACHABLE', `the API server broke its answer off: ${text}`, {
    status: 503,
    cause: err,
  });
}

/** Names what an operator has to change where waiting alone does not help: first, because the monitor cuts long texts. */
function explain(error: KubeError, { namespace, name }: LeaseName): KubeError {
  const advice = new Map([
    [UNAUTHORIZED, 'the credentials of the reader are not accepted'],
    [
      FORBIDDEN,
      'the reader lacks the permission to get, create and update leases in this namespace (deploy/k8s/services/reader.yaml has the Role; LEADER_ELECTION=false if it is the only reader)',
    ],
    [NOT_FOUND, 'this namespace does not exist (LEASE_NAMESPACE)'],
  ]).get(error.status);
  const message = ['leader lease', `${namespace}/${name}:`, ...(advice === undefined ? [] : [`${advice}:`])];
  return new KubeError(error.code, [...message, error.message].join(' '), {
    status: error.status,
    retryAfterMs: error.retryAfterMs,
    cause: error,
  });
}
