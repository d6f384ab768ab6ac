import { fieldsAfterReport } from './managed-fields.js';
import {
  apiTime,
  type ContainerStatus,
  type PodCondition,
  type PodObject,
  type PodStatus,
} from './pod-object.js';

/** One write of a kubelet to the status: the API server's clock says when, the node's when all that it reports happened. */
export interface KubeletReport {
  readonly writtenAt: Date;
  readonly nodeAheadMs: number;
  readonly acceptedMs: number;
  /** When it happened what this reports, in milliseconds since the epoch. */
  readonly happenedMs: number;
  readonly wholeFields: boolean;
}

/** A condition as the kubelet wants it. */
export type Wanted = readonly [type: string, status: PodCondition['status'], reason?: string];

/** The common part of every report of a kubelet: the conditions, the acceptance, and the API server's record of the write. */
export function reported(pod: PodObject, report: KubeletReport, wanted: readonly Wanted[]): PodObject {
  const { metadata } = pod;
  const conditions = withConditions(pod, wanted, nodeTime(report.writtenAt.getTime(), report));
  const managedFields = fieldsAfterReport(
    metadata.managedFields,
    apiTime(report.writtenAt),
    report.wholeFields,
  );
  const startTime = pod.status.startTime ?? nodeTime(report.acceptedMs, report);
  return {
    ...pod,
    metadata: { ...metadata, managedFields },
    status: { ...pod.status, conditions, startTime },
  };
}

/** The pod with some fields of its status replaced. */
export function withStatus(pod: PodObject, status: Partial<PodStatus>): PodObject {
  return { ...pod, status: { ...pod.status, ...status } };
}

/** A time as the node's clock has it. */
export function nodeTime(ms: number, { nodeAheadMs }: KubeletReport): string {
  return apiTime(new Date(ms + nodeAheadMs));
}

/** Conditions that stay as they are keep their time. Those of before come last, as PodScheduled does. */
export function withConditions(
  pod: PodObject,
  wanted: readonly Wanted[],
  time: string,
): readonly PodCondition[] {
  const before = pod.status.conditions ?? [];
  const changed = wanted.map(([type, status, reason]): PodCondition => {
    const same = before.find((condition) => condition.type === type && condition.status === status);
    const lastTransitionTime = same?.lastTransitionTime ?? time;
    const condition = { type, status, lastProbeTime: null, lastTransitionTime };
    return reason === undefined ? condition : { ...condition, reason };
  });
  const update = (condition: PodCondition) =>
    changed.find(({ type }) => type === condition.type) ?? condition;
  const added = changed.filter(({ type }) => !before.some((condition) => condition.type === type));
  return [...added, ...before.map(update)];
}

/** The container, which has ended. */
export function terminatedContainer(
  pod: PodObject,
  exitCode: number,
  reason: string,
  report: KubeletReport,
): ContainerStatus {
  const startedAt = pod.status.containerStatuses?.[0]?.state.running?.startedAt ?? pod.status.startTime;
  const containerID = containerIdOf(pod);
  const finishedAt = nodeTime(report.happenedMs, report);
  return containerStatus(
    pod,
    { terminated: { exitCode, reason, startedAt, finishedAt, containerID } },
    false,
  );
}

/** The container in a state, started again so many times more. */
export function containerStatus(
  pod: PodObject,
  state: ContainerStatus['state'],
  up: boolean,
  restarts = 0,
): ContainerStatus {
  return {
    name: 'c',
    state,
    lastState: pod.status.containerStatuses?.[0]?.lastState ?? {},
    ready: up,
    restartCount: (pod.status.containerStatuses?.[0]?.restartCount ?? 0) + restarts,
    image: 'x',
    imageID: 'sha256:0',
    containerID: containerIdOf(pod),
    started: up,
  };
}

/** The ID of its only container. */
export function containerIdOf({ metadata }: PodObject): string {
  return `containerd://${metadata.uid.slice(0, 8)}`;
}
