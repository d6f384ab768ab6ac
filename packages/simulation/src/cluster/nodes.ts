import { ClusterError } from './cluster-error.js';
import { keyOf, type PodObject } from './pod-object.js';

export interface ClusterNode {
  readonly name: string;
  /** IPv4, and IPv6 in a cluster with two stacks. */
  readonly ips: readonly [string, ...string[]];
}

/** Nodes `node-0` on 192.168.0.1 (and fd00:192:168::1) and so on. */
export function createNodes(count: number, dualStack: boolean): ClusterNode[] {
  return Array.from({ length: count }, (_, index) => {
    const host = index + 1;
    const ipv4 = `192.168.${host >> 8}.${host & 255}`;
    return {
      name: `node-${index}`,
      ips: dualStack ? [ipv4, `fd00:192:168::${host.toString(16)}`] : [ipv4],
    };
  });
}

/** The node of a pod. @throws {ClusterError} POD_NOT_SCHEDULED */
export function nodeOf(pod: PodObject, nodes: readonly ClusterNode[]): ClusterNode {
  const node = nodes.find(({ name }) => name === pod.spec.nodeName);
  if (node === undefined)
    throw new ClusterError('POD_NOT_SCHEDULED', `${keyOf(pod)} is on no node of this cluster`);
  return node;
}
