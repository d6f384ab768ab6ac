/** Which workload it is: the names are unique only together. */
export interface WorkloadName {
  readonly cluster: string;
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

/** A pod from the time it got an address to the time it held none any more. Times in milliseconds since the epoch. */
export interface PodLife {
  readonly workload: WorkloadName;
  readonly podUid: string;
  readonly pod: string;
  /** The address that it got first; empty: it failed before it had one, and did not live at all. */
  readonly ip: string;
  readonly node: string;
  /** Changes with the pod template; empty where pods carry none. */
  readonly revision: string;
  readonly startedAtMs: number;
  /** Undefined while it runs. */
  readonly end: PodEnd | undefined;
}

export interface PodEnd {
  readonly atMs: number;
  /** In Kubernetes' words: Evicted, OOMKilled, Deleted, Completed, EvictionByEvictionAPI, ... Empty when it is not known. */
  readonly cause: string;
  readonly exitCode: number | undefined;
}

/** That a container was started again, as far as it is known. */
export interface Restart {
  readonly workload: WorkloadName;
  readonly podUid: string;
  readonly pod: string;
  readonly node: string;
  readonly container: string;
  /** How often it had been started again, before and after. More than one apart: times of the others are not known. */
  readonly countBefore: number;
  readonly count: number;
  /** When it ended before it was started again, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly cause: string;
  readonly exitCode: number | undefined;
}

/** Kinds whose pods end by themselves: their pods are not replaced when they succeed. */
const RUNS = ['Job', 'CronJob'];
/** What happens to pods because of their node, or to make room. */
const DISRUPTIONS = [
  'EvictionByEvictionAPI',
  'PreemptionByScheduler',
  'DeletionByTaintManager',
  'DeletionByPodGC',
  'TerminationByKubelet',
  'Evicted',
  'NodeLost',
  'Terminated',
  'Shutdown',
  'NodeShutdown',
  'Preempting',
  // By whom, nothing says.
  'Disrupted',
];

export const isRun = ({ kind }: WorkloadName): boolean => RUNS.includes(kind);
export const isDisruption = (cause: string): boolean => DISRUPTIONS.includes(cause);

/** A text for each workload and no other: names hold no slash. */
export const keyOf = ({ cluster, namespace, kind, name }: WorkloadName): string =>
  [cluster, namespace, kind, name].join('/');

/** Whether a pod failed by itself: it was neither deleted nor disrupted, and did not complete. */
export const isFailure = (cause: string): boolean =>
  !['', 'Completed', 'Deleted'].includes(cause) && !isDisruption(cause);

/**
 * Whether a pod that never had an address is a failure of its workload: also when its node has no room for it, but not when
 * that shuts down or is gone.
 */
export const isRejection = (cause: string): boolean => isFailure(cause) || cause === 'Evicted';

/** Whether a container is found ended by a kubelet that was not there when it ended: its node was started again. */
export const isOfReboot = ({ cause, exitCode }: Restart): boolean => cause === 'Unknown' && exitCode === 255;
