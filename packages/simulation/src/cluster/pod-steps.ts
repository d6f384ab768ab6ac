import { apiTime, type PodCondition, type PodObject } from './pod-object.js';

/** The steps of a pod's life, as whole objects: each takes a pod and gives the next state of it. */

/** The scheduler has bound the pod to a node. */
export function scheduled(pod: PodObject, nodeName: string, now: Date): PodObject {
  return {
    ...pod,
    spec: { ...pod.spec, nodeName },
    status: { ...pod.status, conditions: [condition('PodScheduled', 'True', apiTime(now))] },
  };
}

/** The pod has its addresses, while its init containers still run. */
export function initialising(pod: PodObject, hostIP: string, ips: readonly string[], now: Date): PodObject {
  const conditions = [
    condition('Initialized', 'False'),
    condition('Ready', 'False'),
    condition('ContainersReady', 'False'),
    condition('PodScheduled', 'True'),
  ];
  const startTime = apiTime(now);
  return withAddresses({ ...pod, status: { ...pod.status, conditions, hostIP, startTime } }, ips);
}

/** The pod has its addresses and all containers run. */
export function running(pod: PodObject, hostIP: string, ips: readonly string[], now: Date): PodObject {
  const startedAt = apiTime(now);
  const up: PodObject = {
    ...pod,
    status: {
      ...pod.status,
      phase: 'Running',
      conditions: ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) =>
        condition(type, 'True'),
      ),
      hostIP,
      startTime: pod.status.startTime ?? startedAt,
      containerStatuses: [containerStatus({ running: { startedAt } }, true)],
    },
  };
  return withAddresses(up, ips);
}

/** Other addresses than before, for example after the node has made the pod's sandbox anew. */
export function withAddresses(pod: PodObject, ips: readonly string[]): PodObject {
  return { ...pod, status: { ...pod.status, podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) } };
}

/** All containers ended well. The status goes on showing the addresses, though others may have them now. */
export function succeeded(pod: PodObject, now: Date): PodObject {
  return {
    ...pod,
    status: {
      ...pod.status,
      phase: 'Succeeded',
      conditions: [condition('Ready', 'False', null, 'PodCompleted')],
      containerStatuses: [terminatedContainer(pod, 0, 'Completed', now)],
    },
  };
}

/** A container ended with an error; an evicted pod has a `reason` of its own. */
export function failed(pod: PodObject, reason: string | undefined, now: Date): PodObject {
  const ranBefore = pod.status.containerStatuses !== undefined;
  return {
    ...pod,
    status: {
      ...pod.status,
      phase: 'Failed',
      conditions: [condition('Ready', 'False', null, 'PodFailed')],
      reason,
      message: reason && `the pod failed: ${reason}`,
      containerStatuses: ranBefore ? [terminatedContainer(pod, 1, 'Error', now)] : undefined,
    },
  };
}

/** Somebody asked for the deletion: the pod keeps its addresses until its containers have ended. */
export function terminating(pod: PodObject, graceSeconds: number, now: Date): PodObject {
  const deadline = new Date(now.getTime() + graceSeconds * 1_000);
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      deletionTimestamp: apiTime(deadline),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
}

/** The Job controller has counted the pod and lets go of it. */
export function withoutFinalizers(pod: PodObject): PodObject {
  return { ...pod, metadata: { ...pod.metadata, finalizers: undefined } };
}

function terminatedContainer(pod: PodObject, exitCode: number, reason: string, now: Date): object {
  const terminated = { exitCode, reason, startedAt: pod.status.startTime, finishedAt: apiTime(now) };
  return containerStatus({ terminated }, false);
}

function containerStatus(state: object, up: boolean): object {
  return {
    name: 'c',
    state,
    lastState: {},
    ready: up,
    restartCount: 0,
    image: 'x',
    imageID: 'sha256:0',
    started: up,
  };
}

function condition(
  type: string,
  status: PodCondition['status'],
  lastTransitionTime: string | null = null,
  reason?: string,
): PodCondition {
  const base = { type, status, lastProbeTime: null, lastTransitionTime };
  return reason === undefined ? base : { ...base, reason };
}
