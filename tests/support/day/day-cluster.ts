import { type ClusterState, createClusterState, createRandom, type Random } from '@podips/simulation';
import { Agenda } from './agenda.js';
import { Controller } from './controller.js';
import { CronJob } from './runs.js';
import { TimedPods } from './timed-pods.js';

export const NODES = 40;
const NAMESPACES = 12;

/** Four hundred workloads on forty nodes, six of them to become sick, and one beside them none of whose pods ever starts. */
export interface DayCluster {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly state: ClusterState;
  readonly pods: TimedPods;
  readonly deployments: readonly Controller[];
  readonly statefulSets: readonly Controller[];
  readonly daemonSets: readonly Controller[];
  readonly cronJobs: readonly CronJob[];
  readonly sick: SickWorkloads;
  /** All but the CronJobs. */
  readonly controllers: readonly Controller[];
  /** The one that keeps a pod; undefined for a Job's pods. */
  controllerOf(uid: string): Controller | undefined;
}

export interface SickWorkloads {
  readonly evicted: Controller;
  readonly crashing: Controller;
  readonly outOfMemory: Controller;
  readonly deleted: Controller;
  readonly worse: Controller;
}

/** With the Job that fails, and the CronJobs, 400. */
const COUNTS = { Deployment: 263, StatefulSet: 49, DaemonSet: 9 } as const;
const CRON_JOBS = 73;

export function createDayCluster(seed: number, startMs: number): DayCluster {
  const agenda = new Agenda(startMs);
  const random = createRandom(seed);
  const now = () => new Date(agenda.nowMs);
  const state = createClusterState({ seed, nodes: NODES, now, truthLimit: 10_000, historyLimit: 1_000 });
  const pods = new TimedPods(agenda, state, random);
  const all: Controller[] = [];
  const make = (kind: keyof typeof COUNTS, name: string, replicas: number) => {
    const made = new Controller(pods, kind, name, `team-${random.integer(NAMESPACES)}`, replicas);
    all.push(made);
    return made;
  };
  const many = (kind: keyof typeof COUNTS, name: string, most: number) =>
    Array.from({ length: COUNTS[kind] }, (_none, index) =>
      make(kind, `${name}-${index}`, 1 + random.integer(most)),
    );
  return {
    ...{ agenda, random, state, pods, controllers: all },
    deployments: many('Deployment', 'service', 6),
    statefulSets: many('StatefulSet', 'store', 3),
    daemonSets: many('DaemonSet', 'agent', 1),
    cronJobs: Array.from(
      { length: CRON_JOBS },
      (_none, index) => new CronJob(pods, `task-${index}`, `team-${random.integer(NAMESPACES)}`),
    ),
    sick: {
      evicted: make('DaemonSet', 'sick-evicted', 1),
      crashing: make('Deployment', 'sick-crashing', 2),
      outOfMemory: make('Deployment', 'sick-out-of-memory', 3),
      deleted: make('StatefulSet', 'sick-deleted', 3),
      worse: make('Deployment', 'sick-worse', 4),
    },
    controllerOf(uid) {
      const { name, namespace } = state.pods.get(uid)?.metadata ?? {};
      if (name === undefined) return undefined;
      return all.find((one) => one.workload.namespace === namespace && one.has(uid));
    },
  };
}
