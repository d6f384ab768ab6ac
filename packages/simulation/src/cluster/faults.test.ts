import { afterEach, expect, it, vi } from 'vitest';
import { get, getJson, type PodList, type StatusBody, TestWatch } from './client.test.helpers.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  cluster = await startCluster({ seed: 1, ...options });
};
const watchFromNow = (query = '') =>
  TestWatch.open(cluster, `resourceVersion=${cluster.pods.resourceVersion}&${query}`);
afterEach(() => cluster.stop());

it('refuses new connections and lets open ones live on', async () => {
  await start();
  const watch = await watchFromNow();
  cluster.faults.refuseConnections();
  await expect(get(cluster)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  cluster.pods.create({ name: 'a' });
  await watch.untilLines(1);
  await cluster.faults.acceptConnections();
  expect((await get(cluster)).status).toBe(200);
  watch.close();
});

it('drops open connections', async () => {
  await start();
  const watch = await watchFromNow();
  expect(cluster.faults.dropConnections()).toBe(1);
  expect(await watch.ended).toBeInstanceOf(Error);
});

it('closes watches now', async () => {
  await start();
  const watches = [await watchFromNow(), await watchFromNow()];
  expect(cluster.faults.closeWatches()).toBe(2);
  expect(await Promise.all(watches.map((watch) => watch.ended))).toEqual([undefined, undefined]);
});

it('closes watches at random until it is stopped', async () => {
  await start();
  cluster.faults.closeWatchesAtRandom(1);
  const watches = [await watchFromNow(), await watchFromNow()];
  expect(await Promise.all(watches.map((watch) => watch.ended))).toEqual([undefined, undefined]);
  cluster.faults.clear();
  const last = await watchFromNow();
  cluster.pods.create({ name: 'a' });
  await last.untilLines(1);
  last.close();
});

it('leaves a half-open watch without anything, bookmarks and its end included', async () => {
  await start({ bookmarkIntervalMs: 1, watchTimeoutMs: 5 });
  const frozen = await watchFromNow('allowWatchBookmarks=true&timeoutSeconds=60');
  await frozen.untilLines(1);
  expect(cluster.faults.freezeWatches()).toBe(1);
  // An event of another watch proves that time has passed.
  const other = await watchFromNow('allowWatchBookmarks=true&timeoutSeconds=60');
  const linesAtFreeze = (await other.untilLines(5)) && frozen.lines.length;
  cluster.pods.start({ name: 'a' });
  await vi.waitFor(() => expect(other.types).toContain('ADDED'));
  cluster.faults.closeWatches();
  await other.ended;
  expect(frozen.lines).toHaveLength(linesAtFreeze);
  expect(cluster.openWatches).toBe(1);
  frozen.close();
});

it('ends a watch in the middle of a line', async () => {
  await start();
  const watch = await watchFromNow();
  cluster.pods.create({ name: 'a' });
  expect(cluster.faults.truncateWatches()).toBe(1);
  expect(await watch.ended).toBeUndefined();
  expect(watch.types).toEqual(['ADDED']);
  expect(watch.rest).toMatch(/^\{"type":"MODIFIED"/);
});

it('answers the next watch with 410 in the stream, or as a response, and the one after it normally', async () => {
  await start();
  cluster.faults.expireNextWatch();
  const inStream = await watchFromNow();
  await inStream.ended;
  expect(inStream.events).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  cluster.faults.expireNextWatch('response');
  expect((await watchFromNow()).response.status).toBe(410);
  const third = await watchFromNow();
  expect(third.response.status).toBe(200);
  third.close();
});

it('answers the next continued list with 410', async () => {
  await start();
  cluster.workloads.scaleDeployment('web', 3);
  cluster.faults.expireNextContinue();
  const first = await getJson<PodList>(cluster, 'limit=2');
  const refused = await getJson<StatusBody>(cluster, `limit=2&continue=${first.metadata.continue}`);
  expect(refused).toMatchObject({ code: 410, reason: 'Expired' });
  const rest = await getJson<PodList>(cluster, `limit=2&continue=${refused.metadata.continue}`);
  expect(rest.items).toHaveLength(1);
});

it('fails the next requests, one after the other', async () => {
  await start();
  cluster.faults.failNext({ status: 429, retryAfterSeconds: 7, count: 2 });
  cluster.faults.failNext({ status: 503, on: 'watch' });
  cluster.faults.failNext({ status: 500, on: 'list' });
  const first = await get(cluster);
  expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
  expect(await first.json()).toMatchObject({ kind: 'Status', reason: 'TooManyRequests' });
  expect((await get(cluster)).status).toBe(429);
  expect((await get(cluster)).status).toBe(500);
  expect((await get(cluster)).status).toBe(200);
  expect((await get(cluster, 'watch=true')).status).toBe(503);
});

it('stops accepting a token until it is issued again', async () => {
  await start({ token: 'first' });
  const status = async (token: string) =>
    (await get(cluster, '', { authorization: `Bearer ${token}` })).status;
  cluster.faults.expireToken();
  expect(await status('first')).toBe(401);
  cluster.faults.issueToken();
  expect(await status('first')).toBe(200);
  cluster.faults.issueToken('second');
  expect([await status('first'), await status('second')]).toEqual([401, 200]);
});

it('forbids and allows', async () => {
  await start();
  cluster.faults.forbid();
  expect((await get(cluster)).status).toBe(403);
  cluster.faults.forbid(false);
  expect((await get(cluster)).status).toBe(200);
});

it('lets lists wait, and does not mind clients that give up', async () => {
  await start();
  cluster.faults.delayLists(60_000);
  const controller = new AbortController();
  const list = fetch(`${cluster.url}/api/v1/pods`, { signal: controller.signal });
  await vi.waitFor(() => expect(cluster.requests).toHaveLength(1));
  controller.abort();
  await expect(list).rejects.toThrow();
  cluster.faults.delayLists(0);
  expect((await get(cluster)).status).toBe(200);
});

it('sends broken and unusual lines', async () => {
  await start();
  const watch = await watchFromNow();
  const { faults } = cluster;
  faults.sendLine('this is not JSON');
  faults.sendEvent('SURPRISE', { kind: 'Pod' });
  faults.sendPodWithoutMetadata();
  faults.sendPodWithoutStatus();
  expect(faults.sendError(500, 'etcd is unavailable')).toBe(1);
  expect(await watch.ended).toBeUndefined();
  const [text, ...events] = watch.lines;
  expect(text).toBe('this is not JSON');
  const [surprise, withoutMetadata, withoutStatus, error] = events.map((line) => JSON.parse(line));
  expect(surprise.type).toBe('SURPRISE');
  expect(withoutMetadata.object).not.toHaveProperty('metadata');
  expect(withoutStatus.object).not.toHaveProperty('status');
  expect(error).toMatchObject({ type: 'ERROR', object: { code: 500, message: 'etcd is unavailable' } });
});

it('puts a broken object into the next list only', async () => {
  await start();
  cluster.faults.addToNextList({ spec: {} });
  expect((await getJson<PodList>(cluster)).items).toEqual([{ spec: {} }]);
  expect((await getJson<PodList>(cluster)).items).toEqual([]);
});

it('keeps its pods and its port when it stops and starts again', async () => {
  await start();
  const watch = await watchFromNow();
  const { port } = cluster;
  await cluster.stop();
  expect(await watch.ended).toBeInstanceOf(Error);
  await expect(get(cluster)).rejects.toThrow();
  const version = cluster.pods.resourceVersion;
  cluster.pods.start({ name: 'meanwhile' });
  await cluster.restart();
  expect(cluster.port).toBe(port);
  const resumed = await TestWatch.open(cluster, `resourceVersion=${version}`);
  expect(await resumed.untilLines(3)).toHaveLength(3);
  resumed.close();
});
