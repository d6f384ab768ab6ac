import { type SimulatedCluster, untilWatched } from '@podips/simulation';
import { describe, expect } from 'vitest';
import { ENCODINGS, EXACT, inEncoding, type ReaderCase } from '../support/reader-case.js';

/** Changes before, bad input, and changes after it, all in the same stream. */
async function followThrough(test: ReaderCase, sendBadInput: (cluster: SimulatedCluster) => void) {
  const { workloads } = test.cluster;
  workloads.scaleDeployment('web', 3);
  const reader = await test.startReader();
  await untilWatched(test.cluster);
  expect(await test.caughtUp()).toEqual(EXACT);
  workloads.scaleDeployment('web', 5);
  sendBadInput(test.cluster);
  workloads.scaleDeployment('web', 1);
  expect(await test.caughtUp()).toEqual(EXACT);
  return reader;
}

const lists = ({ cluster }: ReaderCase) =>
  cluster.requests.filter(({ query }) => query.watch === undefined && query.limit !== '1').length;

describe.each(ENCODINGS)('a reader of %s', (encoding) => {
  const it = inEncoding(encoding);

  it('lists again after an event that cannot be read, because its content is unknown', async ({
    openCase,
  }) => {
    const test = await openCase();
    const reader = await followThrough(test, ({ faults }) => faults.sendLine('{"type":"MODIFIED","obj'));
    expect(await reader.metric(`skipped_total{what="not-${encoding.toLowerCase()}"}`)).toBe(1);
    expect(await reader.metric('lists_total{reason="unreadable"}')).toBe(1);
    expect(reader.logged()).toContain('input not understood');
  });

  it('continues after an event of an unknown type', async ({ openCase }) => {
    const test = await openCase();
    const reader = await followThrough(test, ({ faults, pods }) => {
      faults.sendEvent('SURPRISE', pods.all()[0]);
      faults.sendLine('');
    });
    expect(await reader.metric('skipped_total{what="unknown-type"}')).toBe(1);
    expect(reader.logged()).toContain('input not understood');
    expect(lists(test)).toBe(1);
  });

  it('continues after an event without a pod in it', async ({ openCase }) => {
    const test = await openCase();
    const reader = await followThrough(test, ({ faults }) => {
      faults.sendPodWithoutMetadata();
      faults.sendEvent('ADDED', null);
      faults.sendEvent('DELETED', 'a pod');
      faults.sendEvent('MODIFIED', { metadata: { name: 42, uid: null } });
      faults.sendEvent('BOOKMARK', {});
    });
    expect(await reader.metric('skipped_total{what="malformed-pod"}')).toBe(4);
    expect(lists(test)).toBe(1);
  });

  it('accepts a pod without a status as one that has no address yet', async ({ openCase }) => {
    const test = await openCase();
    const reader = await followThrough(test, ({ faults, pods }) => {
      const metadata = { name: 'bare', namespace: 'default', uid: 'bare' };
      faults.sendEvent('ADDED', {
        metadata: { ...metadata, resourceVersion: String(pods.resourceVersion) },
        spec: {},
      });
    });
    expect(await reader.metric('skipped_total{what="malformed-pod"}')).toBeUndefined();
    expect(lists(test)).toBe(1);
  });

  it('survives a pod from the distant past, by which it loses its place', async ({ openCase }) => {
    const test = await openCase();
    await followThrough(test, ({ faults, pods }) => {
      faults.sendPodWithoutStatus();
      pods.compact();
      faults.closeWatches();
    });
  });

  it.for([400, 403, 404, 410, 429, 500, 504])(
    'continues after an ERROR event with code %i',
    async (code, { openCase }) => {
      const test = await openCase();
      const reader = await followThrough(test, ({ faults }) => faults.sendError(code, 'made up'));
      const failures = await reader.metric(`api_failures_total{status="${code}"}`);
      // A version that is gone, or not understood, is routine: it only means a new list.
      const listsAgain = code === 410 || code === 400;
      expect(failures).toBe(listsAgain ? undefined : 1);
      expect(lists(test)).toBe(listsAgain ? 2 : 1);
      if (!listsAgain) expect(reader.logged()).toContain('the API server fails');
    },
  );

  it('continues after an ERROR event without content', async ({ openCase }) => {
    const test = await openCase();
    const reader = await followThrough(test, ({ faults }) => faults.sendEvent('ERROR', null));
    expect(await reader.metric('api_failures_total{status="500"}')).toBe(1);
  });

  it('accepts all pods of a list that has other things in it', async ({ openCase }) => {
    const test = await openCase();
    for (const item of [{}, null, 'text', { metadata: 42 }, { metadata: { name: 'no-uid' } }])
      test.cluster.faults.addToNextList(item);
    test.cluster.workloads.scaleDeployment('web', 5);
    const reader = await test.startReader();
    expect(await test.caughtUp()).toEqual(EXACT);
    expect(await reader.metric('skipped_total{what="malformed-pod"}')).toBe(5);
    expect(reader.logged()).toContain('input not understood');
  });
});
