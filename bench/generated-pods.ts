import { encodeMessage } from '@podips/simulation';

const NODES = 5_000;
const NAMESPACES = 200;
const REPLICAS = 20;
/** Together some 8 kB, of which the reader needs 700 bytes. */
const ENVIRONMENT = 60;
const WRITTEN_FIELDS = 40;

const PAUSE = 'registry.k8s.io/pause:3.10';
const SPEC = {
  containers: [
    {
      name: 'app',
      image: 'registry.example.com/team/service:2026.11.26-5cc9b6f',
      env: Array.from({ length: ENVIRONMENT }, (_, n) => ({
        name: `SETTING_${n}`,
        value: `https://service-${n}.example.com/a/path/that/takes/some/space`,
      })),
      volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
    },
    { name: 'sidecar', image: PAUSE },
  ],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  serviceAccountName: 'service',
  schedulerName: 'default-scheduler',
};
const written = (part: string) => ({
  [`f:${part}`]: Object.fromEntries(
    Array.from({ length: WRITTEN_FIELDS }, (_, n) => [`f:${part}Field${n}`, {}]),
  ),
});
const HOUR = new Date(Date.now() - 3_600_000).toISOString();
const MANAGED = [
  {
    manager: 'kube-controller-manager',
    operation: 'Update',
    apiVersion: 'v1',
    time: HOUR,
    fieldsV1: written('spec'),
  },
  {
    manager: 'kubelet',
    operation: 'Update',
    apiVersion: 'v1',
    time: HOUR,
    fieldsV1: written('status'),
    subresource: 'status',
  },
];
/** The parts of a pod that are the same for all: encoded once. Messages that come in two parts are one. */
const COMMON = encodeMessage('Pod', { metadata: { managedFields: MANAGED }, spec: SPEC });

const hex = (n: number, length: number) => n.toString(16).padStart(length, '0');
const addressOf = (n: number) => `10.${64 + ((n >> 16) & 63)}.${(n >> 8) & 255}.${n & 255}`;

/** A pod, and those that took its place, one after the other. */
export interface PodVersion {
  readonly n: number;
  readonly generation: number;
  readonly resourceVersion: number;
  /** Undefined: it has been running for long. */
  readonly startedAt?: Date | undefined;
  readonly deletedAt?: Date | undefined;
  /** The number of its address; undefined: one that no other pod ever has. */
  readonly address?: number | undefined;
}

export const uidOf = (n: number, generation: number) =>
  `${hex(n, 8)}-5eac-4f11-b${hex(generation, 3)}-${hex(n * 7919, 12)}`;

/** @param count of all pods: each generation has other addresses */
export function encodedPod(pod: PodVersion, count: number): Buffer {
  const { n, generation, resourceVersion, deletedAt } = pod;
  const set = Math.floor(n / REPLICAS);
  const startedMs = pod.startedAt?.getTime() ?? Date.parse(HOUR) - (n % 86_400) * 1_000;
  const time = new Date(startedMs).toISOString();
  const ip = addressOf(pod.address ?? n + generation * count);
  const hash = hex((set * 2_654_435_761) >>> 8, 6);
  const running = { running: { startedAt: time } };
  const condition = (type: string) => ({ type, status: 'True', lastTransitionTime: time });
  const status = (name: string) => ({
    name,
    state: running,
    lastState: {},
    ready: true,
    restartCount: 0,
    image: PAUSE,
  });
  const own = {
    metadata: {
      name: `service-${set}-${hash}-${hex(n, 5)}${generation === 0 ? '' : hex(generation, 2)}`,
      generateName: `service-${set}-${hash}-`,
      namespace: `team-${set % NAMESPACES}`,
      uid: uidOf(n, generation),
      resourceVersion: String(resourceVersion),
      creationTimestamp: time,
      ...(deletedAt && { deletionTimestamp: deletedAt.toISOString(), deletionGracePeriodSeconds: 0 }),
      labels: { app: `service-${set}`, 'pod-template-hash': hash },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `service-${set}-${hash}`,
          uid: hash,
          controller: true,
        },
      ],
    },
    spec: { nodeName: `worker-${n % NODES}.example.com` },
    status: {
      phase: 'Running',
      conditions: [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled',
      ].map(condition),
      hostIP: `172.16.${(n % NODES) >> 8}.${n % 256}`,
      podIP: ip,
      podIPs: [{ ip }],
      startTime: time,
      containerStatuses: [status('app'), status('sidecar')],
      qosClass: 'BestEffort',
    },
  };
  return Buffer.concat([encodeMessage('Pod', own), COMMON]);
}
