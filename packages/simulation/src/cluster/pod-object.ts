import type { ManagedField } from './managed-fields.js';

/**
 * A pod as the API shows it, without `kind` and `apiVersion`, which only watch events carry. Fields stand in the order
 * in which the real server writes them; one that is undefined is not written.
 */
export interface PodObject {
  readonly metadata: PodMetadata;
  readonly spec: PodSpec;
  readonly status: PodStatus;
}

export interface PodMetadata {
  readonly name: string;
  readonly generateName: string | undefined;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  readonly deletionTimestamp: string | undefined;
  readonly deletionGracePeriodSeconds: number | undefined;
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
  readonly ownerReferences: readonly OwnerReference[] | undefined;
  readonly finalizers: readonly string[] | undefined;
  readonly managedFields: readonly ManagedField[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: true;
  readonly blockOwnerDeletion: true;
}

export interface PodSpec {
  readonly containers: readonly unknown[];
  readonly restartPolicy: 'Always' | 'Never';
  readonly terminationGracePeriodSeconds: number;
  readonly dnsPolicy: string;
  readonly nodeName: string | undefined;
  readonly hostNetwork: true | undefined;
  readonly securityContext: object;
  readonly hostname: string | undefined;
  readonly subdomain: string | undefined;
  readonly affinity: object | undefined;
  readonly schedulerName: string;
  readonly tolerations: readonly unknown[];
  readonly priority: number;
  readonly enableServiceLinks: boolean;
  readonly preemptionPolicy: string;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

export interface PodStatus {
  readonly phase: PodPhase;
  readonly conditions: readonly PodCondition[] | undefined;
  readonly message: string | undefined;
  readonly reason: string | undefined;
  readonly hostIP: string | undefined;
  readonly hostIPs: ReadonlyArray<{ readonly ip: string }> | undefined;
  readonly podIP: string | undefined;
  readonly podIPs: ReadonlyArray<{ readonly ip: string }> | undefined;
  readonly startTime: string | undefined;
  readonly containerStatuses: readonly ContainerStatus[] | undefined;
  readonly qosClass: string;
}

export interface ContainerStatus {
  readonly name: string;
  readonly state: {
    readonly running?: { readonly startedAt: string };
    readonly terminated?: object;
  };
  readonly lastState: object;
  readonly ready: boolean;
  readonly restartCount: number;
  readonly image: string;
  readonly imageID: string;
  readonly containerID: string;
  readonly started: boolean;
}

export interface PodCondition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly lastProbeTime: null;
  readonly lastTransitionTime: string;
  readonly reason?: string;
}

/** A finished pod holds no address, though its status may still show one. */
export function isFinished(pod: PodObject): boolean {
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
}

/** As the API writes times: RFC 3339, whole seconds. */
export function apiTime(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

export function keyOf({ metadata }: PodObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}
