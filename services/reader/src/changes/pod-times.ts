import { timeMs } from '../cluster/fields.js';

/**
 * The times that a pod object says of itself, in whole seconds since the epoch, as the API writes them. Those of the
 * API server's clock and those of the node's clock are kept apart: only their differences say how wrong a clock is.
 *
 * In 100 of 105 recorded events (packages/simulation/recordings/replay) the newest managed field has the second of the
 * write. Requests for deletion and the first write of an eviction by the API change no managed field, and neither does
 * a binding; they have times of their own. A DELETED event has the fields of the version before it.
 */
export interface PodTimes {
  // By the API server's clock.
  readonly createdAt: number | undefined;
  /** When the pod was bound to its node. */
  readonly scheduledAt: number | undefined;
  /** The newest write that `managedFields` records. */
  readonly writtenAt: number | undefined;
  /** The newest write of the kubelet to `status`. */
  readonly kubeletWroteAt: number | undefined;
  /** When the deletion was asked for; no managed field records that. */
  readonly deletionAskedAt: number | undefined;
  /** When another than the kubelet asked for the pod's end. */
  readonly disruptedAt: number | undefined;
  // By the node's clock.
  /** When the kubelet accepted the pod, before it made the sandbox. */
  readonly acceptedAt: number | undefined;
  /** The newest time that the kubelet wrote. */
  readonly kubeletNewest: number | undefined;
  /** The earliest start of a container as it runs now, which was after its sandbox had an address. */
  readonly firstStartedAt: number | undefined;
  /** When the last container ended; undefined while one runs or none is known. */
  readonly lastFinishedAt: number | undefined;
  /** Whether the sandbox and its network are ready; undefined from a kubelet that does not say so (before 1.29). */
  readonly sandboxReady: boolean | undefined;
  readonly sandboxChangedAt: number | undefined;
  // Without a clock.
  readonly deletionGraceSeconds: number | undefined;
  readonly terminationGraceSeconds: number;
  readonly hasFinalizers: boolean;
  /** The kubelet ends the pod: it says that the containers ended before it ends them. */
  readonly endedByKubelet: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const DEFAULT_GRACE_SECONDS = 30;
const SANDBOX_CONDITIONS = ['PodReadyToStartContainers', 'PodHasNetwork'];
const KUBELET_CONDITIONS = [...SANDBOX_CONDITIONS, 'Initialized', 'ContainersReady', 'Ready'];

/** Projects a pod of the Kubernetes API to its times. What is missing or malformed is undefined. */
export function projectTimes(object: unknown): PodTimes {
  const { metadata, spec, status } = fields(object);
  const meta = fields(metadata);
  const state = fields(status);
  const writes = list(meta.managedFields);
  const kubelet = writes.find(isKubelet);
  const conditions = list(state.conditions);
  const byType = (...types: string[]) => conditions.find(({ type }) => types.includes(String(type))) ?? {};
  const containers = list(state.containerStatuses).map((container) => fields(container.state));
  const disruption = byType('DisruptionTarget');
  const endedByKubelet = disruption.status === 'True' && disruption.reason === 'TerminationByKubelet';
  const sandbox = byType(...SANDBOX_CONDITIONS);
  const grace = fields(spec).terminationGracePeriodSeconds;
  const deletionGraceSeconds = number(meta.deletionGracePeriodSeconds);
  const started = containers.map(({ running, terminated }) =>
    seconds(fields(running ?? terminated).startedAt),
  );
  const finished = containers.map(({ terminated }) => seconds(fields(terminated).finishedAt));
  const changed = KUBELET_CONDITIONS.map((type) => seconds(byType(type).lastTransitionTime));
  // A static pod runs before the API server knows of it.
  const isStatic = list(meta.ownerReferences)[0]?.kind === 'Node';
  const acceptedAt = seconds(state.startTime);
  const deletedAt = seconds(meta.deletionTimestamp);
  return {
    createdAt: seconds(meta.creationTimestamp),
    scheduledAt: isOfKubelet(kubelet, 'PodScheduled')
      ? undefined
      : seconds(byType('PodScheduled').lastTransitionTime),
    writtenAt: newest(writes.map(({ time }) => seconds(time))),
    kubeletWroteAt: seconds(kubelet?.time),
    deletionAskedAt: deletedAt === undefined ? undefined : deletedAt - (deletionGraceSeconds ?? 0),
    disruptedAt: endedByKubelet ? undefined : seconds(disruption.lastTransitionTime),
    acceptedAt: isStatic ? undefined : acceptedAt,
    kubeletNewest: newest([acceptedAt, ...started, ...finished, ...changed]),
    firstStartedAt: earliest(started),
    lastFinishedAt: finished.includes(undefined) ? undefined : newest(finished),
    sandboxReady: sandbox.status === undefined ? undefined : sandbox.status === 'True',
    sandboxChangedAt: seconds(sandbox.lastTransitionTime),
    deletionGraceSeconds,
    terminationGraceSeconds: number(grace) ?? DEFAULT_GRACE_SECONDS,
    hasFinalizers: list(meta.finalizers, true).length > 0,
    endedByKubelet,
  };
}

/** Virtual kubelets have other names, but write the same fields. */
function isKubelet({ manager, subresource, fieldsV1 }: Fields): boolean {
  if (subresource !== 'status') return false;
  return manager === 'kubelet' || 'f:startTime' in statusFields(fieldsV1, 'f:startTime');
}

/** Whether the kubelet set the time of a condition, by its clock. */
function isOfKubelet(kubelet: Fields | undefined, type: string): boolean {
  const conditions = fields(statusFields(kubelet?.fieldsV1, type)['f:conditions']);
  return 'f:lastTransitionTime' in fields(conditions[`k:{"type":"${type}"}`]);
}

/** The fields of `status` in `fieldsV1`, if there is one with this word in it. Protobuf has them as JSON in `Raw`. */
function statusFields(fieldsV1: unknown, word: string): Fields {
  const { Raw: raw } = fields(fieldsV1);
  if (!(raw instanceof Buffer)) return fields(fields(fieldsV1)['f:status']);
  // To understand all of it would take as long as all the rest of a pod.
  return raw.includes(word) ? fields(fields(JSON.parse(raw.toString()))['f:status']) : {};
}

function seconds(value: unknown): number | undefined {
  const ms = timeMs(value);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000);
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** The newest of those that are known. */
export function newest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  return times.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}; // any object has string keys
}

function list(value: unknown, ofText = false): readonly Fields[] {
  return Array.isArray(value) ? value.filter((item) => ofText || typeof item === 'object').map(fields) : [];
}
