import {
  containerIdOf,
  containerStatus,
  type KubeletReport,
  nodeTime,
  reported,
  terminatedContainer,
  type Wanted,
  withConditions,
  withStatus,
} from './kubelet-report.js';
import {
  apiTime,
  type ContainerStatus,
  type PodCondition,
  type PodObject,
  type PodStatus,
} from './pod-object.js';

/** The steps of a pod's life, as whole objects: each takes a pod and gives the next state of it. */

export interface Addresses {
  readonly hostIps: readonly [string, ...string[]];
  readonly ips: readonly string[];
}

const SIGTERM_EXIT_CODE = 143;
const SIGKILL_EXIT_CODE = 137;

/** The scheduler has bound the pod to a node. */
export function scheduled(pod: PodObject, nodeName: string, now: Date): PodObject {
  const conditions = withConditions(pod, [['PodScheduled', 'True']], apiTime(now));
  return { ...pod, spec: { ...pod.spec, nodeName }, status: { ...pod.status, conditions } };
}

/** The pod has its addresses, while its init containers still run. */
export function initialising(pod: PodObject, { hostIps, ips }: Addresses, report: KubeletReport): PodObject {
  const up = reported(pod, report, [
    ['PodReadyToStartContainers', 'True'],
    ['Initialized', 'False', 'ContainersNotInitialized'],
    ['Ready', 'False', 'ContainersNotReady'],
    ['ContainersReady', 'False', 'ContainersNotReady'],
  ]);
  return withStatus(up, { ...hostAddresses(hostIps), ...podAddresses(ips) });
}

/** The pod has its addresses and all containers run. */
export function running(pod: PodObject, { hostIps, ips }: Addresses, report: KubeletReport): PodObject {
  const up = reported(pod, report, [
    ['PodReadyToStartContainers', 'True'],
    ['Initialized', 'True'],
    ['Ready', 'True'],
    ['ContainersReady', 'True'],
  ]);
  const startedAt = nodeTime(report.happenedMs, report);
  return withStatus(up, {
    phase: 'Running',
    ...hostAddresses(hostIps),
    ...podAddresses(ips),
    containerStatuses: [containerStatus(pod, { running: { startedAt } }, true)],
  });
}

/** How a container ended. */
export interface ContainerEnd {
  readonly reason: string;
  readonly exitCode: number;
}

/** The end of the containers of a sandbox that is made again. */
export const KILLED: ContainerEnd = { reason: 'Error', exitCode: SIGKILL_EXIT_CODE };

/** Other addresses than before: the node has made a new sandbox for the pod, and its containers in it. */
export function withAddresses(pod: PodObject, ips: readonly string[], report: KubeletReport): PodObject {
  const up = reported(pod, report, []);
  const changedAt = nodeTime(report.writtenAt.getTime(), report);
  const conditions = up.status.conditions?.map((condition) =>
    condition.type === 'PodReadyToStartContainers'
      ? { ...condition, lastTransitionTime: changedAt }
      : condition,
  );
  const containerStatuses = pod.status.containerStatuses && [startedAgain(pod, KILLED, report)];
  return withStatus(up, { ...podAddresses(ips), conditions, containerStatuses });
}

/** The container ended, and the kubelet has started it again in the same sandbox. */
export function restarted(pod: PodObject, end: ContainerEnd, report: KubeletReport): PodObject {
  return withStatus(reported(pod, report, []), { containerStatuses: [startedAgain(pod, end, report)] });
}

function startedAgain(
  pod: PodObject,
  { reason, exitCode }: ContainerEnd,
  report: KubeletReport,
): ContainerStatus {
  const time = nodeTime(report.happenedMs, report);
  const startedAt = pod.status.containerStatuses?.[0]?.state.running?.startedAt ?? pod.status.startTime;
  const terminated = { exitCode, reason, startedAt, finishedAt: time, containerID: containerIdOf(pod) };
  const status = containerStatus(pod, { running: { startedAt: time } }, true, 1);
  return { ...status, lastState: { terminated } };
}

/** The API server notes that the pod is ended for the sake of something else: the last reason stands. */
export function disrupted(pod: PodObject, reason: string, now: Date): PodObject {
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: apiTime(now),
    reason,
  };
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== condition.type);
  return withStatus(pod, { conditions: [...others, condition] });
}

/** All containers ended well. The status still shows the addresses, though others may have them now. */
export function succeeded(pod: PodObject, report: KubeletReport): PodObject {
  const down = reported(pod, report, ended('PodCompleted'));
  return withStatus(down, {
    phase: 'Succeeded',
    containerStatuses: [terminatedContainer(pod, 0, 'Completed', report)],
  });
}

/** A container ended with an error, or was killed. The sandbox is gone. */
export function failed(pod: PodObject, report: KubeletReport): PodObject {
  const exitCode = pod.metadata.deletionTimestamp === undefined ? 1 : SIGTERM_EXIT_CODE;
  const down = reported(pod, report, ended('PodFailed'));
  return withStatus(down, {
    phase: 'Failed',
    containerStatuses: pod.status.containerStatuses && [terminatedContainer(pod, exitCode, 'Error', report)],
  });
}

/** The kubelet ends the pod, and says so before it does: the sandbox is still there. */
export function evicted(pod: PodObject, reason: string, report: KubeletReport): PodObject {
  const wanted: Wanted[] = [
    ['Ready', 'False', 'PodFailed'],
    ['ContainersReady', 'False', 'PodFailed'],
  ];
  if (pod.status.podIP !== undefined) wanted.unshift(['DisruptionTarget', 'True', 'TerminationByKubelet']);
  const down = reported(pod, report, pod.status.conditions?.length === 1 ? [] : wanted);
  return withStatus(down, {
    phase: 'Failed',
    reason,
    message: `the pod failed: ${reason}`,
    containerStatuses: pod.status.containerStatuses && [
      terminatedContainer(pod, SIGKILL_EXIT_CODE, 'Error', report),
    ],
  });
}

/** The deletion was asked for: the pod keeps its addresses until its containers have ended. */
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

function ended(reason: string): Wanted[] {
  return [
    ['PodReadyToStartContainers', 'False'],
    ['Ready', 'False', reason],
    ['ContainersReady', 'False', reason],
  ];
}

function hostAddresses(hostIps: Addresses['hostIps']): Partial<PodStatus> {
  return { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) };
}

function podAddresses(ips: readonly string[]): Partial<PodStatus> {
  return { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) };
}
