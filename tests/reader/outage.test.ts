import type { Environment } from '@podips/shared';
import { freePort, startChurn } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import {
  COMPLETE,
  cutBroker,
  cutDatabase,
  EXACT,
  it,
  LONG_HISTORY,
  PATIENCE,
  type ReaderCase,
  reached,
  restoreBroker,
  restoreDatabase,
  untilArrived,
} from '../support/reader-case.js';
import { judge } from '../support/truth.js';

// The outbox is not looked at by itself within a test: what comes out, came out because the broker was back.
const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  OUTBOX_INTERVAL_MS: '3600000',
});

describe('messages go to the outbox, and out of it as soon as the broker is back,', () => {
  it('when the broker is down at the start', async ({ openCase }) => {
    const test = await openCase();
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('web', 1_200);
    const reader = await test.startReader(database(test));
    await reached(reader, 'outbox_stored_total', 1_200);
    expect(await test.outbox()).toHaveLength(1_200);
    expect((await reader.problems())?.queue).toMatch(/ECONNREFUSED/);
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
    await vi.waitFor(async () => expect(await test.outbox()).toEqual([]), PATIENCE);
    await vi.waitFor(async () => expect(await reader.metric('outbox_messages')).toBe(0), PATIENCE);
    expect(await reader.problems()).toBeUndefined();
  });

  it('when the broker stops and comes back under load', async ({ openCase }) => {
    const test = await openCase();
    const reader = await test.startReader(database(test));
    for (let outage = 1; outage <= 3; outage += 1) {
      test.cluster.workloads.scaleDeployment(`before-${outage}`, 100);
      await cutBroker(test);
      test.cluster.workloads.scaleDeployment(`during-${outage}`, 100);
      await reached(reader, 'outbox_stored_total', 100 * outage);
      await restoreBroker(test);
      test.cluster.workloads.scaleDeployment(`during-${outage}`, 0);
    }
    expect(await test.caughtUp()).toMatchObject(COMPLETE);
    await vi.waitFor(async () => expect(await test.outbox()).toEqual([]), PATIENCE);
  });

  it('when the broker does not answer any more, though its connection is open', async ({ openCase }) => {
    const test = await openCase();
    const reader = await test.startReader({ ...database(test), QUEUE_HEARTBEAT_MS: '2000' });
    expect(await test.caughtUp()).toEqual(EXACT);
    test.brokerProxy.halfOpen(true);
    test.cluster.workloads.scaleDeployment('web', 30);
    await reached(reader, 'outbox_stored_total', 30);
    expect((await reader.problems())?.queue).toBeDefined();
    test.brokerProxy.halfOpen(false);
    test.brokerProxy.cut();
    expect(await test.caughtUp()).toMatchObject(COMPLETE);
  });

  it('when names are as long as Kubernetes lets them be', async ({ openCase }) => {
    const test = await openCase();
    await cutBroker(test);
    const reader = await test.startReader(database(test));
    const pod = test.cluster.workloads.startBarePod('p'.repeat(253), { namespace: 'n'.repeat(63) });
    await reached(reader, 'outbox_stored_total', 1);
    const [message = ''] = await test.outbox();
    expect(message.length).toBeGreaterThan(1_000);
    expect(JSON.parse(message)).toMatchObject({ pod: pod.metadata.name, pod_namespace: 'n'.repeat(63) });
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
  });
});

describe('messages wait in memory', () => {
  it('while the broker is down and there is no database', async ({ openCase }) => {
    const test = await openCase();
    const reader = await test.startReader();
    expect(await test.caughtUp()).toEqual(EXACT);
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('web', 50);
    test.cluster.workloads.scaleDeployment('web', 0);
    await reached(reader, 'buffered_messages', 100);
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
  });

  it('also those of a first list, whose watch opens all the same: pods that come and go are kept', async ({
    openCase,
  }) => {
    const test = await openCase();
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('web', 2_500);
    const reader = await test.startReader();
    await vi.waitFor(() => expect(test.cluster.openWatches).toBe(1), PATIENCE);
    expect(Object.keys((await reader.problems()) ?? {})).toEqual(['queue']);
    test.cluster.workloads.scaleDeployment('brief', 50);
    test.cluster.workloads.scaleDeployment('brief', 0);
    await reached(reader, 'buffered_messages', 2_600);
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
  });

  it('until the database, which was unavailable at the start, accepts them instead of the broker', async ({
    openCase,
  }) => {
    const test = await openCase();
    await cutDatabase(test);
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('web', 50);
    const reader = await test.startReader(database(test));
    await reached(reader, 'outbox_failures_total', 1);
    expect(await reader.metric('buffered_messages')).toBe(50);
    await restoreDatabase(test);
    await reached(reader, 'outbox_stored_total', 50);
    await restoreBroker(test);
    // With the ledger the reader restarts, and publishes what it finds there once more.
    expect(await test.caughtUp()).toMatchObject(COMPLETE);
  });
});

