import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { get, getJson, type PodList, TestWatch } from './client.test.helpers.js';
import { createRandom } from './random.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';
import { createWorkload, podTemplate, type WorkloadKind } from './workload.js';

const RECORDINGS = new URL('../../recordings/', import.meta.url);
const recording = (name: string) => readFileSync(new URL(name, RECORDINGS), 'utf8');

interface Answer {
  readonly code: number;
  readonly headers: string;
  readonly body: string;
}

/** The recorded answer to the request whose heading has this text. */
function recordedAnswer(heading: string): Answer {
  const section = recording('errors.txt')
    .split(/^## /m)
    .find((text) => text.startsWith(heading));
  const match = /^.*\nHTTP\/2 (\d+) *\n([\s\S]*?)\n\n([\s\S]*?)\s*$/.exec(section ?? '');
  if (!match) throw new Error(`nothing was recorded for ${heading}`);
  return { code: Number(match[1]), headers: match[2] ?? '', body: match[3] ?? '' };
}

/** Keys in their order and the types of values, so that two objects can be compared whose values differ. */
function shape(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== 'object') return typeof value;
  return Object.entries(value).map(([key, child]) => [key, shape(child)]);
}

let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  cluster = await startCluster({ seed: 1, ...options });
};
afterEach(() => cluster.stop());

describe('errors as recorded', () => {
  const expectRecorded = async (heading: string, query: string, headers = {}) => {
    const recorded = recordedAnswer(heading);
    const response = await get(cluster, `${query}&pretty=true`, headers);
    expect(response.status).toBe(recorded.code);
    expect(response.headers.get('content-type')).toBe('application/json');
    const length = /content-length: (\d+)/.exec(recorded.headers)?.[1];
    expect(response.headers.get('content-length')).toBe(length);
    expect(await response.text()).toBe(recorded.body);
  };

  it('refuses a list at an exact version that was compacted', async () => {
    await start();
    cluster.pods.start({ name: 'a' });
    cluster.pods.compact();
    await expectRecorded(
      'GET /api/v1/pods?resourceVersion=1&resourceVersionMatch=Exact',
      'resourceVersion=1&resourceVersionMatch=Exact',
    );
  });

  it('refuses a continue token from before the compaction, with one that continues inconsistently', async () => {
    await start();
    for (const name of ['web-5cc97bc7d5-4wfk2', 'web-5cc97bc7d5-58tdm', 'web-5cc97bc7d5-62xcv'])
      cluster.pods.start({ name });
    const page = await getJson<PodList>(cluster, 'limit=2');
    cluster.pods.start({ name: 'zulu' });
    cluster.pods.compact();
    await expectRecorded('GET /api/v1/pods?limit=2&continue', `limit=2&continue=${page.metadata.continue}`);
  });

  it('refuses a wrong bearer token', async () => {
    await start({ token: 'right' });
    await expectRecorded('GET with a wrong bearer token', '', { authorization: 'Bearer wrong' });
  });

  it('refuses a user without permission', async () => {
    await start({ token: 'right' });
    cluster.faults.forbid();
    await expectRecorded('GET as a user without permission', '', { authorization: 'Bearer right' });
  });

  it('refuses to stream the initial state', async () => {
    await start();
    await expectRecorded(
      'GET with sendInitialEvents',
      'watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
    );
  });

  it('answers a watch from a compacted version with 410 inside the stream and ends it', async () => {
    await start();
    cluster.pods.otherObjectsWrite(4206 - cluster.pods.resourceVersion);
    cluster.pods.compact(4206);
    const recorded = recordedAnswer('GET /api/v1/pods?watch=1&resourceVersion=1');
    const watch = await TestWatch.open(cluster, 'resourceVersion=1');
    expect(await watch.ended).toBeUndefined();
    expect(watch.response.status).toBe(recorded.code);
    expect(watch.lines).toEqual([recorded.body]);
  });

  it('lets a watch from a future version wait in silence until its timeout', async () => {
    await start({ bookmarkIntervalMs: 5 });
    const watch = await TestWatch.open(
      cluster,
      'resourceVersion=99999999&timeoutSeconds=1&allowWatchBookmarks=true',
    );
    cluster.pods.start({ name: 'unheard' });
    expect(await watch.ended).toBeUndefined();
    expect(watch.lines).toEqual([]);
  });
});

describe('objects as recorded', () => {
  const names: Record<WorkloadKind, string> = {
    Deployment: 'churn-web-fb8f859db-j75w8',
    StatefulSet: 'churn-db-0',
    DaemonSet: 'churn-ds-x9r76',
    Job: 'churn-job-dzbnq',
    Bare: 'churn-bare',
  };
  const recorded = recording('watch-churn.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

  it.each(Object.entries(names))('writes the life of a pod of a %s', async (kind, name) => {
    await start();
    const random = createRandom(1);
    // Object.entries forgets that its keys are workload kinds.
    const workload = createWorkload(kind as WorkloadKind, 'w', random);
    const watch = await TestWatch.open(cluster, `resourceVersion=${cluster.pods.resourceVersion}`);
    const { pods } = cluster;
    const pod = pods.create(podTemplate(workload, { ordinal: 0, node: 'node-0' }, random));
    pods.schedule(pod);
    pods.run(pod);
    if (kind === 'Job') {
      pods.finish(pod);
      pods.untrack(pod);
    } else pods.terminate(pod);
    pods.remove(pod);

    const expected = recorded.filter(({ object }) => object.metadata.name === name);
    // The recorded bare pod was made by kubectl, which notes what it was given.
    for (const { object } of expected) delete object.metadata.annotations;
    const events = await watch.untilLines(expected.length);
    // Statuses and managed fields are those of a newer server: see fidelity-times.test.ts.
    const ofObject = ({ type, object: { metadata, status, ...rest } }: (typeof events)[number]) =>
      shape({ type, object: { metadata: { ...metadata, managedFields: undefined }, ...rest } });
    expect(events.map(ofObject)).toEqual(expected.map(ofObject));
    expect(events.map(({ object }) => object.status.phase)).toEqual(
      expected.map(({ object }) => object.status.phase),
    );
    watch.close();
  });

  it('writes bookmarks', async () => {
    await start({ bookmarkIntervalMs: 5 });
    cluster.pods.otherObjectsWrite(5342 - cluster.pods.resourceVersion);
    const watch = await TestWatch.open(cluster, 'resourceVersion=5342&allowWatchBookmarks=true');
    await watch.untilLines(1);
    expect(JSON.parse(watch.lines[0] ?? '')).toEqual(recorded.find(({ type }) => type === 'BOOKMARK'));
    watch.close();
  });

  it('writes list pages', async () => {
    await start({ managedFields: true });
    cluster.workloads.scaleDeployment('web', 150);
    cluster.pods.otherObjectsWrite(4656 - cluster.pods.resourceVersion);
    const page = await getJson<PodList>(cluster, 'limit=2');
    const expected: PodList = JSON.parse(recording('list-page-1.json'));
    expect(shape({ ...page, items: [] })).toEqual(shape({ ...expected, items: [] }));
    expect({ ...page.metadata, continue: '' }).toEqual({ ...expected.metadata, continue: '' });
    const item = page.items[0];
    const expectedItem = expected.items[0];
    expect(Object.keys(item ?? {})).toEqual(Object.keys(expectedItem ?? {}));
    expect(Object.keys(item?.metadata ?? {})).toEqual(Object.keys(expectedItem?.metadata ?? {}));
    expect(shape(item?.spec)).toEqual(shape(expectedItem?.spec));
  });
});
