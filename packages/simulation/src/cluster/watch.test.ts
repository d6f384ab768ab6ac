import { connect } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { getJson, type PodList, TestWatch } from './client.test.helpers.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  cluster = await startCluster({ seed: 1, ...options });
};
const watchFromNow = (query = '') =>
  TestWatch.open(cluster, `resourceVersion=${cluster.pods.resourceVersion}&${query}`);
afterEach(() => cluster.stop());

it('sends its headers before there is any event', async () => {
  await start();
  const watch = await watchFromNow();
  expect(watch.response.status).toBe(200);
  expect(watch.response.headers.get('content-type')).toBe('application/json');
  expect(watch.lines).toEqual([]);
  watch.close();
});

it('resumes from a version without losing or repeating an event', async () => {
  await start();
  const all = await watchFromNow();
  const half = await watchFromNow();
  cluster.workloads.scaleDeployment('web', 3);
  const last = (await half.untilLines(9)).at(-1);
  half.close();
  cluster.workloads.scaleDeployment('web', 0);
  const resumed = await TestWatch.open(
    cluster,
    `resourceVersion=${last?.object.metadata.resourceVersion ?? ''}`,
  );
  cluster.pods.start({ name: 'later' });
  await all.untilLines(9 + 9 + 3);
  await resumed.untilLines(9 + 3);
  expect([...half.lines, ...resumed.lines]).toEqual(all.lines);
  const versions = all.events.map(({ object }) => Number(object.metadata.resourceVersion));
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
  all.close();
  resumed.close();
});

it('numbers writes increasingly, but leaves gaps for other objects', async () => {
  await start();
  cluster.workloads.scaleDeployment('web', 10);
  const pods = cluster.pods.all().map(({ metadata }) => Number(metadata.resourceVersion));
  expect(cluster.pods.resourceVersion).toBeGreaterThan(30);
  expect(new Set(pods).size).toBe(10);
});

it.each(['', 'resourceVersion=0'])('shows what is there first when asked with "%s"', async (query) => {
  await start();
  const pod = cluster.pods.start({ name: 'there' });
  const watch = await TestWatch.open(cluster, query);
  await watch.untilLines(1);
  cluster.pods.finish(pod);
  const events = await watch.untilLines(2);
  expect(events.map(({ type, object }) => `${type} ${object.metadata.name} ${object.status.phase}`)).toEqual([
    'ADDED there Running',
    'MODIFIED there Succeeded',
  ]);
  watch.close();
});

it('resumes from the version of a list without a gap', async () => {
  await start();
  cluster.workloads.scaleDeployment('web', 3);
  const list = await getJson<PodList>(cluster);
  cluster.pods.start({ name: 'between' });
  const watch = await TestWatch.open(cluster, `resourceVersion=${list.metadata.resourceVersion}`);
  const events = await watch.untilLines(3);
  expect(events.map(({ object }) => object.metadata.name)).toEqual(Array(3).fill('between'));
  watch.close();
});

it('sends bookmarks that move on when other objects are written, to those who asked for them', async () => {
  await start({ bookmarkIntervalMs: 5 });
  const watch = await watchFromNow('allowWatchBookmarks=true');
  const without = await watchFromNow();
  cluster.pods.otherObjectsWrite(100);
  const version = String(cluster.pods.resourceVersion);
  await vi.waitFor(() =>
    expect(watch.events.at(-1)).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: version } },
    }),
  );
  expect(without.lines).toEqual([]);
  watch.close();
  without.close();
});

it('ends in an orderly way at the timeout', async () => {
  await start();
  const watch = await watchFromNow('timeoutSeconds=1');
  expect(await watch.ended).toBeUndefined();
  await vi.waitFor(() => expect(cluster.openWatches).toBe(0));
});

it('ends at its own timeout when the client names none', async () => {
  await start({ watchTimeoutMs: 20 });
  const watch = await watchFromNow();
  expect(await watch.ended).toBeUndefined();
});

it('forgets a watch whose client has gone', async () => {
  await start();
  const watch = await watchFromNow();
  expect(cluster.openWatches).toBe(1);
  watch.close();
  await vi.waitFor(() => expect(cluster.openWatches).toBe(0));
});

it('cuts off a reader that stays too far behind', async () => {
  await start({ maxWatchLag: 100 });
  const socket = connect(cluster.port, '127.0.0.1');
  const gone = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => socket.destroy());
  socket.write('GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: x\r\n\r\n');
  await vi.waitFor(() => expect(cluster.openWatches).toBe(1));
  socket.pause();
  // Buffers of the operating system take some megabytes before the server notices.
  const pod = cluster.pods.start({ name: 'busy' });
  await vi.waitFor(
    () => {
      for (let write = 0; write < 1_000; write += 1) cluster.pods.run(pod);
      expect(cluster.openWatches).toBe(0);
    },
    { interval: 1 },
  );
  socket.resume();
  await gone;
});

it('sends more than a reader may lag behind when a watch starts that far back', async () => {
  await start({ maxWatchLag: 10 });
  const version = cluster.pods.resourceVersion;
  cluster.workloads.scaleDeployment('web', 50);
  const watch = await TestWatch.open(cluster, `resourceVersion=${version}`);
  await watch.untilLines(150);
  watch.close();
});
