import { hash } from 'node:crypto';
import { MessageError } from './errors.js';

export const MESSAGE_CONTENT_TYPE = 'application/json';

export type PodIpStatus = 'alreadyRunning' | 'allocated' | 'deallocated';

/** The audit record of one IP change. The first 13 fields and their order are those of podips 1.1. */
export interface PodIpMessage {
  readonly class: 'audit';
  readonly subclass: 'pod_ip';
  readonly origin: string;
  readonly host: string;
  readonly dc: string;
  readonly pod_namespace: string;
  readonly pod: string;
  readonly pod_ip: string;
  readonly pod_ip_status: PodIpStatus;
  readonly short_message: string;
  readonly full_message: string;
  readonly timestamp: string;
  readonly logtype: 'kube-api-server';
  readonly event_id: string;
  readonly pod_uid: string;
  readonly pod_kind: string;
  readonly pod_owner: string;
  readonly node: string;
  readonly host_network: boolean;
  readonly inferred: boolean;
  readonly observed_at: string;
  /** Null where nothing is known of the earliest time. */
  readonly uncertainty_ms: number | null;
  /** What runs the pod: the Deployment instead of its ReplicaSet, the CronJob instead of its Job. Empty: not known. */
  readonly workload_kind: string;
  readonly workload: string;
  readonly service_account: string;
  /** Of an end: why the pod ended, in Kubernetes' words; empty where that is not known, or only the address changed. */
  readonly end_cause?: string;
  /** Only of an address on another network than the default one. */
  readonly network?: string;
}

/** What runs a pod, as people name it. */
export interface MessageWorkload {
  /** Deployment, StatefulSet, DaemonSet, Job, CronJob, Rollout, a custom owner's kind, StaticPod or BarePod. */
  readonly kind: string;
  readonly name: string;
  /** Changes with the pod template; empty where pods carry none, as those of a Job. */
  readonly revision: string;
  readonly serviceAccount: string;
}

/** The pod as a message describes it. */
export interface MessagePod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly ownerKind: string;
  readonly ownerName: string;
  readonly node: string;
  readonly hostNetwork: boolean;
  /** Undefined in what an earlier version recorded. */
  readonly workload?: MessageWorkload | undefined;
}

export interface MessageFacts {
  readonly pod: MessagePod;
  readonly ip: string;
  /** Undefined for the default network. */
  readonly network?: string | undefined;
  readonly status: PodIpStatus;
  /** Which of the pod's leases of this very IP it is: 0 for the first. */
  readonly occurrence: number;
  readonly inferred: boolean;
  /** When it happened, as well as that can be known. */
  readonly at: Date;
  /** When the reader received the event, or the list, that shows it. */
  readonly observedAt: Date;
  /** How far from `at` it may have happened, in milliseconds; infinite where nothing is known of the earliest time. */
  readonly uncertaintyMs: number;
  /** Of an end: why, as {@link describeCause} says it. */
  readonly endCause?: string | undefined;
}

export interface MessageOrigin {
  readonly hostname: string;
  readonly dc: string;
}

/** Builds the message of one IP change. */
export function buildMessage(facts: MessageFacts, origin: MessageOrigin): PodIpMessage {
  const { pod, ip, status, network } = facts;
  return audit(facts, origin, {
    subclass: 'pod_ip',
    object: ip,
    event: status,
    event_id: eventId(pod.uid, ip, status, facts.occurrence, network),
    address: { pod_ip: ip, pod_ip_status: status },
    certainty: { inferred: facts.inferred },
    more: {
      ...(status === 'deallocated' ? { end_cause: facts.endCause ?? '' } : {}),
      ...(network && { network }),
    },
  });
}

/** What distinguishes an audit record from others of the same pod. */
interface AuditParts<S extends string, A extends object, C extends object, M extends object> {
  readonly subclass: S;
  /** What of the pod it is about, and what happened to that. */
  readonly object: string;
  readonly event: string;
  readonly event_id: string;
  /** Fields that stand after the pod's name, after what is known of the pod, and at the end. */
  readonly address: A;
  readonly certainty: C;
  readonly more: M;
}

/** An audit record with the fields that all have, in the order in which consumers know them. */
function audit<S extends string, A extends object, C extends object, M extends object>(
  facts: Pick<MessageFacts, 'pod' | 'at' | 'observedAt' | 'uncertaintyMs'>,
  { hostname, dc }: MessageOrigin,
  { subclass, object, event, event_id, address, certainty, more }: AuditParts<S, A, C, M>,
) {
  const { pod, at, observedAt, uncertaintyMs } = facts;
  const subject = `${pod.namespace}/${pod.name}:${object}`;
  const timestamp = at.toISOString();
  return {
    class: 'audit' as const,
    subclass,
    origin: hostname,
    host: hostname,
    dc,
    pod_namespace: pod.namespace,
    pod: pod.name,
    ...address,
    short_message: subject,
    full_message: `${subject}:${event}:${timestamp}`,
    timestamp,
    logtype: 'kube-api-server' as const,
    event_id,
    pod_uid: pod.uid,
    pod_kind: pod.ownerKind,
    pod_owner: pod.ownerName,
    node: pod.node,
    host_network: pod.hostNetwork,
    ...certainty,
    observed_at: observedAt.toISOString(),
    uncertainty_ms: Number.isFinite(uncertaintyMs) ? uncertaintyMs : null,
    ...workloadFields(pod),
    ...more,
  };
}

