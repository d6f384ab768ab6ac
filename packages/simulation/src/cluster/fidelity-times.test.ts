import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Churn } from './churn.js';
import { apiTime, type PodObject } from './pod-object.js';
import { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';

/** A minute of Kubernetes 1.36: see recordings/README.md. */
const recorded: readonly PodObject[] = readFileSync(
  new URL('../../recordings/replay/live.ndjson', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line).event.object);

/** The first recorded version of a pod in this phase. */
function recordedVersion(name: string, phase: string): PodObject {
  const found = recorded.find((pod) => pod.metadata.name === name && pod.status.phase === phase);
  if (found === undefined) throw new Error(`no version of ${name} in phase ${phase} was recorded`);
  return found;
}

/** Keys in their order, the types of values, and whatever the reader looks at; without what was recorded by mistake. */
function shape(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => shape(item));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value)
      .filter(([, child]) => child !== undefined)
      .map(([name, child]) => [name, shape(child, name)]);
  return ['type', 'status', 'phase', 'manager', 'operation', 'subresource', 'exitCode'].includes(key)
    ? value
    : typeof value;
}

function statusShape({ status }: PodObject): unknown {
  const conditions = status.conditions?.map((condition) => {
    const { reason, message, ...rest } = { message: undefined, ...condition };
    // The stand-in for the kubelet left the reasons of conditions that were false before.
    return rest.status === 'False' || rest.type === 'DisruptionTarget' ? { ...rest, reason } : rest;
  });
  return shape({ ...status, conditions });
}

const writesOf = ({ metadata }: PodObject) =>
  shape(metadata.managedFields.map(({ fieldsV1, ...field }) => field));

let nowMs: number;
let cluster: SimulatedCluster;
const start = async (options?: ClusterOptions) => {
  nowMs = Date.parse('2026-11-26T10:55:17.100Z');
  cluster = await startCluster({ seed: 1, now: () => new Date(nowMs), ...options });
};
afterEach(() => cluster.stop());
/** A pod that runs since some seconds. */
function runPod(): PodObject {
  const { pods } = cluster;
  const pod = pods.create({ name: 'a' });
  nowMs += 1_000;
  pods.schedule(pod, 'node-0');
  nowMs += 2_000;
  const up = pods.run(pod);
  nowMs += 5_000;
  return up;
}

describe('as recorded', () => {
  it('a pod runs, and fails', async () => {
    await start();
    const up = runPod();
    expect(statusShape(up)).toEqual(statusShape(recordedVersion('broken-wj6js', 'Running')));
    expect(writesOf(up)).toEqual(writesOf(recordedVersion('broken-wj6js', 'Running')));
    const down = cluster.pods.fail(up);
    expect(statusShape(down)).toEqual(statusShape(recordedVersion('broken-wj6js', 'Failed')));
    expect(writesOf(down)).toEqual(writesOf(recordedVersion('broken-wj6js', 'Failed')));
  });

  it('a pod succeeds', async () => {
    await start();
    const down = cluster.pods.finish(runPod());
    expect(statusShape(down)).toEqual(statusShape(recordedVersion('report-29401234-mmv9l', 'Succeeded')));
  });

  it('a pod ends within the grace period of its deletion', async () => {
    await start({ dualStack: true });
    const down = cluster.pods.fail(cluster.pods.terminate(runPod()));
    const { status } = recordedVersion('web-7f77bb5d89-bs4ln', 'Failed');
    // The recorded node has one stack.
    const hostIPs = [...(status.hostIPs ?? []), { ip: 'fd00::1' }];
    expect(statusShape(down)).toEqual(statusShape({ ...down, status: { ...status, hostIPs } }));
  });

  it('a container is started again in its pod', async () => {
    await start({ dualStack: true });
    const up = runPod();
    const again = cluster.pods.restart(up, { reason: 'OOMKilled', exitCode: 137 });
    const recordedAgain = recorded.find(({ status }) => status.containerStatuses?.[0]?.restartCount === 1);
    expect(shape(again.status.containerStatuses)).toEqual(shape(recordedAgain?.status.containerStatuses));
    expect(again.status.podIP).toBe(up.status.podIP);
    expect(cluster.restarts).toMatchObject([{ pod: 'a', container: 'c', count: 1, reason: 'OOMKilled' }]);
    expect(cluster.truth.changeCount).toBe(2);
  });

  it('the API evicts a pod', async () => {
    await start();
    const up = runPod();
    const marked = cluster.pods.disrupt(up);
    const types = (pod: PodObject | undefined) => pod?.status.conditions?.map(({ type }) => type);
    const isEvicted = ({ status }: PodObject) =>
      status.conditions?.some(({ reason }) => reason === 'EvictionByEvictionAPI');
    expect(types(marked)).toEqual(types(recorded.find(isEvicted)));
    expect(marked.metadata.deletionTimestamp).toBeDefined();
    expect(marked.status.phase).toBe('Running');
  });

  it('a kubelet evicts a pod: it says that the containers ended, but not that the sandbox is gone', async () => {
    await start();
    const down = cluster.pods.evict(runPod());
    expect(statusShape(down)).toEqual(statusShape(recordedVersion('db-0', 'Failed')));
    const [, released] = cluster.truth.changes;
    expect(released?.happenedAt.getTime()).toBeGreaterThan(nowMs);
  });
});

