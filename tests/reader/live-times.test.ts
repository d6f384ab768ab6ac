import type { IpChange } from '@podips/simulation';
import { startChurn, untilWatched } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { it, PATIENCE, untilLedgerIsTrue } from '../support/reader-case.js';
import { judgeTimes, TRUE_TIMES } from '../support/times.js';

const CHANGES = 400;
/**
 * Kubernetes writes whole seconds, of the node's clock and of the API server's, so that each of both can be off by one.
 * Measured: starts about 1.7 s, ends about 2.5 s.
 */
const MEDIAN_BELOW_MS = { assigned: 2_500, released: 3_500 } as const;

it('says in live operation when it happened, to a few seconds beyond what kubelets take to report', async ({
  openCase,
}) => {
  const test = await openCase({ ipPoolSize: 300 });
  await test.startReader({ ...test.withDatabase, LEDGER_INTERVAL_MS: '20' });
  await untilWatched(test.cluster);
  const churn = startChurn(test.cluster, { seed: 11, changesPerSecond: 40, pods: 100 });
  await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(CHANGES), PATIENCE);
  churn.stop();
  await test.caughtUp();
  await untilLedgerIsTrue(test);
  const { changes } = test.cluster.truth;
  expect(await judgeTimes(test.pool, changes, test.records)).toMatchObject(TRUE_TIMES);
  for (const kind of ['assigned', 'released'] as const) {
    const beyondMs = test.records
      .map(({ record }) => Number(record.uncertainty_ms) - lagOf(changes, record, kind))
      .filter((ms) => !Number.isNaN(ms))
      .sort((a, b) => a - b);
    expect(beyondMs[beyondMs.length >> 1]).toBeLessThan(MEDIAN_BELOW_MS[kind]);
  }
});

/** How late the kubelet reported what the message says; NaN for a message of another kind. */
function lagOf(
  changes: readonly IpChange[],
  record: Record<string, unknown>,
  kind: IpChange['kind'],
): number {
  if ((record.pod_ip_status === 'deallocated') !== (kind === 'released')) return Number.NaN;
  const change = changes.find(
    (one) => one.kind === kind && one.podUid === record.pod_uid && one.ip === record.pod_ip,
  );
  return change === undefined ? Number.NaN : Math.max(0, change.at.getTime() - change.happenedAt.getTime());
}
