import { isIP } from 'node:net';
import { canonicalIp, type MessagePod, PodipsError, toError } from '@podips/shared';
import { type PodTimes, projectTimes } from '../changes/pod-times.js';
import { type EndCause, projectEndCause } from '../workloads/end-cause.js';
import { type ContainerRestarts, projectRestarts } from '../workloads/restarts.js';
import { projectWorkload } from '../workloads/workload.js';
import { type Fields, fields, text } from './fields.js';
import { type SecondaryAddress, secondaryAddresses } from './secondary-networks.js';

/** The reader's projection of a pod: some 300 bytes of the 6 kB that the API server sends. */
export interface Pod extends MessagePod {
  /** Addresses in canonical spelling, without repeats; empty before the network has given one. */
  readonly ips: readonly string[];
  /** Addresses on other networks; undefined where nothing is known of them. */
  readonly secondary?: readonly SecondaryAddress[] | undefined;
  /** In phase Succeeded or Failed: it holds no address any more, whatever its status still shows. */
  readonly finished: boolean;
  readonly times: PodTimes;
  /** Why it ended; undefined while nothing says that it does. */
  readonly endCause?: EndCause | undefined;
  /** Of the containers that were started again; left out where none was. */
  readonly restarts?: readonly ContainerRestarts[];
}

/** An object of the API server that cannot be a pod. */
export class PodError extends PodipsError {}

/** How pods are projected. */
export interface Projection {
  /** Whether addresses on networks beside the default one count. */
  readonly secondaryNetworks: boolean;
  /** Called for annotations that cannot be read: nothing is known of the other networks of their pod then. */
  readonly onMalformed: (reason: Error) => void;
}

const DEFAULT_NETWORK_ALONE: Projection = { secondaryNetworks: false, onMalformed: () => undefined };

/**
 * Projects a pod of the Kubernetes API (core/v1 Pod) to what the reader keeps.
 * A pod without status has no address yet; that is no error.
 * @throws {PodError} POD_MALFORMED when the pod cannot be identified
 */
export function projectPod(object: unknown, projection = DEFAULT_NETWORK_ALONE): Pod {
  const { metadata, spec, status } = fields(object);
  const meta = fields(metadata);
  const uid = text(meta.uid);
  const name = text(meta.name);
  if (uid === '' || name === '')
    throw new PodError(
      'POD_MALFORMED',
      `a pod needs metadata.uid and metadata.name, but has ${describeKeys(object)}`,
    );
  const { phase } = fields(status);
  const ips = podIps(fields(status));
  const secondary = secondaryOf(fields(meta.annotations), ips, projection);
  const finished = phase === 'Succeeded' || phase === 'Failed';
  const restarts = projectRestarts(object);
  const owner = fields(Array.isArray(meta.ownerReferences) ? meta.ownerReferences[0] : undefined);
  return {
    uid,
    namespace: text(meta.namespace),
    name,
    ownerKind: text(owner.kind) || 'Unknown',
    ownerName: text(owner.name),
    node: text(fields(spec).nodeName),
    hostNetwork: fields(spec).hostNetwork === true,
    ips,
    ...(secondary && { secondary }),
    workload: projectWorkload(object),
    finished,
    times: projectTimes(object),
    ...(finished || meta.deletionTimestamp !== undefined ? { endCause: projectEndCause(object) } : {}),
    ...(restarts.length > 0 ? { restarts } : {}),
  };
}

function secondaryOf(
  annotations: Fields,
  ips: readonly string[],
  { secondaryNetworks, onMalformed }: Projection,
): SecondaryAddress[] | undefined {
  if (!secondaryNetworks) return undefined;
  try {
    return secondaryAddresses(annotations, ips);
  } catch (err) {
    onMalformed(toError(err));
    return undefined;
  }
}

function podIps(status: Fields): string[] {
  const listed = Array.isArray(status.podIPs) ? status.podIPs.map((entry) => text(fields(entry).ip)) : [];
  const ips = [...listed, text(status.podIP)]
    .filter((ip) => isIP(ip) !== 0 && !ip.includes('%'))
    .map(canonicalIp);
  return [...new Set(ips)];
}

function describeKeys(object: unknown): string {
  const { metadata } = fields(object);
  const keys = Object.keys(fields(metadata));
  return metadata === undefined ? 'no metadata' : `only metadata.{${keys.slice(0, 10).join(', ')}}`;
}
