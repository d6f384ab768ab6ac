import type { Environment } from '@podips/shared';
import type { Faults, SimulatedCluster } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import {
  ENCODINGS,
  EXACT,
  inEncoding,
  type OpenCase,
  PATIENCE,
  type ReaderCase,
} from '../support/reader-case.js';

/** Without the pages of one pod, by which the reader learns the newest version. */
const requests = (cluster: SimulatedCluster, watch: boolean) =>
  cluster.requests.filter(({ query }) => (query.watch === 'true') === watch && query.limit !== '1');

/** Every kind of change that a list can show: an end, a finish, another address, a successor, a start. */
function changeEverything({ cluster: { pods, workloads } }: ReaderCase): void {
  workloads.scaleDeployment('web', 2);
  workloads.runJob('report');
  const [first] = workloads.scaleStatefulSet('db', 2);
  if (first) pods.changeIp(first);
  workloads.replaceStatefulSetPod('db', 1);
  workloads.startDaemonSet('agent');
}

/** A reader that is up to date with a cluster that has some pods. */
async function openFollowingCase(openCase: OpenCase, env: Environment = {}) {
  const test = await openCase();
  test.cluster.workloads.scaleDeployment('web', 4);
  test.cluster.workloads.scaleStatefulSet('db', 2);
  const reader = await test.startReader(env);
  expect(await test.caughtUp()).toEqual(EXACT);
  return { test, reader, before: test.records.length };
}

