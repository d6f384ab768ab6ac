import { afterEach, expect, it } from 'vitest';
import { get, getJson, listAll, type PodList, type StatusBody } from './client.test.helpers.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  cluster = await startCluster({ seed: 1, ...options });
};
afterEach(() => cluster.stop());

const namesOf = (pages: readonly PodList[]) =>
  pages.flatMap((page) => page.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));

it('lists pods in the order of their keys, without kind and apiVersion', async () => {
  await start();
  for (const [namespace, name] of [
    ['b', 'a'],
    ['a', 'z'],
    ['a-b', 'c'],
    ['a', 'b'],
  ] as const)
    cluster.pods.start({ namespace, name });
  const list = await getJson<PodList>(cluster);
  expect(list.kind).toBe('PodList');
  // As etcd sorts: the hyphen comes before the slash.
  expect(namesOf([list])).toEqual(['a-b/c', 'a/b', 'a/z', 'b/a']);
  expect(Object.keys(list.items[0] ?? {})).toEqual(['metadata', 'spec', 'status']);
  expect(list.metadata).toEqual({ resourceVersion: String(cluster.pods.resourceVersion) });
});

it('shows one version on all pages, whatever is written between them', async () => {
  await start();
  for (const name of ['a', 'b', 'c', 'd', 'e']) cluster.pods.start({ name });
  const before = cluster.pods.all();
  const first = await getJson<PodList>(cluster, 'limit=2');
  expect(first.metadata.remainingItemCount).toBe(3);

  cluster.pods.start({ name: 'cc' });
  for (const pod of before) if (pod.metadata.name === 'd') cluster.pods.delete(pod);
  for (const pod of before) if (pod.metadata.name === 'e') cluster.pods.finish(pod);

  const second = await getJson<PodList>(cluster, `limit=2&continue=${first.metadata.continue}`);
  const third = await getJson<PodList>(cluster, `limit=2&continue=${second.metadata.continue}`);
  expect(namesOf([first, second, third])).toEqual(['a', 'b', 'c', 'd', 'e'].map((name) => `default/${name}`));
  expect([...first.items, ...second.items, ...third.items].map((pod) => pod.status.phase)).toEqual(
    Array(5).fill('Running'),
  );
  const versions = [first, second, third].map((page) => page.metadata.resourceVersion);
  expect(new Set(versions).size).toBe(1);
  expect(third.metadata).not.toHaveProperty('continue');
  expect(third.metadata).not.toHaveProperty('remainingItemCount');
});

it('continues with the current state from the token in the answer to an expired one', async () => {
  await start();
  for (const name of ['a', 'b', 'c', 'd']) cluster.pods.start({ name });
  const first = await getJson<PodList>(cluster, 'limit=2');
  cluster.pods.start({ name: 'bb' });
  cluster.pods.compact();
  const refused = await getJson<StatusBody>(cluster, `limit=2&continue=${first.metadata.continue}`);
  expect(refused.code).toBe(410);
  const rest = await getJson<PodList>(cluster, `limit=2&continue=${refused.metadata.continue}`);
  expect(namesOf([rest])).toEqual(['default/bb', 'default/c']);
  expect(rest.metadata.resourceVersion).toBe(String(cluster.pods.resourceVersion));
  // From here on it is consistent again.
  cluster.pods.start({ name: 'cc' });
  const last = await getJson<PodList>(cluster, `limit=2&continue=${rest.metadata.continue}`);
  expect(namesOf([last])).toEqual(['default/d']);
  expect(last.metadata.resourceVersion).toBe(rest.metadata.resourceVersion);
});

it('lists an exact older version until it is compacted', async () => {
  await start();
  const pod = cluster.pods.start({ name: 'a' });
  const version = cluster.pods.resourceVersion;
  cluster.pods.delete(pod);
  const query = `resourceVersion=${version}&resourceVersionMatch=Exact`;
  const old = await getJson<PodList>(cluster, query);
  expect(namesOf([old])).toEqual(['default/a']);
  expect(old.metadata.resourceVersion).toBe(String(version));
  cluster.pods.compact();
  expect((await get(cluster, query)).status).toBe(410);
});

