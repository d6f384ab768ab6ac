import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { encodeEvent, encodeMessage, encodeObject, encodePod, encodePodList } from '@podips/simulation';

/**
 * An API server with so many pods that it makes them as they are asked for, as a process of its own. It knows pages, and
 * watches in which nothing happens. Usage: node pod-server.js PODS; then its commands come from the standard input.
 */
const count = Number(process.argv[2]);
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const BOOKMARK_MS = 1_000;
const NODES = 5_000;
const NAMESPACES = 200;
const REPLICAS = 20;
/** Together some 8 kB, of which the reader needs 700 bytes. */
const ENVIRONMENT = 60;
const WRITTEN_FIELDS = 40;

let version = 1_000;
/** Versions before this one are forgotten. */
let oldest = 0;
const watches = new Set<ServerResponse>();

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
const addressOf = (n: number) => `10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

function podOf(n: number): Buffer {
  const set = Math.floor(n / REPLICAS);
  const startedAt = Date.parse(HOUR) - (n % 86_400) * 1_000;
  const time = new Date(startedAt).toISOString();
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
      name: `service-${set}-${hash}-${hex(n, 5)}`,
      generateName: `service-${set}-${hash}-`,
      namespace: `team-${set % NAMESPACES}`,
      uid: `${hex(n, 8)}-5eac-4f11-be8e-${hex(n * 7919, 12)}`,
      resourceVersion: String(1 + (n % 999)),
      creationTimestamp: time,
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
      podIP: addressOf(n),
      podIPs: [{ ip: addressOf(n) }],
      startTime: time,
      containerStatuses: [status('app'), status('sidecar')],
      qosClass: 'BestEffort',
    },
  };
  return Buffer.concat([encodeMessage('Pod', own), COMMON]);
}

function page(from: number, limit: number): Buffer {
  const to = Math.min(count, from + (limit || count));
  const pods = Array.from({ length: to - from }, (_, index) => podOf(from + index));
  const metadata = { resourceVersion: String(version), ...(to < count && { continue: String(to) }) };
  return encodePodList(metadata, pods);
}

const expired = () =>
  encodeObject({
    kind: 'Status',
    apiVersion: 'v1',
    message: 'too old resource version',
    reason: 'Expired',
    code: 410,
  });

function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  if (pathname !== '/api/v1/pods') {
    response.writeHead(404).end();
    return;
  }
  if (searchParams.get('watch') === 'true') {
    watch(Number(searchParams.get('resourceVersion')), response);
    return;
  }
  const body = page(Number(searchParams.get('continue') ?? 0), Number(searchParams.get('limit') ?? 0));
  response.writeHead(200, { 'content-type': PROTOBUF, 'content-length': body.length }).end(body);
}

function watch(from: number, response: ServerResponse): void {
  if (from < oldest) {
    response.writeHead(410, { 'content-type': PROTOBUF }).end(expired());
    return;
  }
  response.writeHead(200, { 'content-type': `${PROTOBUF};stream=watch` });
  response.flushHeaders();
  watches.add(response);
  response.on('close', () => watches.delete(response));
}

setInterval(() => {
  const metadata = { resourceVersion: String(version) };
  const frame = encodeEvent('BOOKMARK', encodePod(encodeMessage('Pod', { metadata })));
  for (const each of watches) each.write(frame);
}, BOOKMARK_MS);

const server = createServer(answer).listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address) process.send?.({ port: address.port });
});
/** `expire`: everything is forgotten, and the watches end. */
process.on('message', (command) => {
  if (command !== 'expire') return;
  version += 1_000;
  oldest = version;
  for (const each of watches) each.end(encodeEvent('ERROR', expired()));
});
process.on('disconnect', () => process.exit());
