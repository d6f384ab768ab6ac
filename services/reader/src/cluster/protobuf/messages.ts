import { NETWORK_STATUS, POD_NETWORKS } from '../secondary-networks.js';
import {
  bool,
  bytes,
  entries,
  fieldsOf,
  integer,
  manyBytes,
  message,
  messages,
  text,
  texts,
  time,
} from './field-types.js';

/*
 * The fields that the reader's projection needs (see pod.ts), with their numbers in the generated.proto files that
 * Kubernetes publishes: https://github.com/kubernetes/api/blob/master/core/v1/generated.proto and, of apimachinery,
 * pkg/apis/meta/v1/generated.proto and pkg/runtime/generated.proto. A number is never given to another field.
 */

/** `runtime.TypeMeta` */
const TYPE_META = fieldsOf({ 1: text('apiVersion'), 2: text('kind') });

/** `runtime.Unknown`: the envelope of every object. */
export const UNKNOWN = fieldsOf({
  1: message('typeMeta', TYPE_META),
  2: bytes('raw'),
  3: text('contentEncoding'),
  4: text('contentType'),
});

/** `runtime.RawExtension`: an object in its envelope. */
const RAW_EXTENSION = fieldsOf({ 1: bytes('raw') });

/** `meta/v1.WatchEvent` */
export const WATCH_EVENT = fieldsOf({ 1: text('type'), 2: message('object', RAW_EXTENSION) });

/** `meta/v1.Status` */
export const STATUS = fieldsOf({ 3: text('message'), 4: text('reason'), 6: integer('code') });

/** `meta/v1.ListMeta` */
const LIST_META = fieldsOf({ 2: text('resourceVersion'), 3: text('continue') });

/** The labels that say what runs a pod: see workload.ts. */
const LABELS = ['pod-template-hash', 'rollouts-pod-template-hash', 'controller-revision-hash'];

/** `meta/v1.OwnerReference` */
const OWNER_REFERENCE = fieldsOf({ 1: text('kind'), 3: text('name'), 6: bool('controller') });

/** `meta/v1.FieldsV1` */
const FIELDS_V1 = fieldsOf({ 1: bytes('Raw') });

/** `meta/v1.ManagedFieldsEntry` */
const MANAGED_FIELDS_ENTRY = fieldsOf({
  1: text('manager'),
  4: time('time'),
  7: message('fieldsV1', FIELDS_V1),
  8: text('subresource'),
});

/** `meta/v1.ObjectMeta` */
const OBJECT_META = fieldsOf({
  1: text('name'),
  3: text('namespace'),
  5: text('uid'),
  6: text('resourceVersion'),
  8: time('creationTimestamp'),
  9: time('deletionTimestamp'),
  10: integer('deletionGracePeriodSeconds'),
  11: entries('labels', LABELS),
  12: entries('annotations', [NETWORK_STATUS, POD_NETWORKS]),
  13: messages('ownerReferences', OWNER_REFERENCE),
  14: texts('finalizers'),
  17: messages('managedFields', MANAGED_FIELDS_ENTRY),
});

/** `core/v1.Container`, of which init containers alone are read. */
const CONTAINER = fieldsOf({ 1: text('name'), 24: text('restartPolicy') });

/** `core/v1.PodSpec` */
const POD_SPEC = fieldsOf({
  3: text('restartPolicy'),
  4: integer('terminationGracePeriodSeconds'),
  8: text('serviceAccountName'),
  10: text('nodeName'),
  11: bool('hostNetwork'),
  20: messages('initContainers', CONTAINER),
});

/** `core/v1.ContainerStateRunning` */
const RUNNING = fieldsOf({ 1: time('startedAt') });

/** `core/v1.ContainerStateTerminated` */
const TERMINATED = fieldsOf({
  1: integer('exitCode'),
  3: text('reason'),
  5: time('startedAt'),
  6: time('finishedAt'),
});

/** `core/v1.ContainerState` */
const CONTAINER_STATE = fieldsOf({ 2: message('running', RUNNING), 3: message('terminated', TERMINATED) });

/** `core/v1.ContainerStatus` */
const CONTAINER_STATUS = fieldsOf({
  1: text('name'),
  2: message('state', CONTAINER_STATE),
  3: message('lastState', CONTAINER_STATE),
  5: integer('restartCount'),
});

/** `core/v1.PodCondition` */
const POD_CONDITION = fieldsOf({
  1: text('type'),
  2: text('status'),
  4: time('lastTransitionTime'),
  5: text('reason'),
});

/** `core/v1.PodIP` */
const POD_IP = fieldsOf({ 1: text('ip') });

/** `core/v1.PodStatus` */
const POD_STATUS = fieldsOf({
  1: text('phase'),
  2: messages('conditions', POD_CONDITION),
  4: text('reason'),
  6: text('podIP'),
  7: time('startTime'),
  8: messages('containerStatuses', CONTAINER_STATUS),
  10: messages('initContainerStatuses', CONTAINER_STATUS),
  12: messages('podIPs', POD_IP),
});

/** `core/v1.Pod` */
export const POD = fieldsOf({
  1: message('metadata', OBJECT_META),
  2: message('spec', POD_SPEC),
  3: message('status', POD_STATUS),
});

/** `core/v1.PodList`, its pods not decoded yet: they are many, and needed one after the other. */
export const POD_LIST = fieldsOf({ 1: message('metadata', LIST_META), 2: manyBytes('items') });
