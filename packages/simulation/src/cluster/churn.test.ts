import { afterEach, describe, expect, it, vi } from 'vitest';
import { Churn } from './churn.js';
import { getJson, listAll, type PodList, TestWatch } from './client.test.helpers.js';
import { describeChange, Replay } from './replay.test.helpers.js';
import { startChurn } from './start-churn.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

const NOW = new Date('2026-01-02T03:04:05Z');
const started: SimulatedCluster[] = [];
const start = async (options?: ClusterOptions) => {
  const cluster = await startCluster({ seed: 1, now: () => NOW, ...options });
  started.push(cluster);
  return cluster;
};
const takeSteps = (churn: Churn, count: number) => {
  for (let step = 0; step < count; step += 1) churn.step();
};
const truthOf = (cluster: SimulatedCluster) =>
  cluster.truth.changes.map(({ kind, podUid, ip }) => describeChange(kind, podUid, ip));
afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.stop();
});

describe('churn', () => {
  it('makes the same pods and changes from the same seed, and others from another', async () => {
    const run = async (seed: number) => {
      const cluster = await start({ seed });
      takeSteps(new Churn(cluster.pods, { seed, pods: 50 }), 2_000);
      return JSON.stringify([cluster.pods.all(), cluster.truth.changes]);
    };
    const first = await run(7);
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
  });

  it('keeps the number of pods within its bound', async () => {
    const cluster = await start({ ipPoolSize: 41 });
    const churn = new Churn(cluster.pods, { pods: 40 });
    churn.fill();
    expect(cluster.pods.count).toBe(40);
    for (let step = 0; step < 5_000; step += 1) {
      churn.step();
      expect(cluster.pods.count).toBeLessThanOrEqual(40);
    }
  });

  it('shows every kind of life', async () => {
    const cluster = await start();
    takeSteps(new Churn(cluster.pods, { pods: 60 }), 20_000);
    const { changes } = cluster.truth;
    expect(new Set(changes.map(({ ownerKind }) => ownerKind))).toEqual(
      new Set(['ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Unknown']),
    );
    expect(changes.some(({ hostNetwork }) => hostNetwork)).toBe(true);
    const phases = new Set(cluster.pods.all().map(({ status }) => status.phase));
    expect(phases).toContain('Running');
    expect(phases).toContain('Succeeded');
    const uidsByName = Map.groupBy(
      changes.filter(({ ownerKind }) => ownerKind === 'StatefulSet'),
      ({ namespace, pod }) => `${namespace}/${pod}`,
    );
    const uids = [...uidsByName.values()].map((list) => new Set(list.map(({ podUid }) => podUid)).size);
    expect(Math.max(...uids)).toBeGreaterThan(1);
  });

  it('hands freed addresses to other pods soon, and never one address to two pods at a time', async () => {
    const cluster = await start({ ipPoolSize: 31, dualStack: true });
    takeSteps(new Churn(cluster.pods, { pods: 30 }), 10_000);
    const holders = new Map<string, string>();
    const formerHolders = new Map<string, Set<string>>();
    for (const { kind, ip, podUid, hostNetwork } of cluster.truth.changes) {
      if (hostNetwork) continue;
      expect(holders.get(ip)).toBe(kind === 'assigned' ? undefined : podUid);
      if (kind === 'assigned') holders.set(ip, podUid);
      else holders.delete(ip);
      formerHolders.set(ip, (formerHolders.get(ip) ?? new Set()).add(podUid));
    }
    for (const uids of formerHolders.values()) expect(uids.size).toBeGreaterThan(1);
  });

  it('refuses to start with too few addresses', async () => {
    const cluster = await start({ ipPoolSize: 10 });
    expect(() => new Churn(cluster.pods, { pods: 10 })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  it('continues when its pods are deleted by other clients', async () => {
    const cluster = await start();
    const churn = new Churn(cluster.pods, { pods: 20 });
    churn.fill();
    for (const pod of cluster.pods.all()) cluster.pods.forceDelete(pod);
    takeSteps(churn, 500);
    expect(cluster.pods.count).toBeGreaterThan(0);
  });
});

describe('the truth and the API', () => {
  it('agree for a watch that sees everything', async () => {
    const cluster = await start({ dualStack: true });
    const watch = await TestWatch.open(cluster, `resourceVersion=${cluster.pods.resourceVersion}`);
    takeSteps(new Churn(cluster.pods, { pods: 50 }), 5_000);
    const last = cluster.pods.start({ name: 'last' });
    await vi.waitFor(() => expect(watch.lines.at(-1)).toContain(last.metadata.uid), 5_000);
    await vi.waitFor(() => expect(watch.lines.at(-1)).toContain('"phase":"Running"'), 5_000);
    const replay = new Replay();
    for (const { type, object } of watch.events) replay.see(type, object);
    expect(replay.changes).toEqual(truthOf(cluster));
    watch.close();
  });

  it('agree for a list and a watch from its version', async () => {
    const cluster = await start();
    const churn = new Churn(cluster.pods, { pods: 50 });
    takeSteps(churn, 1_000);
    const first = await getJson<PodList>(cluster, 'limit=10');
    const open = new Set(
      cluster.truth.openLeases().map(({ podUid, ip }) => describeChange('assigned', podUid, ip)),
    );
    const known = cluster.truth.changeCount;
    takeSteps(churn, 1_000);
    const pages = [first];
    for (let token = first.metadata.continue; token; token = pages.at(-1)?.metadata.continue)
      pages.push(await getJson<PodList>(cluster, `limit=10&continue=${token}`));
    const replay = new Replay();
    for (const pod of pages.flatMap(({ items }) => items)) replay.see('ADDED', pod);
    expect(new Set(replay.changes)).toEqual(open);

    const atList = replay.changes.length;
    const watch = await TestWatch.open(cluster, `resourceVersion=${first.metadata.resourceVersion}`);
    await watch.untilLines(1_000);
    for (const { type, object } of watch.events) replay.see(type, object);
    expect(replay.changes.slice(atList)).toEqual(truthOf(cluster).slice(known));
    watch.close();
  });
});

describe('running churn', () => {
  it('makes changes until it is stopped, and counts them', async () => {
    const cluster = await start();
    const churn = startChurn(cluster, { changesPerSecond: 2_000, pods: 100 });
    const filled = cluster.truth.changeCount;
    await vi.waitFor(() => expect(churn.changes).toBeGreaterThan(100), 5_000);
    churn.stop();
    const { changes } = churn;
    expect(cluster.truth.changeCount).toBe(filled + changes);
    await listAll(cluster, 10);
    expect(churn.changes).toBe(changes);
  });

  it('starts with all pods running', async () => {
    const cluster = await start();
    const churn = startChurn(cluster, { changesPerSecond: 1, pods: 30 });
    expect(cluster.truth.openLeases()).toHaveLength(30);
    expect(churn.changes).toBe(0);
    churn.stop();
  });
});
