import { fieldsOfCreation } from './managed-fields.js';
import { apiTime, type OwnerReference, type PodObject } from './pod-object.js';

/** The pod that a controller, or a person, asks for. */
export interface PodTemplate {
  readonly name: string;
  readonly namespace?: string;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly owner?: OwnerReference;
  readonly finalizers?: readonly string[];
  readonly hostNetwork?: boolean;
  readonly restartPolicy?: 'Always' | 'Never';
  readonly hostname?: string;
  readonly subdomain?: string;
  /** The only node that the pod may run on, as for the pods of a DaemonSet. */
  readonly pinnedTo?: string;
}

export interface NewPod {
  readonly template: PodTemplate;
  readonly uid: string;
  readonly createdAt: Date;
  readonly wholeFields: boolean;
}

const CONTAINER = {
  name: 'c',
  image: 'x',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
  imagePullPolicy: 'Always',
};
const EVICTED_AFTER_SECONDS = 300;
const NODE_TROUBLES = ['not-ready', 'unreachable'];
const NODE_PRESSURES = ['disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'];

/** A pod as it is first stored: pending, without a node and without an address. */
export function newPod({ template, uid, createdAt, wholeFields }: NewPod): PodObject {
  const { name, namespace = 'default', owner, pinnedTo, hostNetwork } = template;
  const creationTimestamp = apiTime(createdAt);
  return {
    metadata: {
      name,
      generateName: template.generateName,
      namespace,
      uid,
      resourceVersion: '0', // the store writes the real one
      creationTimestamp,
      deletionTimestamp: undefined,
      deletionGracePeriodSeconds: undefined,
      labels: template.labels,
      annotations: undefined,
      ownerReferences: owner && [owner],
      finalizers: template.finalizers,
      managedFields: fieldsOfCreation(creationTimestamp, wholeFields),
    },
    spec: {
      containers: [CONTAINER],
      restartPolicy: template.restartPolicy ?? 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      nodeName: undefined,
      hostNetwork: hostNetwork ? true : undefined,
      securityContext: {},
      hostname: template.hostname,
      subdomain: template.subdomain,
      affinity: pinnedTo === undefined ? undefined : nodeAffinity(pinnedTo),
      schedulerName: 'default-scheduler',
      tolerations: tolerations(pinnedTo !== undefined),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {
      phase: 'Pending',
      conditions: undefined,
      message: undefined,
      reason: undefined,
      hostIP: undefined,
      hostIPs: undefined,
      podIP: undefined,
      podIPs: undefined,
      startTime: undefined,
      containerStatuses: undefined,
      qosClass: 'BestEffort',
    },
  };
}

function nodeAffinity(node: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] },
    },
  };
}

function tolerations(ofDaemon: boolean): object[] {
  const tolerate = (trouble: string, effect: string, seconds?: number) => ({
    key: `node.kubernetes.io/${trouble}`,
    operator: 'Exists',
    effect,
    tolerationSeconds: seconds,
  });
  if (!ofDaemon) return NODE_TROUBLES.map((name) => tolerate(name, 'NoExecute', EVICTED_AFTER_SECONDS));
  return [
    ...NODE_TROUBLES.map((name) => tolerate(name, 'NoExecute')),
    ...NODE_PRESSURES.map((name) => tolerate(name, 'NoSchedule')),
  ];
}
