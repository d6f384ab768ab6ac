import type { Environment } from '@podips/shared';
import { startChurn, untilWatched } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import { check } from '../faults/check.js';
import { judgeLedger, type LedgerRow, readGaps, readLedger, readPosition } from '../support/ledger.js';
import {
  COMPLETE,
  cutDatabase,
  EXACT,
  it,
  PATIENCE,
  type ReaderCase,
  restoreDatabase,
  type TestReader,
  untilLedgerIsTrue,
} from '../support/reader-case.js';

const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
});

/** Starts a reader and waits until it has listed: what comes and goes before that cannot be known. */
async function startReader(test: ReaderCase, env: Environment = {}): Promise<TestReader> {
  const reader = await test.startReader({ ...database(test), ...env });
  await untilWatched(test.cluster);
  return reader;
}

/** The leases of one pod, in the order in which they began. */
async function leasesOfPod({ pool }: ReaderCase, uid: string): Promise<LedgerRow[]> {
  return (await readLedger(pool)).filter((lease) => lease.uid === uid);
}

describe('the ledger holds exactly what happened', () => {
  it('after many pods of all kinds came and went', async ({ openCase }) => {
    const test = await openCase({ ipPoolSize: 150 });
    await startReader(test);
    const churn = startChurn(test.cluster, { seed: 11, changesPerSecond: 800, pods: 120 });
    await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(3_000), PATIENCE);
    churn.stop();
    expect(await test.caughtUp()).toEqual(EXACT);
    await untilLedgerIsTrue(test);
    const open = (await readLedger(test.pool)).filter((lease) => lease.open);
    expect(open).toHaveLength(test.cluster.truth.openLeases().length);
  });

  it('with an address of each family for each pod', async ({ openCase }) => {
    const test = await openCase({ dualStack: true });
    await startReader(test);
    const [pod] = test.cluster.workloads.scaleDeployment('web', 5);
    test.cluster.workloads.startDaemonSet('agent', { hostNetwork: true });
    test.cluster.workloads.scaleDeployment('web', 2);
    await untilLedgerIsTrue(test);
    const addresses = (await leasesOfPod(test, pod?.metadata.uid ?? '')).map(({ ip }) => ip);
    expect(addresses.filter((ip) => ip.includes(':'))).toHaveLength(1);
    expect(addresses).toHaveLength(2);
  });

  it('with the way in which each lease ended', async ({ openCase }) => {
    const test = await openCase();
    await startReader(test);
    const { pods, workloads } = test.cluster;
    const deleted = workloads.startBarePod('deleted');
    const finished = workloads.startBarePod('finished');
    const changed = workloads.startBarePod('changed');
    await untilLedgerIsTrue(test);
    pods.delete(deleted);
    pods.finish(finished);
    pods.changeIp(changed);
    await untilLedgerIsTrue(test);
    const endsOf = async ({ metadata }: typeof deleted) =>
      (await leasesOfPod(test, metadata.uid)).map(({ endReason, endInferred }) => [endReason, endInferred]);
    expect(await endsOf(deleted)).toEqual([['deleted', false]]);
    expect(await endsOf(finished)).toEqual([['finished', false]]);
    expect(await endsOf(changed)).toEqual([
      ['changed', false],
      [null, null],
    ]);
  });

  it('with the times that the messages say', async ({ openCase }) => {
    const test = await openCase();
    await startReader(test);
    const pod = test.cluster.workloads.startBarePod('short');
    test.cluster.pods.delete(pod);
    expect(await test.caughtUp()).toEqual(EXACT);
    await untilLedgerIsTrue(test);
    const { rows } = await test.pool.query<{ started_at: Date; ended_at: Date }>(
      'SELECT started_at, ended_at FROM leases WHERE pod_uid = $1',
      [pod.metadata.uid],
    );
    const published = test.records.filter(({ record }) => record.pod_uid === pod.metadata.uid);
    expect(rows.flatMap((row) => [row.started_at.toISOString(), row.ended_at.toISOString()])).toEqual(
      published.map(({ record }) => record.timestamp),
    );
  });
});

