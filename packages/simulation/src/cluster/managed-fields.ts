/** The API server's record of who wrote which field, and when. */
export interface ManagedField {
  readonly manager: string;
  readonly operation: 'Update';
  readonly apiVersion: 'v1';
  /** Second of the manager's last write, by the API server's clock. */
  readonly time: string;
  readonly fieldsType: 'FieldsV1';
  readonly fieldsV1: object;
  readonly subresource: 'status' | undefined;
}

const LEAF = {};
const leaves = (...names: string[]) => Object.fromEntries(names.map((name) => [`f:${name}`, LEAF]));
const CONTAINER = { '.': LEAF, ...leaves('image', 'imagePullPolicy', 'name', 'resources') };
const CONDITION = { '.': LEAF, ...leaves('lastProbeTime', 'lastTransitionTime', 'status', 'type') };
const CONDITIONS = Object.fromEntries(
  ['PodReadyToStartContainers', 'ContainersReady', 'Initialized', 'Ready'].map((type) => [
    `k:{"type":"${type}"}`,
    CONDITION,
  ]),
);
const OF_CREATION = {
  'f:metadata': leaves('generateName', 'labels', 'ownerReferences'),
  'f:spec': {
    'f:containers': { 'k:{"name":"c"}': CONTAINER },
    ...leaves('dnsPolicy', 'enableServiceLinks', 'restartPolicy', 'schedulerName', 'securityContext'),
  },
};
const OF_STATUS = {
  'f:status': {
    'f:conditions': CONDITIONS,
    ...leaves('containerStatuses', 'hostIP', 'hostIPs', 'phase', 'podIP', 'podIPs', 'startTime'),
  },
};
/** The same, of which a reader needs no more: half of a real pod's size is `fieldsV1`. */
const OF_STATUS_SHORT = { 'f:status': leaves('startTime') };

/** The fields of a pod that a controller just made. */
export function fieldsOfCreation(time: string, isWhole: boolean): readonly ManagedField[] {
  return [entry('kube-controller-manager', time, isWhole ? OF_CREATION : LEAF)];
}

/** After a kubelet wrote the status. Bindings, requests for deletion and deletions leave no trace. */
export function fieldsAfterReport(
  before: readonly ManagedField[],
  time: string,
  isWhole: boolean,
): readonly ManagedField[] {
  const others = before.filter(({ manager }) => manager !== 'kubelet');
  return [...others, entry('kubelet', time, isWhole ? OF_STATUS : OF_STATUS_SHORT, 'status')];
}

function entry(manager: string, time: string, fieldsV1: object, subresource?: 'status'): ManagedField {
  return {
    manager,
    operation: 'Update',
    apiVersion: 'v1',
    time,
    fieldsType: 'FieldsV1',
    fieldsV1,
    subresource,
  };
}