/** The audit record of a container that was started again. */
export interface PodRestartMessage {
  readonly class: 'audit';
  readonly subclass: 'pod_restart';
  readonly origin: string;
  readonly host: string;
  readonly dc: string;
  readonly pod_namespace: string;
  readonly pod: string;
  readonly short_message: string;
  readonly full_message: string;
  /** When the container had ended, as well as that can be known. */
  readonly timestamp: string;
  readonly logtype: 'kube-api-server';
  readonly event_id: string;
  readonly pod_uid: string;
  readonly pod_kind: string;
  readonly pod_owner: string;
  readonly node: string;
  readonly host_network: boolean;
  readonly observed_at: string;
  readonly uncertainty_ms: number | null;
  readonly workload_kind: string;
  readonly workload: string;
  readonly service_account: string;
  readonly container: string;
  /** How often the container was started again since the pod began, and how many of these this message stands for. */
  readonly restarts: number;
  readonly restarts_new: number;
  readonly end_cause: string;
}

export interface RestartFacts
  extends Pick<MessageFacts, 'pod' | 'at' | 'observedAt' | 'uncertaintyMs' | 'endCause'> {
  readonly container: string;
  readonly countBefore: number;
  readonly count: number;
}

/** Builds the message of a restart. Its id has no time in it: a restart that is found again keeps it. */
export function buildRestartMessage(facts: RestartFacts, origin: MessageOrigin): PodRestartMessage {
  const { pod, container, count, countBefore, endCause = '' } = facts;
  return audit(facts, origin, {
    subclass: 'pod_restart',
    object: container,
    event: 'restarted',
    event_id: idOf(pod.uid, container, 'restart', String(count)),
    address: {},
    certainty: {},
    more: { container, restarts: count, restarts_new: count - countBefore, end_cause: endCause },
  });
}

function workloadFields({ workload }: MessagePod) {
  const { kind = '', name = '', serviceAccount = '' } = workload ?? {};
  return { workload_kind: kind, workload: name, service_account: serviceAccount };
}

/** `OOMKilled, exit code 137`; empty when nothing is known. @param exitCode undefined: no container failed, or it is not known */
export function describeCause(cause: string, exitCode: number | undefined): string {
  return [cause, ...(exitCode === undefined ? [] : [`exit code ${exitCode}`])]
    .filter((part) => part !== '')
    .join(', ');
}

/**
 * The identity of an IP change: the start or the end of the n-th lease of this IP by this pod.
 * It has no time in it, so a change that is found again after a crash keeps its id; and both words for a
 * start give the same id, because a restart may see as `alreadyRunning` what it had reported as `allocated`.
 */
export function eventId(
  podUid: string,
  ip: string,
  status: PodIpStatus,
  occurrence: number,
  network = '',
): string {
  const edge = status === 'deallocated' ? 'end' : 'start';
  return idOf(podUid, ip, edge, String(occurrence), ...(network ? [network] : []));
}

function idOf(...parts: readonly string[]): string {
  return hash('sha256', parts.join('\n'), 'hex').slice(0, 32);
}

/** A record as it goes to Fluentd: a message of podips, of podips 1.1, or of any other producer on the queue. */
export type MessageRecord = Record<string, unknown>;

const MAX_DEPTH = 50;
/** It keeps nothing from one body to the next. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a message body from the queue.
 * @throws {MessageError} MESSAGE_EMPTY, MESSAGE_NOT_UTF8, MESSAGE_NOT_JSON, MESSAGE_NOT_OBJECT or
 *   MESSAGE_TOO_DEEP, with a text that says what was found and what would be right
 */
export function parseMessage(body: Uint8Array): MessageRecord {
  if (body.byteLength === 0)
    throw new MessageError('MESSAGE_EMPTY', 'the body is empty; a JSON object was expected');
  let value: unknown;
  try {
    value = JSON.parse(UTF_8.decode(body));
  } catch (cause) {
    if (cause instanceof TypeError)
      throw new MessageError('MESSAGE_NOT_UTF8', 'the body is not UTF-8 text; a JSON object was expected', {
        cause,
      });
    throw new MessageError('MESSAGE_NOT_JSON', 'the body is not JSON; a JSON object was expected', { cause });
  }
  if (!isRecord(value)) {
    const found = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
    throw new MessageError('MESSAGE_NOT_OBJECT', `the body is ${found}; a JSON object was expected`);
  }
  if (depthExceeds(value, MAX_DEPTH))
    throw new MessageError('MESSAGE_TOO_DEEP', `the body nests deeper than ${MAX_DEPTH} levels`);
  return value;
}

function isRecord(value: unknown): value is MessageRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function depthExceeds(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const child of Object.values(value)) if (depthExceeds(child, levels - 1)) return true;
  return false;
}
