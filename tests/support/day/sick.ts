import type { Controller } from './controller.js';
import type { DayCluster } from './day-cluster.js';
import { runJob } from './runs.js';
import { HOUR_MS, MINUTE_MS } from './timed-pods.js';

/** A workload that is to be found, and with what. */
export interface Sick {
  readonly name: string;
  readonly cause: string;
  readonly exitCode: number | null;
  /** By the limits that are the default, there is an alert after so long. */
  readonly alertMs: number;
  /** Milliseconds since the epoch. */
  readonly beginsMs: number;
}

interface Story extends Omit<Sick, 'beginsMs'> {
  /** Undefined: it happens once. */
  readonly everyMs?: number;
  happen(cluster: DayCluster): void;
}

const JOB = { name: 'sick-job', namespace: 'team-1', fails: 6 };
const BAD_NODE = 'node-20';

const STORIES: readonly Story[] = [
  {
    name: 'sick-evicted',
    cause: 'Evicted',
    exitCode: null,
    everyMs: 10 * MINUTE_MS,
    alertMs: HOUR_MS,
    happen({ pods, sick: { evicted } }) {
      const uid = evicted.running.find((one) => pods.pods.get(one)?.spec.nodeName === BAD_NODE);
      if (uid !== undefined) evicted.evict(uid);
    },
  },
  {
    name: 'sick-crashing',
    cause: 'Error',
    exitCode: 1,
    everyMs: 5 * MINUTE_MS,
    alertMs: HOUR_MS / 2,
    happen: ({ pods, sick }) => restartFirst(pods, sick.crashing, { reason: 'Error', exitCode: 1 }),
  },
  {
    name: 'sick-out-of-memory',
    cause: 'OOMKilled',
    exitCode: 137,
    everyMs: 20 * MINUTE_MS,
    alertMs: 3 * HOUR_MS,
    happen: ({ pods, sick }) => restartFirst(pods, sick.outOfMemory, { reason: 'OOMKilled', exitCode: 137 }),
  },
  {
    name: JOB.name,
    cause: 'Error',
    exitCode: 1,
    alertMs: HOUR_MS / 2,
    happen: ({ pods }) => runJob(pods, JOB),
  },
  {
    name: 'sick-deleted',
    cause: 'Deleted',
    exitCode: null,
    everyMs: 20 * MINUTE_MS,
    alertMs: 3 * HOUR_MS,
    happen({ pods, sick: { deleted } }) {
      const uid = deleted.running.find((one) => pods.pods.get(one)?.metadata.name === 'sick-deleted-2');
      if (uid !== undefined) deleted.delete(uid);
    },
  },
  {
    name: 'sick-worse',
    cause: 'PreemptionByScheduler',
    exitCode: null,
    everyMs: 10 * MINUTE_MS,
    alertMs: HOUR_MS,
    happen: ({ sick }) => preemptFirst(sick.worse),
  },
  {
    // Its node has no room for it: not one of its pods ever gets an address.
    name: 'sick-rejected',
    cause: 'Evicted',
    exitCode: null,
    everyMs: 10 * MINUTE_MS,
    alertMs: HOUR_MS,
    happen: ({ state }) => void state.workloads.rejectDaemonSetPod('sick-rejected', { namespace: 'team-1' }),
  },
];
/** What is usual for the one that gets worse, since a week before: a third. */
const USUALLY_EVERY_MS = 32 * MINUTE_MS;

/** Lets them become sick, each at its time of the day. @param fromMs the beginning of the day, in milliseconds since the epoch */
export function planSick(cluster: DayCluster, fromMs: number): Sick[] {
  const { agenda, pods, sick } = cluster;
  const toMs = fromMs + 24 * HOUR_MS;
  const found = STORIES.map(({ everyMs = 24 * HOUR_MS, happen, ...story }): Sick => {
    const beginsMs = fromMs + pods.between(HOUR_MS, 15 * HOUR_MS);
    for (let atMs = beginsMs; atMs < toMs; atMs += everyMs)
      agenda.at(atMs + pods.between(0, MINUTE_MS), () => happen(cluster));
    return { ...story, beginsMs };
  });
  const worseMs = found.find(({ name }) => name === sick.worse.name)?.beginsMs ?? toMs;
  for (let atMs = fromMs - 7 * 24 * HOUR_MS; atMs < worseMs; atMs += USUALLY_EVERY_MS)
    agenda.at(atMs + pods.between(0, 8 * MINUTE_MS), () => preemptFirst(sick.worse));
  return found;
}

function preemptFirst(controller: Controller): void {
  const [uid] = controller.running;
  if (uid !== undefined) controller.disrupt(uid, 'PreemptionByScheduler');
}

function restartFirst(
  { pods }: DayCluster['pods'],
  { running: [uid] }: Controller,
  end: { reason: string; exitCode: number },
): void {
  if (uid !== undefined) pods.restart(uid, end);
}
