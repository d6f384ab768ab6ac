import type { Environment } from '@podips/shared';
import { startChurn } from '@podips/simulation';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  judgeLedger,
  type LedgerRow,
  readGaps,
  readLedger,
  readPosition,
  TRUE_LEDGER,
} from './support/ledger.js';
import {
  EXACT,
  openReaderCase,
  PATIENCE,
  type ReaderCase,
  type ReaderStage,
  startReaderStage,
  withDatabase,
} from './support/reader-case.js';

let stage: ReaderStage;
let database: Environment;
beforeAll(async () => {
  stage = await startReaderStage();
});
afterAll(() => stage?.destroy());
beforeEach(() => {
  database = { ...withDatabase(stage), LEDGER_INTERVAL_MS: '20' };
});

/** Waits until the ledger holds exactly what happened. */
function untilTrue({ cluster }: ReaderCase): Promise<void> {
  return vi.waitFor(
    async () => expect(await judgeLedger(stage.database, cluster.truth.changes)).toEqual(TRUE_LEDGER),
    PATIENCE,
  );
}

/** The leases of one pod, in the order in which they began. */
async function leasesOfPod(uid: string): Promise<LedgerRow[]> {
  return (await readLedger(stage.database)).filter((lease) => lease.uid === uid);
}

describe('the ledger holds exactly what happened', () => {
  it('after many pods of all kinds came and went', async () => {
    await using test = await openReaderCase(stage, { ipPoolSize: 150 });
    await test.startReader(database);
    const churn = startChurn(test.cluster, { seed: 11, changesPerSecond: 800, pods: 120 });
    await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(3_000), PATIENCE);
    churn.stop();
    expect(await test.caughtUp()).toEqual(EXACT);
    await untilTrue(test);
    const open = (await readLedger(stage.database)).filter((lease) => lease.open);
    expect(open).toHaveLength(test.cluster.truth.openLeases().length);
  });

  it('with an address of each family for each pod', async () => {
    await using test = await openReaderCase(stage, { dualStack: true });
    await test.startReader(database);
    const [pod] = test.cluster.workloads.scaleDeployment('web', 5);
    test.cluster.workloads.startDaemonSet('agent', { hostNetwork: true });
    test.cluster.workloads.scaleDeployment('web', 2);
    await untilTrue(test);
    const addresses = (await leasesOfPod(pod?.metadata.uid ?? '')).map(({ ip }) => ip);
    expect(addresses.filter((ip) => ip.includes(':'))).toHaveLength(1);
    expect(addresses).toHaveLength(2);
  });

  it('with the way in which each lease ended', async () => {
    await using test = await openReaderCase(stage);
    await test.startReader(database);
    const { pods, workloads } = test.cluster;
    const deleted = workloads.startBarePod('deleted');
    const finished = workloads.startBarePod('finished');
    const changed = workloads.startBarePod('changed');
    await untilTrue(test);
    pods.delete(deleted);
    pods.finish(finished);
    pods.changeIp(changed);
    await untilTrue(test);
    const endsOf = async ({ metadata }: typeof deleted) =>
      (await leasesOfPod(metadata.uid)).map(({ endReason, endInferred }) => [endReason, endInferred]);
    expect(await endsOf(deleted)).toEqual([['deleted', false]]);
    expect(await endsOf(finished)).toEqual([['finished', false]]);
    expect(await endsOf(changed)).toEqual([
      ['changed', false],
      [null, null],
    ]);
  });

  it('with the times that the messages say', async () => {
    await using test = await openReaderCase(stage);
    await test.startReader(database);
    const pod = test.cluster.workloads.startBarePod('short');
    test.cluster.pods.delete(pod);
    expect(await test.caughtUp()).toEqual(EXACT);
    await untilTrue(test);
    const { rows } = await stage.database.query<{ started_at: Date; ended_at: Date }>(
      'SELECT started_at, ended_at FROM leases WHERE pod_uid = $1',
      [pod.metadata.uid],
    );
    const told = test.records.filter(({ record }) => record.pod_uid === pod.metadata.uid);
    expect(rows.flatMap((row) => [row.started_at.toISOString(), row.ended_at.toISOString()])).toEqual(
      told.map(({ record }) => record.timestamp),
    );
  });
});

describe('the ledger is never ahead of what is durable', () => {
  it('while neither queue nor outbox takes messages, and all is told after a restart', async () => {
    await using test = await openReaderCase(stage);
    const reader = await test.startReader(database);
    test.cluster.workloads.scaleDeployment('web', 20);
    expect(await test.caughtUp()).toEqual(EXACT);
    await untilTrue(test);
    // The outbox refuses, the ledger would take.
    await stage.database.query('ALTER TABLE messages RENAME TO messages_away');
    await test.brokerProxy.refuse(true);
    test.brokerProxy.cut();
    const lastDurable = test.cluster.pods.resourceVersion;
    test.cluster.workloads.scaleDeployment('web', 5);
    test.cluster.workloads.scaleDeployment('new', 10);
    await vi.waitFor(async () => expect(await reader.metric('buffered_messages')).toBe(25), PATIENCE);
    await vi.waitFor(
      async () => expect(await reader.metric('outbox_failures_total')).toBeGreaterThan(2),
      PATIENCE,
    );
    const kept = await readLedger(stage.database);
    expect(kept.filter((lease) => lease.open)).toHaveLength(21);
    expect(kept).toHaveLength(21);
    const position = Number((await readPosition(stage.database))?.resourceVersion);
    expect(position).toBeLessThanOrEqual(lastDurable + 3);
    await reader.stop();
    expect(reader.logged()).toContain('neither queue nor database took the last messages');
    expect(await readLedger(stage.database)).toEqual(kept);

    await stage.database.query('ALTER TABLE messages_away RENAME TO messages');
    await test.brokerProxy.refuse(false);
    await test.startReader(database);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await untilTrue(test);
    expect(test.records.filter(({ record }) => record.inferred)).toEqual([]);
    expect(await readGaps(stage.database)).toHaveLength(1);
  });
});