describe('a reader whose database is unavailable at the start', () => {
  const PATIENT = { DB_WAIT_MS: '0', STANDBY_INTERVAL_MS: '100' };

  it('publishes without the ledger, and restarts from it when it is back: the time until then is a gap', async ({
    openCase,
  }) => {
    const test = await openCase({ ipPoolSize: 20 });
    const { pods, workloads } = test.cluster;
    const first = await startReader(test);
    workloads.scaleDeployment('stays', 5);
    const gone = workloads.startBarePod('gone');
    const changed = workloads.startBarePod('changed');
    await untilLedgerIsTrue(test);
    await first.stop();
    await vi.waitFor(() => expect(test.cluster.openWatches).toBe(0), PATIENCE);
    const before = await readPosition(test.pool);

    await cutDatabase(test);
    pods.delete(gone);
    pods.changeIp(changed);
    const second = await startReader(test, PATIENT);
    const delivered = (status: string, name: string) =>
      test.records.filter(({ record }) => record.pod === name && record.pod_ip_status === status);
    pods.delete(workloads.startBarePod('brief'));
    await vi.waitFor(() => expect(delivered('deallocated', 'brief')).toHaveLength(1), PATIENCE);
    expect(await second.metric('leads')).toBe(1);
    expect(delivered('deallocated', 'gone')).toEqual([]);
    await restoreDatabase(test);
    await vi.waitFor(async () => {
      const verdict = await check(test.cluster, test.records, test.pool);
      expect(verdict).toMatchObject({ ...COMPLETE, excused: 0, ledger: [] });
    }, PATIENCE);
    expect(second.logged()).toContain('restarting from the ledger');
    // The cluster remembers all since the checkpoint: nothing had to be deduced.
    expect(test.records.filter(({ record }) => record.inferred)).toEqual([]);
    await untilLedgerIsTrue(test);
    workloads.scaleDeployment('stays', 2);
    await untilLedgerIsTrue(test);
    expect(await readGaps(test.pool)).toEqual([
      { startedAt: null, endedAt: expect.any(Date), reason: 'start' },
      { startedAt: before?.knownAt, endedAt: expect.any(Date), reason: 'late' },
    ]);
  });

  it('writes the ledger from its beginning when that is empty', async ({ openCase }) => {
    const test = await openCase();
    await cutDatabase(test);
    test.cluster.workloads.scaleDeployment('web', 5);
    await startReader(test, PATIENT);
    test.cluster.workloads.scaleDeployment('web', 2);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await restoreDatabase(test);
    // A lease that ended before the ledger was loaded lies before its beginning.
    await vi.waitFor(async () => {
      const verdict = await check(test.cluster, test.records, test.pool);
      expect(verdict).toMatchObject({ ...COMPLETE, excused: 0, ledger: [] });
      expect(verdict.gaps).toMatchObject([{ started_at: null, reason: 'start' }]);
    }, PATIENCE);
    expect(await test.caughtUp()).toMatchObject(COMPLETE);
    await vi.waitFor(async () => {
      const open = (await readLedger(test.pool)).filter((lease) => lease.open);
      expect(open).toHaveLength(test.cluster.truth.openLeases().length);
    }, PATIENCE);
  });
});

it('names a gap when more leases than fit in memory came while the database was unavailable, and has what is open', async ({
  openCase,
}) => {
  const test = await openCase();
  const { workloads } = test.cluster;
  const reader = await startReader(test, { LEDGER_BUFFER_LEASES: '100' });
  workloads.scaleDeployment('web', 20);
  await untilLedgerIsTrue(test);
  await cutDatabase(test);
  workloads.scaleDeployment('web', 5);
  workloads.scaleDeployment('brief', 200);
  workloads.scaleDeployment('brief', 30);
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
  await vi.waitFor(
    () =>
      expect(reader.logged()).toContain(
        'ledger backlog full; nothing is recorded until the ledger can be written',
      ),
    PATIENCE,
  );
  expect(await reader.metric('pending_leases')).toBeLessThanOrEqual(100);
  await restoreDatabase(test);
  await vi.waitFor(async () => {
    const reasons = (await readGaps(test.pool)).map(({ reason }) => reason);
    expect(reasons).toEqual(['start', 'ledger-overflow']);
  }, PATIENCE);
  const open = async () => {
    const rows = (await readLedger(test.pool)).filter((lease) => lease.open);
    return rows.map(({ uid, ip }) => `${uid} ${ip}`).sort();
  };
  const held = () => test.cluster.truth.openLeases().map(({ podUid, ip }) => `${podUid} ${ip}`);
  await vi.waitFor(async () => expect(await open()).toEqual(held().sort()), PATIENCE);
  const { untrue, overlapping } = await judgeLedger(test.pool, test.cluster.truth.changes);
  expect({ untrue, overlapping }).toEqual({ untrue: [], overlapping: 0 });
  workloads.scaleDeployment('brief', 10);
  await vi.waitFor(async () => expect(await open()).toEqual(held().sort()), PATIENCE);
});

describe('the ledger is never ahead of what is durable', () => {
  it('while neither queue nor outbox accepts messages, and all is published after a restart', async ({
    openCase,
  }) => {
    const test = await openCase();
    const reader = await startReader(test);
    test.cluster.workloads.scaleDeployment('web', 20);
    expect(await test.caughtUp()).toEqual(EXACT);
    await untilLedgerIsTrue(test);
    // The outbox refuses, the ledger would take.
    await test.pool.query('ALTER TABLE messages RENAME TO messages_away');
    await test.brokerProxy.refuse(true);
    test.brokerProxy.cut();
    const durable = test.cluster.truth.changeCount;
    test.cluster.workloads.scaleDeployment('web', 5);
    test.cluster.workloads.scaleDeployment('new', 10);
    await vi.waitFor(async () => expect(await reader.metric('buffered_messages')).toBe(25), PATIENCE);
    await vi.waitFor(
      async () => expect(await reader.metric('outbox_failures_total')).toBeGreaterThan(2),
      PATIENCE,
    );
    const kept = await readLedger(test.pool);
    expect(kept.filter((lease) => lease.open)).toHaveLength(21);
    expect(kept).toHaveLength(21);
    const position = Number((await readPosition(test.pool))?.resourceVersion);
    expect(position).toBeLessThan(test.cluster.truth.changes[durable]?.resourceVersion ?? 0);
    await reader.stop();
    expect(reader.logged()).toContain('neither queue nor database accepted the last messages');
    expect(await readLedger(test.pool)).toEqual(kept);

    await test.pool.query('ALTER TABLE messages_away RENAME TO messages');
    await test.brokerProxy.refuse(false);
    await startReader(test);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await untilLedgerIsTrue(test);
    expect(test.records.filter(({ record }) => record.inferred)).toEqual([]);
    expect(await readGaps(test.pool)).toHaveLength(1);
  });
});
