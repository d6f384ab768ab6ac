import type { Environment } from '@podips/shared';
import { expect, vi } from 'vitest';
import {
  cutBroker,
  cutDatabase,
  it,
  PATIENCE,
  type ReaderCase,
  restoreBroker,
  restoreDatabase,
  untilLedgerIsTrue,
} from '../support/reader-case.js';
import {
  FAILURES_OF_STEADY_LEASE,
  leads,
  STEADY_LEASE,
  startPair,
  until,
  untilAllArrived,
} from '../support/reader-pair.js';

const settings = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  ...STEADY_LEASE,
  LEDGER_INTERVAL_MS: '20',
  DB_WAIT_MS: '0',
});

type Part = 'API server' | 'database' | 'broker';

async function makeUnavailable(test: ReaderCase, part: Part): Promise<void> {
  if (part === 'database') return cutDatabase(test);
  if (part === 'broker') return cutBroker(test);
  test.cluster.faults.refuseConnections();
  test.cluster.faults.dropConnections();
}

async function makeAvailable(test: ReaderCase, part: Part): Promise<void> {
  if (part === 'database') return restoreDatabase(test);
  if (part === 'broker') return restoreBroker(test);
  return test.cluster.faults.acceptConnections();
}

const COMBINATIONS: ReadonlyArray<readonly Part[]> = [
  [],
  ['API server'],
  ['database'],
  ['broker'],
  ['API server', 'database'],
  ['API server', 'broker'],
  ['database', 'broker'],
  ['API server', 'database', 'broker'],
];
const CASES = COMBINATIONS.map((parts) => ({ parts, name: parts.join(', ') || 'nothing' }));

it.for(CASES)(
  'one of two readers leads while this is unavailable, and the other one when it dies: $name',
  async ({ parts }, { openCase }) => {
    const test = await openCase();
    await using owner = new AsyncDisposableStack();
    const { leader, standby } = await startPair(test, owner, settings(test));
    const { workloads } = test.cluster;
    workloads.scaleDeployment('web', 20);
    await untilLedgerIsTrue(test);
    for (const part of parts) await makeUnavailable(test, part);
    workloads.scaleDeployment('web', 15);
    workloads.scaleDeployment('more', 10);
    if (parts.includes('API server')) {
      const failures = 'api_failures_total{status="503"}';
      await vi.waitFor(
        async () => expect(await standby.metric(failures)).toBeGreaterThan(FAILURES_OF_STEADY_LEASE),
        PATIENCE,
      );
      expect(await leads(leader)).toBe(true);
      expect(await leads(standby)).toBe(false);
    }
    leader.child.kill('SIGKILL');
    await leader.child.exited;
    if (parts.includes('API server')) await makeAvailable(test, 'API server');
    await until(() => leads(standby));
    workloads.scaleDeployment('web', 5);
    workloads.scaleDeployment('other', 5);
    for (const part of parts) if (part !== 'API server') await makeAvailable(test, part);
    await untilAllArrived(test);
    workloads.scaleDeployment('more', 0);
    await untilAllArrived(test);
    expect(await leads(standby)).toBe(true);
  },
);
