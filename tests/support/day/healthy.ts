import type { Controller } from './controller.js';
import type { DayCluster } from './day-cluster.js';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './timed-pods.js';

const DAY_MS = 24 * HOUR_MS;
/** By the minutes between their runs: together 2,000 in a day. */
const SCHEDULES = [
  { everyMinutes: 15, cronJobs: 10 },
  { everyMinutes: 30, cronJobs: 11 },
  { everyMinutes: 60, cronJobs: 20 },
  { everyMinutes: 1_440, cronJobs: 32 },
] as const;
/** Out and in again, so often for each that is scaled: 200 in all. */
const SCALED = { controllers: 25, cycles: 4 };
const ROLLOUTS = { deployments: 36, undone: 10, statefulSets: 3, daemonSets: 1 };
/** One node after the other gets a new system. */
export const DRAINS = { nodes: ['node-3', 'node-4', 'node-5', 'node-6', 'node-7'], apartMs: 14 * MINUTE_MS };
export const LOST_NODE = 'node-11';

/** What happens in a healthy cluster within a day, spread over it. @param fromMs milliseconds since the epoch */
export function planHealthyDay(cluster: DayCluster, fromMs: number): void {
  planRuns(cluster, fromMs);
  planScaling(cluster, fromMs);
  planRollouts(cluster, fromMs);
  planDrains(cluster, fromMs);
  planLoss(cluster, fromMs);
  planNoise(cluster, fromMs, fromMs + DAY_MS, 15 * MINUTE_MS);
}

function planRuns({ agenda, cronJobs, random }: DayCluster, fromMs: number): void {
  const waiting = [...cronJobs];
  for (const { everyMinutes, cronJobs: count } of SCHEDULES)
    for (const job of waiting.splice(0, count)) {
      const everyMs = everyMinutes * MINUTE_MS;
      const minute = random.integer(everyMinutes) * MINUTE_MS;
      for (let atMs = fromMs + minute; atMs < fromMs + DAY_MS; atMs += everyMs)
        agenda.at(atMs, () => {
          if (random.next() < 0.015) job.failNext();
          job.run();
        });
    }
}

function planScaling(cluster: DayCluster, fromMs: number): void {
  const { agenda, deployments, pods } = cluster;
  for (const [index, one] of deployments.slice(0, SCALED.controllers).entries()) {
    const usual = one.replicas;
    let atMs = fromMs + pods.between(0, 3 * HOUR_MS);
    for (let cycle = 0; cycle < SCALED.cycles; cycle += 1) {
      // Some are stopped for a moment, most get more pods for a while.
      const replicas = index < 2 ? 0 : usual + 1 + cluster.random.integer(5);
      agenda.at(atMs, () => one.scale(replicas));
      atMs += pods.between(index < 2 ? MINUTE_MS : 5 * MINUTE_MS, 40 * MINUTE_MS);
      agenda.at(atMs, () => one.scale(usual));
      // An autoscaler that changes its mind: out again soon after it was in.
      atMs += cycle % 2 === 0 ? pods.between(MINUTE_MS, 9 * MINUTE_MS) : pods.between(HOUR_MS, 4 * HOUR_MS);
    }
  }
}

function planRollouts(
  { agenda, daemonSets, deployments, pods, statefulSets }: DayCluster,
  fromMs: number,
): void {
  const anyTime = () => fromMs + pods.between(0, DAY_MS - HOUR_MS);
  const { controllers } = SCALED;
  const rolled = deployments.slice(controllers, controllers + ROLLOUTS.deployments);
  for (const [index, one] of rolled.entries())
    agenda.at(anyTime(), () => {
      const before = one.rollOut();
      // The new version is no good: back to the one before.
      if (index < ROLLOUTS.undone)
        agenda.after(pods.between(2 * MINUTE_MS, 15 * MINUTE_MS), () => one.rollOut(before));
    });
  for (const one of deployments.slice(-10)) agenda.at(anyTime(), () => one.rollOut());
  for (const one of [
    ...statefulSets.slice(0, ROLLOUTS.statefulSets),
    ...daemonSets.slice(0, ROLLOUTS.daemonSets),
  ])
    agenda.at(anyTime(), () => one.rollOut());
}

