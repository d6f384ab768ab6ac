import type { Environment } from '@podips/shared';
import { databaseEnvironment, startPgBouncer } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { getFrom, ledgerView } from '../support/ask-monitor.js';
import { startMonitorProcess } from '../support/monitor-process.js';
import { cutBroker, it, PATIENCE, restoreBroker, untilLedgerIsTrue } from '../support/reader-case.js';
import { leads, SHORT_LEASE, startPair, until, untilAllArrived } from '../support/reader-pair.js';

it('two readers and a monitor share a few connections of PgBouncer in transaction mode', async ({
  openCase,
}) => {
  const test = await openCase();
  await using owner = new AsyncDisposableStack();
  const pooler = await startPgBouncer(test.database, 2);
  owner.defer(() => pooler.stop());
  const database = databaseEnvironment(pooler.settings);
  const env: Environment = {
    ...database,
    ...SHORT_LEASE,
    LEDGER_INTERVAL_MS: '20',
    OUTBOX_INTERVAL_MS: '100',
  };
  const { leader, standby } = await startPair(test, owner, env);
  const monitor = await startMonitorProcess(database);
  owner.defer(() => monitor.destroy());
  const { workloads } = test.cluster;
  workloads.scaleDeployment('web', 20);
  await untilLedgerIsTrue(test);

  // The outbox fills and drains while the monitor reads in transactions that may only read.
  await cutBroker(test);
  workloads.scaleDeployment('more', 20);
  await vi.waitFor(async () => expect(await leader.metric('outbox_messages')).toBeGreaterThan(0), PATIENCE);
  for (let question = 0; question < 20; question += 1)
    expect((await getFrom(monitor, '/api/v1/leases?ip=10.64.0.7')).status).toBe(200);
  await restoreBroker(test);
  await untilAllArrived(test);
  await vi.waitFor(
    async () => expect(await ledgerView(monitor)).toMatchObject({ waiting: 0, error: null }),
    PATIENCE,
  );

  leader.child.kill('SIGKILL');
  workloads.scaleDeployment('web', 5);
  await until(() => leads(standby));
  await untilAllArrived(test);
  expect(leader.child.output() + standby.child.output()).not.toMatch(
    /read-only|ledger not loaded|ledger write failed/,
  );
  expect(await standby.metric('ledger_failures_total')).toBe(0);
});