describe('with neither broker nor database the memory is bounded, and nothing is lost', () => {
  const LIMIT = 100;
  const bounded = async (test: ReaderCase): Promise<Environment> => ({
    ...database(test),
    DB_PORT: String(await freePort()),
    READER_BUFFER_MESSAGES: String(LIMIT),
  });

  it('by a list that is longer than the bound', async ({ openCase }) => {
    const test = await openCase();
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('web', 350);
    const reader = await test.startReader(await bounded(test));
    await reached(reader, 'buffered_messages', LIMIT);
    expect(await reader.metric('ip_changes_total{status="alreadyRunning",inferred="false"}')).toBe(LIMIT);
    expect(test.cluster.openWatches).toBe(0);
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
  });

  it('by a watch, which is closed at the bound and resumed from there', async ({ openCase }) => {
    const test = await openCase();
    const reader = await test.startReader(await bounded(test));
    expect(await test.caughtUp()).toEqual(EXACT);
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('web', 350);
    test.cluster.workloads.scaleDeployment('web', 50);
    await reached(reader, 'buffered_messages', LIMIT);
    await vi.waitFor(() => expect(test.cluster.openWatches).toBe(0), PATIENCE);
    expect(await reader.metric('buffered_messages')).toBe(LIMIT);
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
    expect(await reader.metric('lists_total{reason="expired"}')).toBeUndefined();
  });

  it('by a watch whose place the server has forgotten meanwhile', async ({ openCase }) => {
    const test = await openCase();
    const reader = await test.startReader(await bounded(test));
    test.cluster.workloads.scaleDeployment('web', 50);
    expect(await test.caughtUp()).toEqual(EXACT);
    await cutBroker(test);
    test.cluster.workloads.scaleDeployment('other', 150);
    await reached(reader, 'buffered_messages', LIMIT);
    await vi.waitFor(() => expect(test.cluster.openWatches).toBe(0), PATIENCE);
    test.cluster.workloads.scaleDeployment('web', 10);
    test.cluster.pods.compact();
    await restoreBroker(test);
    expect(await test.caughtUp()).toEqual(EXACT);
    expect(await reader.metric('lists_total{reason="expired"}')).toBe(1);
    expect(await reader.metric('ip_changes_total{status="deallocated",inferred="true"}')).toBe(40);
  });
});

describe('a reader that is stopped in the middle of a burst leaves no hole in what it observed', () => {
  const ceaseToAnswer = ({ brokerProxy }: ReaderCase) => brokerProxy.halfOpen(true);
  const ways: ReadonlyArray<
    readonly [string, (test: ReaderCase) => Promise<void> | void, boolean, Environment]
  > = [
    ['when its messages go to the queue', () => undefined, false, {}],
    ['when its messages go to the outbox', cutBroker, true, {}],
    ['when the broker has just ceased to answer', ceaseToAnswer, true, { QUEUE_HEARTBEAT_MS: '1000' }],
  ];
  it.for(ways)('%s', async ([_, disturb, usesOutbox, env], { openCase }) => {
    const test = await openCase(LONG_HISTORY);
    const reader = await test.startReader({ ...database(test), ...env });
    expect(await test.caughtUp()).toEqual(EXACT);
    await disturb(test);
    const churn = startChurn(test.cluster, { seed: 3, changesPerSecond: 2_000, pods: 500 });
    await reached(reader, 'ip_changes_total{status="deallocated",inferred="false"}', 300);
    const observed = (await reader.metric('known_pods')) ?? 0;
    await reader.stop();
    churn.stop();

    expect(reader.logged()).not.toContain('neither queue nor database accepted the last messages');
    const stored = (await test.outbox()).map((body) => ({ tag: '', time: '', record: JSON.parse(body) }));
    expect(stored.length > 0).toBe(usesOutbox);
    await untilArrived(test, () => {
      const delivered = [...test.records, ...stored];
      expect(delivered.length).toBeGreaterThan(observed + 300);
      // The first changes of all that there were, as many as it had come to see.
      expect(judge(test.cluster.truth.changes.slice(0, delivered.length), delivered)).toEqual(EXACT);
    });
  });
});
