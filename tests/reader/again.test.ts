import type { Environment } from '@podips/shared';
import { untilWatched } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { readLedger } from '../support/ledger.js';
import { EXACT, it, PATIENCE, type ReaderCase, untilLedgerIsTrue } from '../support/reader-case.js';

const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
});

it('gives a pod that runs again after it had failed another lease of its address, also after a restart', async ({
  openCase,
}) => {
  // There is no other address than the one that it had.
  const test = await openCase({ ipPoolSize: 1 });
  const { pods, workloads } = test.cluster;
  const first = await test.startReader(database(test));
  await untilWatched(test.cluster);
  const pod = workloads.startBarePod('again');
  pods.fail(pod);
  pods.runAgain(pod);
  pods.finish(pod);
  await untilLedgerIsTrue(test);
  await first.stop();

  await test.startReader(database(test));
  await untilWatched(test.cluster);
  pods.runAgain(pod);
  await untilLedgerIsTrue(test);
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
  const leases = await readLedger(test.pool);
  expect(leases.map(({ occurrence, open, endReason }) => [occurrence, open, endReason])).toEqual([
    [0, false, 'finished'],
    [1, false, 'finished'],
    [2, true, null],
  ]);
  const statuses = test.records.map(({ record }) => record.pod_ip_status);
  expect(statuses.filter((status) => status === 'allocated')).toHaveLength(3);
  expect(statuses).toHaveLength(5);
});