describe('the times of a pod', () => {
  it('are whole seconds, of what happened before it was reported', async () => {
    await start();
    const up = runPod();
    const [assigned] = cluster.truth.changes;
    const sandboxMs = assigned?.happenedAt.getTime() ?? 0;
    const reportedMs = assigned?.at.getTime() ?? 0;
    expect(reportedMs - sandboxMs).toBeGreaterThanOrEqual(150);
    expect(reportedMs - sandboxMs).toBeLessThanOrEqual(450);
    expect(up.metadata.managedFields.at(-1)?.time).toBe(apiTime(new Date(reportedMs)));
    expect(up.status.containerStatuses?.[0]?.state.running?.startedAt).toBe(apiTime(new Date(sandboxMs)));
    expect(up.status.startTime).toBe('2026-11-26T10:55:18Z');
  });

  it('keep those of conditions that do not change, and of the binding', async () => {
    await start();
    const up = runPod();
    const down = cluster.pods.fail(up);
    const timeOf = (pod: PodObject, type: string) =>
      pod.status.conditions?.find((condition) => condition.type === type)?.lastTransitionTime;
    expect(timeOf(down, 'PodScheduled')).toBe('2026-11-26T10:55:18Z');
    expect(timeOf(down, 'Initialized')).toBe(timeOf(up, 'Initialized'));
    expect(timeOf(down, 'PodReadyToStartContainers')).toBe(apiTime(new Date(nowMs)));
  });

  it('are in no managed field where no kubelet reports: bindings, requests for deletion, deletions', async () => {
    await start();
    const { pods } = cluster;
    const created = pods.create({ name: 'a' });
    const fieldsOf = (pod: PodObject) => pod.metadata.managedFields;
    nowMs += 3_000;
    expect(fieldsOf(pods.schedule(created))).toEqual(fieldsOf(created));
    const up = pods.run(created);
    nowMs += 3_000;
    expect(fieldsOf(pods.terminate(up))).toEqual(fieldsOf(up));
    expect(fieldsOf(pods.remove(up))).toEqual(fieldsOf(up));
  });

  it('are by the clock of the node, but for those that the API server writes', async () => {
    await start({ nodeClocksAheadMs: [3_600_000], sandboxLeftMs: 0 });
    const up = runPod();
    expect(up.status.startTime).toBe('2026-11-26T11:55:18Z');
    expect(up.status.containerStatuses?.[0]?.state.running?.startedAt).toMatch(/T11:55/);
    expect(up.metadata.managedFields.map(({ time }) => time.slice(11, 13))).toEqual(['10', '10']);
    expect(up.status.conditions?.map(({ lastTransitionTime }) => lastTransitionTime.slice(11, 13))).toEqual(
      // The last one is PodScheduled.
      ['11', '11', '11', '11', '10'],
    );
  });
});

it('dates its answers by the clock of the API server', async () => {
  await start();
  const { headers } = await fetch(`${cluster.url}/api/v1/pods`);
  expect(headers.get('date')).toBe('Thu, 26 Nov 2026 10:55:17 GMT');
});

describe('the truth', () => {
  it('of a pod that is deleted by force is that its sandbox is left for a while', async () => {
    await start();
    cluster.pods.forceDelete(runPod());
    const [, released] = cluster.truth.changes;
    expect(released?.happenedAt.getTime()).toBeGreaterThan(nowMs);
    expect(released?.at.getTime()).toBe(nowMs);
  });

  it('never gives an address to two pods at a time', async () => {
    await start({ ipPoolSize: 41 });
    const churn = new Churn(cluster.pods, { pods: 40, hostNetworkShare: 0 });
    for (let step = 0; step < 20_000; step += 1) {
      nowMs += 7;
      churn.step();
    }
    const freeSince = new Map<string, number>();
    for (const { kind, ip, hostNetwork, happenedAt } of cluster.truth.changes) {
      if (hostNetwork) continue;
      const happenedMs = happenedAt.getTime();
      if (kind === 'released') freeSince.set(ip, happenedMs);
      else expect(happenedMs).toBeGreaterThanOrEqual(freeSince.get(ip) ?? 0);
    }
    expect(freeSince.size).toBeGreaterThan(20);
  });
});