describe.each(ENCODINGS)('a reader of %s', (encoding) => {
  const it = inEncoding(encoding);

  describe('the first list', () => {
    it('comes in pages', async ({ openCase }) => {
      const test = await openCase();
      test.cluster.workloads.scaleDeployment('web', 25);
      await test.startReader({ KUBE_PAGE_SIZE: '10' });
      expect(await test.caughtUp()).toEqual(EXACT);
      const pages = requests(test.cluster, false).map(({ query }) => query);
      expect(pages.map(({ limit }) => limit)).toEqual(['10', '10', '10']);
      expect(pages.map((query) => query.continue !== undefined)).toEqual([false, true, true]);
    });

    it('restarts when its continue token expires in the middle', async ({ openCase }) => {
      const test = await openCase();
      test.cluster.workloads.scaleDeployment('web', 25);
      test.cluster.faults.expireNextContinue();
      const reader = await test.startReader({ KUBE_PAGE_SIZE: '10' });
      expect(await test.caughtUp()).toEqual(EXACT);
      expect(await reader.metric('lists_total{reason="expired"}')).toBe(1);
      expect(test.records.map(({ record }) => record.inferred)).not.toContain(true);
    });

    it('is asked for again when it takes longer than its deadline', async ({ openCase }) => {
      const test = await openCase();
      test.cluster.workloads.scaleDeployment('web', 3);
      test.cluster.faults.delayLists(60_000);
      const reader = await test.startReader({ KUBE_REQUEST_TIMEOUT_MS: '200' });
      await vi.waitFor(
        async () => expect(await reader.metric('api_failures_total{status="504"}')).toBeGreaterThan(0),
        PATIENCE,
      );
      expect((await reader.problems())?.kubernetes).toMatch(/in time|longer than/);
      test.cluster.faults.delayLists(0);
      expect(await test.caughtUp()).toEqual(EXACT);
    });
  });

  describe('a watch is resumed where it stopped, without a new list or a repeat,', () => {
    const faults: ReadonlyArray<readonly [string, (faults: Faults) => void, Environment]> = [
      ['after the server ended it', (faults) => void faults.closeWatches(), {}],
      ['after its connection was closed', (faults) => void faults.dropConnections(), {}],
      ['after it ended in the middle of an event', (faults) => void faults.truncateWatches(), {}],
      [
        'after it was silent for too long',
        (faults) => void faults.freezeWatches(),
        { KUBE_WATCH_IDLE_MS: '3000' },
      ],
      ['after an error from inside the stream', (faults) => void faults.sendError(500), {}],
    ];
    it.for(faults)('%s', async ([_, breakWatch, env], { openCase }) => {
      const { test, reader } = await openFollowingCase(openCase, env);
      breakWatch(test.cluster.faults);
      changeEverything(test);
      expect(await test.caughtUp()).toEqual(EXACT);
      expect(requests(test.cluster, false)).toHaveLength(1);
      expect(requests(test.cluster, true).length).toBeGreaterThan(1);
      expect(test.records.map(({ record }) => record.inferred)).not.toContain(true);
      expect(await reader.problems()).toBeUndefined();
    });

    it('after the server was restarted', async ({ openCase }) => {
      const { test } = await openFollowingCase(openCase);
      await test.cluster.restart();
      changeEverything(test);
      expect(await test.caughtUp()).toEqual(EXACT);
      expect(requests(test.cluster, false)).toHaveLength(1);
    });
  });

  describe('a new list publishes only what happened meanwhile, marked as inferred,', () => {
    const ways: ReadonlyArray<readonly [string, (cluster: SimulatedCluster) => void]> = [
      ['when the watch is answered with 410 in an event', ({ faults }) => faults.expireNextWatch('event')],
      [
        'when the watch is answered with 410 in a response',
        ({ faults }) => faults.expireNextWatch('response'),
      ],
      ['when the server has forgotten the version', ({ pods }) => pods.compact()],
    ];
    it.for(ways)('%s', async ([_, expire], { openCase }) => {
      const { test, reader, before } = await openFollowingCase(openCase);
      test.cluster.faults.closeWatches();
      changeEverything(test);
      expire(test.cluster);
      const changes = test.cluster.truth.changeCount;
      await vi.waitFor(() => expect(test.records.length).toBeGreaterThanOrEqual(changes - 2), PATIENCE);
      // The job came and went unseen: no list shows it.
      const { missing } = test.verdict();
      expect(missing.map((change) => change.replace(/ .*\/report-.*/, ''))).toEqual(['assigned', 'released']);
      const inferred = test.records.slice(before);
      expect(inferred.map(({ record }) => record.inferred)).not.toContain(false);
      expect(test.verdict()).toMatchObject({ untrue: [], contradicting: [], duplicates: 0 });
      expect(await reader.metric('lists_total{reason="expired"}')).toBe(1);
      expect(await reader.problems()).toBeUndefined();
    });
  });

  it('lists within seconds after resource versions begin again lower, and loses nothing that stays', async ({
    openCase,
  }) => {
    const { test, reader, before } = await openFollowingCase(openCase);
    const { cluster } = test;
    cluster.faults.refuseConnections();
    cluster.workloads.scaleDeployment('web', 6);
    cluster.faults.beginVersionsAgain();
    await cluster.faults.acceptConnections();
    await vi.waitFor(
      async () => expect(await reader.metric('lists_total{reason="reset"}')).toBe(1),
      PATIENCE,
    );
    expect(await test.caughtUp()).toEqual(EXACT);
    expect(test.records.slice(before).map(({ record }) => record.inferred)).toContain(true);
    expect(await reader.problems()).toBeUndefined();
  });

  describe('a refused request is repeated, and the refusal reported,', () => {
    for (const status of [429, 500, 503, 504])
      for (const on of ['list', 'watch'] as const)
        it(`when a ${on} gets ${status}`, async ({ openCase }) => {
          const test = await openCase();
          test.cluster.workloads.scaleDeployment('web', 3);
          test.cluster.faults.failNext({ status, on, ...(status === 429 ? { retryAfterSeconds: 1 } : {}) });
          const reader = await test.startReader();
          const failures = () => reader.metric(`api_failures_total{status="${status}"}`);
          await vi.waitFor(async () => expect(await failures()).toBe(1), PATIENCE);
          expect(await test.caughtUp()).toEqual(EXACT);
          expect(await failures()).toBe(1);
          expect(requests(test.cluster, false)).toHaveLength(on === 'list' ? 2 : 1);
        });

    it('when the permission is withdrawn for a while', async ({ openCase }) => {
      const { test, reader } = await openFollowingCase(openCase);
      test.cluster.faults.forbid();
      test.cluster.faults.closeWatches();
      await vi.waitFor(
        async () => expect((await reader.problems())?.kubernetes).toMatch(/403.*forbidden/),
        PATIENCE,
      );
      changeEverything(test);
      test.cluster.faults.forbid(false);
      expect(await test.caughtUp()).toEqual(EXACT);
      expect(await reader.problems()).toBeUndefined();
    });
  });
});
