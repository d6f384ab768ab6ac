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