function planDrains(cluster: DayCluster, fromMs: number): void {
  const beginMs = fromMs + cluster.pods.between(HOUR_MS, 20 * HOUR_MS);
  for (const [index, node] of DRAINS.nodes.entries())
    cluster.agenda.at(beginMs + index * DRAINS.apartMs, () => drain(cluster, node));
}

/** Evicts the pods of a node but for those of DaemonSets, some of them only when others have been replaced; then restarts it. */
function drain(cluster: DayCluster, node: string): void {
  const { agenda, pods } = cluster;
  pods.cordoned.add(node);
  const delays = new Map<Controller | undefined, number>();
  for (const { metadata } of pods.on(node)) {
    const controller = cluster.controllerOf(metadata.uid);
    if (controller?.kind === 'DaemonSet') continue;
    const afterMs = delays.get(controller) ?? pods.between(0, 5 * SECOND_MS);
    delays.set(controller, afterMs + pods.between(20 * SECOND_MS, MINUTE_MS));
    agenda.after(afterMs, () => {
      if (controller) controller.disrupt(metadata.uid, 'EvictionByEvictionAPI');
      else pods.disrupt(metadata.uid, 'EvictionByEvictionAPI');
    });
  }
  agenda.after(pods.between(5 * MINUTE_MS, 8 * MINUTE_MS), () => {
    for (const { metadata } of pods.on(node))
      if (pods.isActive(metadata.uid)) pods.pods.restart(metadata.uid, { reason: 'Unknown', exitCode: 255 });
    pods.cordoned.delete(node);
  });
}

/** A machine breaks: its pods are to be deleted after five minutes, and are gone when it is given up. Another one comes. */
function planLoss(cluster: DayCluster, fromMs: number): void {
  const { agenda, daemonSets, pods, sick } = cluster;
  const ofNode = () => pods.on(LOST_NODE).map(({ metadata }) => metadata.uid);
  agenda.at(fromMs + pods.between(HOUR_MS, 20 * HOUR_MS), () => {
    pods.lost.add(LOST_NODE);
    agenda.after(5.7 * MINUTE_MS, () => {
      for (const uid of ofNode()) {
        const controller = cluster.controllerOf(uid);
        if (controller?.kind !== 'DaemonSet') controller?.disrupt(uid, 'DeletionByTaintManager');
      }
    });
    agenda.after(pods.between(15 * MINUTE_MS, 40 * MINUTE_MS), () => {
      for (const uid of ofNode()) {
        const controller = cluster.controllerOf(uid);
        if (controller) controller.collect(uid);
        else pods.collect(uid);
      }
      agenda.after(10 * MINUTE_MS, () => {
        pods.lost.delete(LOST_NODE);
        for (const one of [...daemonSets, sick.evicted]) one.start();
      });
    });
  });
}

/** What goes wrong now and then: each time once, of one workload or another. */
export function planNoise(cluster: DayCluster, fromMs: number, toMs: number, everyMs: number): void {
  const { agenda, pods, random } = cluster;
  for (let atMs = fromMs; atMs < toMs; atMs += pods.between(0, 2 * everyMs))
    agenda.at(atMs, () => {
      const controller = random.pick([...cluster.deployments, ...cluster.statefulSets]);
      const [uid] = controller.running;
      if (uid === undefined) return;
      const what = random.next();
      if (what < 0.1) controller.delete(uid);
      else if (what < 0.15) controller.disrupt(uid, 'PreemptionByScheduler');
      else if (what < 0.2) controller.evict(uid);
      else pods.pods.restart(uid, random.pick(ENDS));
      // One whose database is not there yet tries again.
      if (what > 0.9) agenda.after(20 * SECOND_MS, () => pods.isActive(uid) && pods.pods.restart(uid));
    });
}

const ENDS = [
  { reason: 'Error', exitCode: 1 },
  { reason: 'OOMKilled', exitCode: 137 },
  { reason: 'Error', exitCode: 137 },
  { reason: 'Completed', exitCode: 0 },
] as const;
