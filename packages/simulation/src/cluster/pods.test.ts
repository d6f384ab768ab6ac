import { afterEach, expect, it } from 'vitest';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  cluster = await startCluster({ seed: 1, ...options });
};
const changes = () => cluster.truth.changes.map(({ kind, pod, ip }) => `${kind} ${pod} ${ip}`);
afterEach(() => cluster.stop());

it('gives a pod its address when it runs and takes it back when it is gone', async () => {
  await start();
  const { pods, truth } = cluster;
  const pod = pods.schedule(pods.create({ name: 'a' }));
  expect(truth.changeCount).toBe(0);
  const { status, metadata, spec } = pods.run(pod);
  expect(status).toMatchObject({ phase: 'Running', podIP: '10.64.0.1', podIPs: [{ ip: '10.64.0.1' }] });
  expect(truth.openLeases()).toMatchObject([
    {
      kind: 'assigned',
      podUid: metadata.uid,
      namespace: 'default',
      pod: 'a',
      ip: '10.64.0.1',
      hostNetwork: false,
      ownerKind: 'Unknown',
      ownerName: '',
      node: spec.nodeName,
      resourceVersion: Number(metadata.resourceVersion),
    },
  ]);
  pods.terminate(pod);
  expect(truth.openLeases()).toHaveLength(1);
  pods.remove(pod);
  expect(truth.openLeases()).toEqual([]);
  expect(changes()).toEqual(['assigned a 10.64.0.1', 'released a 10.64.0.1']);
  expect(pods.count).toBe(0);
});

it('gives the address of a finished pod to the next one, while the finished one still shows it', async () => {
  await start({ ipPoolSize: 1 });
  const [done] = cluster.workloads.runJob('job');
  const next = cluster.workloads.startBarePod('next');
  expect(done?.status.podIP).toBe(next.status.podIP);
  cluster.workloads.deleteJob('job');
  expect(cluster.truth.openLeases().map(({ pod }) => pod)).toEqual(['next']);
});

it('throws when there is no address left', async () => {
  await start({ ipPoolSize: 1 });
  cluster.pods.start({ name: 'a' });
  expect(() => cluster.pods.start({ name: 'b' })).toThrow(
    expect.objectContaining({ code: 'IP_POOL_EXHAUSTED' }),
  );
});

it('changes an address in place with one write', async () => {
  await start();
  const pod = cluster.pods.start({ name: 'a' });
  const changed = cluster.pods.changeIp(pod);
  expect(changed.status.podIP).not.toBe(pod.status.podIP);
  const [, released, assigned] = cluster.truth.changes;
  expect([released?.kind, assigned?.kind]).toEqual(['released', 'assigned']);
  expect(released?.resourceVersion).toBe(assigned?.resourceVersion);
});

it('gives a pending pod its address while its init containers run', async () => {
  await start();
  const pod = cluster.pods.schedule(cluster.pods.create({ name: 'a' }));
  const early = cluster.pods.initialise(pod);
  expect(early.status.phase).toBe('Pending');
  expect(cluster.pods.run(pod).status.podIP).toBe(early.status.podIP);
  expect(cluster.truth.changeCount).toBe(1);
});

it('records a failure before any address as no change', async () => {
  await start();
  const pod = cluster.pods.schedule(cluster.pods.create({ name: 'a' }));
  expect(cluster.pods.evict(pod).status).toMatchObject({ phase: 'Failed', reason: 'Evicted' });
  cluster.pods.remove(pod);
  expect(cluster.truth.changeCount).toBe(0);
});

it('puts two pods of the host network on the address of their node', async () => {
  await start({ nodes: 1 });
  const [pod] = cluster.workloads.startDaemonSet('proxy', { hostNetwork: true });
  const other = cluster.workloads.startBarePod('other', { hostNetwork: true });
  expect(pod?.status.podIP).toBe(pod?.status.hostIP);
  expect(other.status.podIP).toBe(pod?.status.podIP);
  cluster.pods.delete(other);
  expect(cluster.truth.openLeases()).toMatchObject([
    { hostNetwork: true, ownerKind: 'DaemonSet', ownerName: 'proxy' },
  ]);
  // The node's address never comes into the pool of the pods.
  expect(cluster.workloads.startBarePod('next').status.podIP).toBe('10.64.0.1');
});

