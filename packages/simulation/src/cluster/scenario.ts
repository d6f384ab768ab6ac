import type { PodObject } from './pod-object.js';
import type { SimulatedCluster } from './start-cluster.js';

/** Something that happens again and again. */
interface Story {
  readonly everyMs: number;
  /** When it happens for the first time; by default after `everyMs`. */
  readonly firstMs?: number;
  /** @param round how often it has happened before */
  happen(round: number): void;
}

const NAMESPACE = { namespace: 'shop' };
const JOB_RUNS_MS = 5_000;
const SCALED_MS = 150_000;

/** The work of a small shop, two of whose workloads are sick: it is to be seen which, and that the others are not. */
export function startScenario(cluster: Pick<SimulatedCluster, 'pods' | 'workloads'>): { stop(): void } {
  const { pods, workloads } = cluster;
  const later = new Set<NodeJS.Timeout>();
  const after = (ms: number, work: () => void) => {
    const timer = setTimeout(() => {
      later.delete(timer);
      work();
    }, ms);
    later.add(timer);
  };
  const pick = (of: readonly PodObject[], round: number) => of[round % Math.max(1, of.length)];

  workloads.scaleDeployment('web', 3, NAMESPACE);
  workloads.scaleDeployment('api', 2, NAMESPACE);
  workloads.scaleStatefulSet('database', 2, NAMESPACE);
  workloads.startDaemonSet('node-agent', NAMESPACE);
  const crashing = workloads.scaleDeployment('checkout', 2, NAMESPACE);
  let evicted = workloads.scaleDeployment('thumbnails', 3, NAMESPACE);

  const stories: readonly Story[] = [
    {
      // Sick: a container that is out of memory again and again.
      everyMs: 15_000,
      happen(round) {
        const pod = pick(crashing, round);
        if (pod) pods.restart(pod.metadata.uid, { reason: 'OOMKilled', exitCode: 137 });
      },
    },
    {
      // Sick: pods that need more than their node has. Within two minutes so many that the workload counts as unstable.
      everyMs: 20_000,
      happen(round) {
        const pod = pick(evicted, round);
        if (pod === undefined) return;
        const next = workloads.replacePod(pods.evict(pod.metadata.uid));
        evicted = evicted.map((one) => (one === pod ? next : one));
      },
    },
    { everyMs: 150_000, happen: () => void workloads.rollOut('web', NAMESPACE) },
    {
      // As an autoscaler: it waits long before it takes pods away again.
      everyMs: 240_000,
      firstMs: 30_000,
      happen() {
        workloads.scaleDeployment('api', 5, NAMESPACE);
        after(SCALED_MS, () => void workloads.scaleDeployment('api', 2, NAMESPACE));
      },
    },
    {
      everyMs: 60_000,
      happen() {
        const name = `backup-${Math.floor(Date.now() / 60_000)}`;
        for (const pod of workloads.startJob(name, 1, NAMESPACE))
          after(JOB_RUNS_MS, () => {
            pods.untrack(pods.finish(pod.metadata.uid));
            after(JOB_RUNS_MS, () => workloads.deleteJob(name, NAMESPACE));
          });
      },
    },
  ];
  const timers = new Set<NodeJS.Timeout>();
  for (const { everyMs, firstMs = everyMs, happen } of stories) {
    let round = 0;
    after(firstMs, () => {
      happen(round++);
      timers.add(setInterval(() => happen(round++), everyMs));
    });
  }
  return {
    stop() {
      for (const timer of timers) clearInterval(timer);
      for (const timer of later) clearTimeout(timer);
    },
  };
}
