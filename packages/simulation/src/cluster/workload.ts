import type { OwnerReference } from './pod-object.js';
import type { PodTemplate } from './pod-template.js';
import type { Random } from './random.js';

export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'Bare'] as const;
/** `Bare` stands for pods without an owner. */
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** Something that makes pods. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly hostNetwork: boolean;
  /** UID of the pods' owner: of the ReplicaSet for a Deployment. */
  readonly ownerUid: string;
  /** The hash of the pod template, as it stands in names and labels. */
  readonly hash: string;
}

export interface WorkloadOptions {
  readonly namespace?: string;
  readonly hostNetwork?: boolean;
}

const HASH_LENGTH = 9;
const SUFFIX_LENGTH = 5;

export function createWorkload(
  kind: WorkloadKind,
  name: string,
  random: Random,
  { namespace = 'default', hostNetwork = false }: WorkloadOptions = {},
): Workload {
  return {
    kind,
    namespace,
    name,
    hostNetwork,
    ownerUid: random.uuid(),
    hash: random.nameSuffix(HASH_LENGTH),
  };
}

/** Which of a workload's pods: the ordinal in a StatefulSet, the node of a DaemonSet's pod; of no use to others. */
export interface PodPlace {
  readonly ordinal: number;
  readonly node: string;
}

/** The template of a workload's next pod. Names are generated, except in a StatefulSet. */
export function podTemplate(workload: Workload, place: PodPlace, random: Random): PodTemplate {
  const { kind, namespace, name, hostNetwork, hash, ownerUid } = workload;
  const app = { app: name };
  const generated = (generateName: string) => ({
    namespace,
    hostNetwork,
    generateName,
    name: generateName + random.nameSuffix(SUFFIX_LENGTH),
  });
  switch (kind) {
    case 'Deployment':
      return {
        ...generated(`${name}-${hash}-`),
        labels: { ...app, 'pod-template-hash': hash },
        owner: owner('apps/v1', 'ReplicaSet', `${name}-${hash}`, ownerUid),
      };
    case 'StatefulSet':
      return statefulSetPod(workload, place.ordinal);
    case 'DaemonSet':
      return {
        ...generated(`${name}-`),
        labels: { ...app, 'controller-revision-hash': hash, 'pod-template-generation': '1' },
        owner: owner('apps/v1', kind, name, ownerUid),
        pinnedTo: place.node,
      };
    case 'Job':
      return {
        ...generated(`${name}-`),
        labels: { ...app, 'controller-uid': ownerUid, 'job-name': name },
        owner: owner('batch/v1', kind, name, ownerUid),
        finalizers: ['batch.kubernetes.io/job-tracking'],
        restartPolicy: 'Never',
      };
    case 'Bare':
      return { namespace, hostNetwork, name: `${name}-${random.nameSuffix(SUFFIX_LENGTH)}` };
  }
}

function statefulSetPod(workload: Workload, ordinal: number): PodTemplate {
  const { kind, namespace, name, hostNetwork, hash, ownerUid } = workload;
  const podName = `${name}-${ordinal}`;
  return {
    namespace,
    hostNetwork,
    generateName: `${name}-`,
    name: podName,
    labels: {
      app: name,
      'controller-revision-hash': `${name}-${hash}`,
      'statefulset.kubernetes.io/pod-name': podName,
    },
    owner: owner('apps/v1', kind, name, ownerUid),
    hostname: podName,
    subdomain: name,
  };
}

function owner(apiVersion: string, kind: string, name: string, uid: string): OwnerReference {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}