it('compacts by itself when the history is full', async () => {
  await start({ historyLimit: 10 });
  for (const name of ['a', 'b', 'c']) cluster.pods.start({ name });
  const first = await getJson<PodList>(cluster, 'limit=1');
  for (const name of ['d', 'e', 'f', 'g']) cluster.pods.start({ name });
  expect((await get(cluster, `limit=1&continue=${first.metadata.continue}`)).status).toBe(410);
  expect(namesOf(await listAll(cluster, 3))).toHaveLength(7);
});

it('takes version 0 as whatever is cached and knows no pages then', async () => {
  await start();
  cluster.workloads.scaleDeployment('web', 5);
  const list = await getJson<PodList>(cluster, 'limit=2&resourceVersion=0');
  expect(list.items).toHaveLength(5);
});

it.each([
  ['limit=x', 400],
  ['resourceVersion=x', 400],
  ['continue=x', 400],
  ['resourceVersionMatch=Exact', 422],
  ['resourceVersion=0&resourceVersionMatch=Exact', 422],
  ['resourceVersion=99999999', 504],
])('refuses %s with %i', async (query, code) => {
  await start();
  const response = await get(cluster, query);
  expect(response.status).toBe(code);
  expect(await response.json()).toMatchObject({ kind: 'Status', status: 'Failure', code });
});

it('answers health checks and its version, and 404 for anything else', async () => {
  await start({ token: 'right' });
  for (const path of ['/healthz', '/readyz', '/livez'])
    expect(await (await fetch(cluster.url + path)).text()).toBe('ok');
  expect(await (await fetch(`${cluster.url}/version`)).json()).toMatchObject({ major: '1' });
  for (const path of ['/api/v1/nodes', '/apis', '/']) {
    const response = await fetch(cluster.url + path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ kind: 'Status', reason: 'NotFound' });
  }
  expect((await fetch(`${cluster.url}/api/v1/pods`, { method: 'DELETE' })).status).toBe(405);
});

it('accepts only the right token', async () => {
  await start({ token: 'right' });
  expect((await get(cluster, '', { authorization: 'Bearer right' })).status).toBe(200);
  expect((await get(cluster, '', { authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await get(cluster)).status).toBe(403);
});

it('remembers what was asked', async () => {
  await start();
  await get(cluster, 'limit=7');
  expect(cluster.requests).toEqual([{ method: 'GET', path: '/api/v1/pods', query: { limit: '7' } }]);
});

it('lists and watches the pods of one namespace, and refuses others where only that one is allowed', async () => {
  await start();
  for (const [namespace, name] of [
    ['a', 'x'],
    ['b', 'x'],
    ['b', 'y'],
    ['b', 'z'],
    ['bc', 'x'],
  ] as const)
    cluster.pods.start({ namespace, name });
  const ask = async (namespace: string, query: string) => {
    const response = await fetch(`${cluster.url}/api/v1/namespaces/${namespace}/pods?${query}`);
    // Asserted on below.
    return (await response.json()) as PodList & StatusBody;
  };
  const first = await ask('b', 'limit=2');
  const second = await ask('b', `limit=2&continue=${first.metadata.continue}`);
  expect(namesOf([first, second])).toEqual(['b/x', 'b/y', 'b/z']);
  cluster.faults.allowOnly(['b']);
  expect((await ask('b', '')).items).toHaveLength(3);
  expect((await ask('a', '')).message).toContain(
    'cannot list resource "pods" in API group "" in the namespace "a"',
  );
  expect((await get(cluster)).status).toBe(403);
  const watch = await fetch(
    `${cluster.url}/api/v1/namespaces/b/pods?watch=true&timeoutSeconds=1&resourceVersion=${first.metadata.resourceVersion}`,
  );
  cluster.pods.start({ namespace: 'a', name: 'unseen' });
  cluster.pods.start({ namespace: 'b', name: 'seen' });
  const lines = (await watch.text()).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).object.metadata.name)).toEqual(lines.map(() => 'seen'));
  expect(lines).not.toEqual([]);
});
