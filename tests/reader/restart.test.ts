import type { Environment } from '@podips/shared';
import { type SinkRecord, startChurn, untilWatched } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import { readGaps, readLedger, readPosition } from '../support/ledger.js';
import {
  COMPLETE,
  cutBroker,
  EXACT,
  it,
  LONG_HISTORY,
  PATIENCE,
  type ReaderCase,
  reached,
  restoreBroker,
  type TestReader,
  untilArrived,
  untilLedgerIsTrue,
  untilRecorded,
} from '../support/reader-case.js';
import { startReaderProcess } from '../support/reader-process.js';

const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
});

async function startReader(test: ReaderCase): Promise<TestReader> {
  const reader = await test.startReader(database(test));
  await untilWatched(test.cluster);
  return reader;
}

/** Waits until all that happened was published once, and nothing else, as one more pod shows, which comes last. */
async function untilPublished(test: ReaderCase): Promise<void> {
  test.cluster.workloads.startBarePod(`last-${test.cluster.pods.resourceVersion}`);
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
}

/** Stops a reader that has published all, and waits until the cluster has noticed. */
async function stopCaughtUp(test: ReaderCase, reader: TestReader): Promise<void> {
  await untilPublished(test);
  await reader.stop();
  await vi.waitFor(() => expect(test.cluster.openWatches).toBe(0), PATIENCE);
}

/** Lists and their pages; a watch is another request. */
const listsOf = ({ cluster }: ReaderCase) =>
  cluster.requests.filter(({ query }) => query.watch === undefined && query.limit !== '1').length;
const inferredOf = ({ records }: ReaderCase) => records.filter(({ record }) => record.inferred);
const describeRecord = ({ record }: SinkRecord) => `${record.pod_ip_status} ${record.pod}`;

describe('a reader that is stopped and started again', () => {
  it('resumes where it stopped, and publishes as seen what came and went meanwhile', async ({ openCase }) => {
    const test = await openCase();
    const { pods, workloads } = test.cluster;
    const first = await startReader(test);
    workloads.scaleDeployment('web', 10);
    await stopCaughtUp(test, first);
    const lists = listsOf(test);

    const brief = workloads.startBarePod('brief');
    pods.delete(brief);
    workloads.runJob('job', 3);
    workloads.scaleDeployment('web', 4);
    await startReader(test);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    expect(inferredOf(test)).toEqual([]);
    expect(listsOf(test)).toBe(lists);
    await untilLedgerIsTrue(test);
    expect(await readGaps(test.pool)).toHaveLength(1);
  });

  it('calls an address allocated that a waiting pod was given meanwhile', async ({ openCase }) => {
    const test = await openCase();
    const { pods } = test.cluster;
    const first = await startReader(test);
    const waiting = pods.create({ name: 'waiting' });
    await stopCaughtUp(test, first);
    pods.run(pods.schedule(waiting));
    await startReader(test);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    const published = test.records.filter(({ record }) => record.pod_uid === waiting.metadata.uid);
    expect(published.map(describeRecord)).toEqual(['allocated waiting']);
  });

  it('continues to count the leases of a pod that gets an address back', async ({ openCase }) => {
    const test = await openCase({ ipPoolSize: 2 });
    const { pods, workloads } = test.cluster;
    const first = await startReader(test);
    const pod = workloads.startBarePod('mover');
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    pods.changeIp(pod);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await first.stop();
    pods.changeIp(pod);
    await startReader(test);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    await untilLedgerIsTrue(test);
    expect((await readLedger(test.pool)).map(({ occurrence }) => occurrence)).toEqual([0, 0, 1]);
  });

  it('publishes nothing when nothing has happened', async ({ openCase }) => {
    const test = await openCase();
    for (let start = 1; start <= 3; start += 1) {
      const reader = await startReader(test);
      test.cluster.workloads.scaleDeployment(`web-${start}`, 20);
      await stopCaughtUp(test, reader);
    }
    await startReader(test);
    await untilPublished(test);
    expect(await readGaps(test.pool)).toHaveLength(1);
  });
});

it('what a reader left in the outbox goes before what the next one sees again', async ({ openCase }) => {
  const test = await openCase();
  const { pods, workloads } = test.cluster;
  const first = await startReader(test);
  const [pod] = workloads.scaleDeployment('web', 3);
  await untilPublished(test);
  await untilLedgerIsTrue(test);
  await cutBroker(test);
  // The outbox takes what the ledger does not.
  await test.pool.query('ALTER TABLE leases RENAME TO leases_away');
  if (pod) pods.delete(pod);
  workloads.startBarePod('next');
  await vi.waitFor(async () => expect(await test.outbox()).toHaveLength(2), PATIENCE);
  await first.stop();
  await test.pool.query('ALTER TABLE leases_away RENAME TO leases');
  await restoreBroker(test);

  const rest = await test.pool.connect();
  try {
    await rest.query('BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE messages');
    const second = await startReader(test);
    await reached(second, 'buffered_messages', 2);
  } finally {
    rest.release(true);
  }
  await vi.waitFor(
    () => expect(test.records.filter(({ record }) => record.pod === 'next')).toHaveLength(2),
    PATIENCE,
  );
  expect(test.verdict()).toMatchObject({ ...COMPLETE, duplicates: 2 });
  const copies = Map.groupBy(test.records, ({ record }) => record.event_id);
  for (const [earlier, later] of copies.values())
    if (later) expect(String(later.record.observed_at) > String(earlier?.record.observed_at)).toBe(true);
});

