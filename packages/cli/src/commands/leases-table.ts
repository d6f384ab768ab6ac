import type { Lease } from '../answers.js';
import { shownTime, table } from '../terminal.js';

/** Leases for people. */
export function leasesTable(leases: readonly Lease[]): string {
  const rows = leases.map(({ namespace, pod, ip, node, hostNetwork, startedAt, endedAt }) => [
    `${namespace}/${pod}`,
    ip,
    shownTime(startedAt),
    shownTime(endedAt),
    hostNetwork ? `${node} (its address)` : node,
  ]);
  return table(['POD', 'ADDRESS', 'FROM', 'TO', 'NODE'], rows);
}