it('gives pods of two stacks two addresses', async () => {
  await start({ dualStack: true, nodes: 1 });
  const pod = cluster.pods.start({ name: 'a' });
  expect(pod.status.podIPs).toEqual([{ ip: '10.64.0.1' }, { ip: 'fd00:10:64::1' }]);
  const onHost = cluster.pods.start({ name: 'b', hostNetwork: true });
  expect(onHost.status.podIPs).toEqual([{ ip: '192.168.0.1' }, { ip: 'fd00:192:168::1' }]);
  cluster.pods.finish(pod);
  expect(changes().slice(-2)).toEqual(['released a 10.64.0.1', 'released a fd00:10:64::1']);
});

it('brings a pod of a StatefulSet back under its name with a new UID', async () => {
  await start();
  const [old] = cluster.workloads.scaleStatefulSet('db', 2);
  const replacement = cluster.workloads.replaceStatefulSetPod('db', 0);
  expect(replacement.metadata.name).toBe(old?.metadata.name);
  expect(replacement.metadata.uid).not.toBe(old?.metadata.uid);
  expect(cluster.workloads.scaleStatefulSet('db', 0)).toEqual([]);
  expect(cluster.pods.count).toBe(0);
});

it('scales a Deployment up and down', async () => {
  await start();
  const pods = cluster.workloads.scaleDeployment('web', 3);
  expect(pods[0]?.metadata.ownerReferences).toMatchObject([{ kind: 'ReplicaSet' }]);
  expect(cluster.workloads.scaleDeployment('web', 1)).toEqual([pods[0]]);
  expect(cluster.truth.openLeases()).toHaveLength(1);
});

it('runs one pod of a DaemonSet on every node', async () => {
  await start({ nodes: 3 });
  const pods = cluster.workloads.startDaemonSet('agent');
  expect(pods.map(({ spec }) => spec.nodeName)).toEqual(['node-0', 'node-1', 'node-2']);
  expect(cluster.workloads.startDaemonSet('agent')).toHaveLength(3);
});

it('refuses steps that make no sense', async () => {
  await start();
  const { pods } = cluster;
  const pod = pods.create({ name: 'a' });
  const code = (name: string) => expect.objectContaining({ code: name });
  expect(() => pods.create({ name: 'a' })).toThrow(code('POD_EXISTS'));
  expect(() => pods.run(pod)).toThrow(code('POD_NOT_SCHEDULED'));
  expect(() => pods.changeIp(pod)).toThrow(code('POD_HOLDS_NO_IP'));
  pods.finish(pods.run(pods.schedule(pod)));
  expect(() => pods.run(pod)).toThrow(code('POD_FINISHED'));
  pods.forceDelete(pod);
  expect(() => pods.finish(pod)).toThrow(code('POD_NOT_FOUND'));
});

it('keeps the truth within its bound and says how much is missing', async () => {
  await start({ truthLimit: 10 });
  for (let round = 0; round < 8; round += 1) cluster.pods.delete(cluster.pods.start({ name: 'a' }));
  const { changes: kept, dropped, changeCount } = cluster.truth;
  expect(kept.length).toBeLessThanOrEqual(10);
  expect(changeCount).toBe(16);
  expect(kept.length + dropped).toBe(16);
});

it('rolls a Deployment out: other pods, of another template, one after the other', async () => {
  await start();
  const before = cluster.workloads.scaleDeployment('web', 3);
  const after = cluster.workloads.rollOut('web');
  const hashes = (pods: typeof before) =>
    new Set(pods.map(({ metadata }) => metadata.labels?.['pod-template-hash']));
  expect([after.length, hashes(after).size]).toEqual([3, 1]);
  expect(hashes(after)).not.toEqual(hashes(before));
  expect(cluster.truth.openLeases().map(({ podUid }) => podUid)).toEqual(
    after.map(({ metadata }) => metadata.uid),
  );
});

it('replaces a pod as its controller does: by one of the same template, of the same name in a StatefulSet', async () => {
  await start();
  const [db] = cluster.workloads.scaleStatefulSet('db', 1);
  const [web] = cluster.workloads.scaleDeployment('web', 1);
  if (db === undefined || web === undefined) throw new Error('no pods');
  cluster.pods.evict(web);
  const [db2, web2] = [db, web].map((pod) => cluster.workloads.replacePod(pod));
  expect(db2?.metadata.name).toBe('db-0');
  expect(web2?.metadata.labels).toEqual(web.metadata.labels);
  expect(cluster.pods.count).toBe(2);
});
