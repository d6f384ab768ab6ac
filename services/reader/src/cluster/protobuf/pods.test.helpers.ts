import fc from 'fast-check';
import { NETWORK_STATUS, POD_NETWORKS } from '../secondary-networks.js';

/** Pods as the JSON of an API server has them: every field that the projection needs, there or not, and others beside. */

const WORD = fc.oneof(
  fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => text.isWellFormed()),
  fc.constantFrom('web-7d9c5', 'kubelet', 'default', 'ein-Gerät', 'x'.repeat(300)),
);
const TIME = fc
  .integer({ min: 1, max: 4_000_000_000 })
  .map((seconds) => new Date(seconds * 1_000).toISOString().replace('.000', ''));
const IP = fc.constantFrom(
  '10.0.0.1',
  '10.64.3.200',
  'fd00::12',
  '2001:DB8::1',
  'no address',
  'fe80::1%eth0',
);
const INT32 = fc.oneof(fc.integer(), fc.constantFrom(0, 1, 137, -1));
const INT64 = fc.oneof(INT32, fc.maxSafeInteger());

/** An object with some of these fields; what is undefined is left out. */
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T) =>
  fc.record(fields, { requiredKeys: [] });
const many = <T>(of: fc.Arbitrary<T>, maxLength = 3) => fc.array(of, { maxLength });

const ENDED = some({ exitCode: INT32, reason: WORD, message: WORD, startedAt: TIME, finishedAt: TIME });
const STATE = fc.oneof(
  fc.record({ running: some({ startedAt: TIME }) }),
  fc.record({ terminated: ENDED }),
  fc.record({ waiting: some({ reason: WORD }) }),
  fc.constant({}),
);
const CONTAINER_STATUS = fc.record(
  {
    name: WORD,
    state: STATE,
    lastState: STATE,
    restartCount: fc.nat(),
    ready: fc.boolean(),
    image: WORD,
    started: fc.boolean(),
    allocatedResources: fc.constant({ cpu: '10m' }),
  },
  { requiredKeys: ['name', 'state', 'lastState', 'restartCount'] },
);
const CONDITION = fc.record(
  {
    type: fc.constantFrom(
      'Ready',
      'PodScheduled',
      'PodReadyToStartContainers',
      'DisruptionTarget',
      'Initialized',
    ),
    status: fc.constantFrom('True', 'False', 'Unknown'),
    lastTransitionTime: fc.option(TIME),
    reason: fc.constantFrom('TerminationByKubelet', 'EvictionByEvictionAPI'),
    message: WORD,
    observedGeneration: INT64,
  },
  { requiredKeys: ['type', 'status', 'lastTransitionTime'] },
);
const FIELDS_V1 = fc.constantFrom(
  {},
  { 'f:metadata': { 'f:labels': {} } },
  { 'f:status': { 'f:startTime': {} } },
  {
    'f:status': {
      'f:conditions': { 'k:{"type":"PodScheduled"}': { '.': {}, 'f:lastTransitionTime': {} } },
      'f:startTime': {},
    },
  },
);
const MANAGED = fc.record(
  {
    manager: fc.constantFrom('kubelet', 'virtual-kubelet', 'kube-controller-manager'),
    operation: fc.constant('Update'),
    time: TIME,
    fieldsType: fc.constant('FieldsV1'),
    fieldsV1: FIELDS_V1,
    subresource: fc.constant('status'),
  },
  { requiredKeys: ['manager'] },
);
const OWNER = fc.record(
  {
    apiVersion: WORD,
    kind: fc.constantFrom('ReplicaSet', 'Job', 'StatefulSet', 'Node'),
    name: fc.constantFrom('web-7d9c5', 'report-28000000', 'db'),
    uid: WORD,
    controller: fc.boolean(),
  },
  { requiredKeys: ['kind', 'name'] },
);
const LABELS = some({
  app: WORD,
  'pod-template-hash': fc.constantFrom('7d9c5', ''),
  'rollouts-pod-template-hash': WORD,
  'controller-revision-hash': WORD,
});
const ANNOTATIONS = some({
  note: WORD,
  [NETWORK_STATUS]: fc.constantFrom(
    '',
    'broken',
    '[{"name":"shop/blue","interface":"net1","ips":["10.9.0.5"]}]',
  ),
  [POD_NETWORKS]: fc.constantFrom('', '{"shop/red":{"ip_addresses":["10.100.0.5/24"]}}'),
});

export const POD = fc.record({
  metadata: fc.record(
    {
      name: WORD,
      uid: WORD,
      namespace: WORD,
      resourceVersion: fc.nat().map(String),
      generation: INT64,
      creationTimestamp: fc.option(TIME),
      deletionTimestamp: TIME,
      deletionGracePeriodSeconds: INT64,
      labels: LABELS,
      annotations: ANNOTATIONS,
      ownerReferences: many(OWNER),
      finalizers: many(WORD),
      managedFields: many(MANAGED),
    },
    { requiredKeys: ['name', 'uid', 'creationTimestamp'] },
  ),
  spec: some({
    containers: many(some({ name: WORD, image: WORD, command: many(WORD) })),
    initContainers: many(some({ name: WORD, restartPolicy: fc.constant('Always') })),
    restartPolicy: fc.constantFrom('Always', 'Never', 'OnFailure'),
    terminationGracePeriodSeconds: INT64,
    serviceAccountName: WORD,
    nodeName: WORD,
    hostNetwork: fc.boolean(),
    priority: INT32,
  }),
  status: some({
    phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed'),
    conditions: many(CONDITION, 5),
    reason: fc.constantFrom('Evicted', 'NodeLost'),
    message: WORD,
    hostIP: IP,
    podIP: IP,
    podIPs: many(fc.record({ ip: IP })),
    startTime: TIME,
    initContainerStatuses: many(CONTAINER_STATUS),
    containerStatuses: many(CONTAINER_STATUS),
    qosClass: WORD,
  }),
});