describe('a gap', () => {
  it('without a start is written at the first start', async ({ openCase }) => {
    const test = await openCase();
    test.cluster.workloads.scaleDeployment('web', 3);
    await startReader(test);
    await untilLedgerIsTrue(test);
    await vi.waitFor(async () => expect(await readGaps(test.pool)).toHaveLength(1), PATIENCE);
    expect(await readGaps(test.pool)).toEqual([
      { startedAt: null, endedAt: expect.any(Date), reason: 'start' },
    ]);
    expect(inferredOf(test)).toEqual([]);
  });

  it('is written when the server has forgotten where the reader stopped, and what is deduced is marked', async ({
    openCase,
  }) => {
    const test = await openCase();
    const { pods, workloads } = test.cluster;
    const first = await startReader(test);
    workloads.scaleDeployment('stays', 5);
    const gone = workloads.startBarePod('gone');
    const finished = workloads.startBarePod('finished');
    const changed = workloads.startBarePod('changed');
    await stopCaughtUp(test, first);
    const before = await readPosition(test.pool);

    pods.delete(gone);
    pods.finish(finished);
    pods.changeIp(changed);
    workloads.startBarePod('new');
    pods.compact();
    const second = await startReader(test);
    await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
    expect(inferredOf(test).map(describeRecord).sort()).toEqual(
      [
        'alreadyRunning new',
        'allocated changed',
        'deallocated changed',
        'deallocated finished',
        'deallocated gone',
      ].sort(),
    );
    expect(await second.metric('lists_total{reason="expired"}')).toBe(1);
    await untilLedgerIsTrue(test);
    const ends = (await readLedger(test.pool)).filter(({ open }) => !open);
    expect(ends.map(({ pod, endReason, endInferred }) => [pod, endReason, endInferred]).sort()).toEqual([
      ['changed', 'changed', true],
      ['finished', 'finished', true],
      ['gone', 'missing', true],
    ]);
    await vi.waitFor(async () => expect(await readGaps(test.pool)).toHaveLength(2), PATIENCE);
    const gap = (await readGaps(test.pool))[1];
    expect(gap).toMatchObject({ startedAt: before?.knownAt, reason: 'expired' });
    expect(gap?.endedAt.toISOString()).toBe(inferredOf(test)[0]?.record.observed_at);
  });
});

describe('a reader that is killed in the middle of a burst', () => {
  it.for([
    ['while its messages go to the queue', false],
    ['while its messages go to the outbox', true],
  ] as const)('has lost nothing once it is started again, %s', async ([_, brokerIsDown], { openCase }) => {
    const test = await openCase(LONG_HISTORY);
    await using owner = new AsyncDisposableStack();
    let killed = await startReaderProcess(test, owner, 'reader', database(test));
    const outputs: string[] = [];
    await untilRecorded(test);
    const churn = startChurn(test.cluster, { seed: 5, changesPerSecond: 300, pods: 200 });
    owner.defer(() => churn.stop());
    await test.brokerProxy.refuse(brokerIsDown);
    if (brokerIsDown) test.brokerProxy.cut();
    for (let kill = 1; kill <= 3; kill += 1) {
      const due = churn.changes + 300;
      await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(due), PATIENCE);
      outputs.push(killed.child.output());
      killed.child.kill('SIGKILL');
      expect(await killed.child.exited).toBe('SIGKILL');
      killed = await startReaderProcess(test, owner, `reader-${kill}`, database(test));
      await vi.waitFor(
        async () =>
          expect(
            await killed.metric('ip_changes_total{status="deallocated",inferred="false"}'),
            killed.child.output(),
          ).toBeGreaterThan(0),
        PATIENCE,
      );
    }
    churn.stop();
    await test.brokerProxy.refuse(false);
    await untilArrived(test, () => expect(test.verdict()).toMatchObject(COMPLETE));
    await untilLedgerIsTrue(test);
    expect(inferredOf(test)).toEqual([]);
    const reasons = (await readGaps(test.pool)).map(({ reason }) => reason);
    expect(reasons, outputs.join('\n')).toEqual(['start']);
  });
});
