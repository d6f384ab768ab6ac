import type { MessageWorkload } from '@podips/shared';
import { type Fields, fields, list, storableText, timeMs } from '../cluster/fields.js';

type Workload = Omit<MessageWorkload, 'revision' | 'serviceAccount'>;

/** The labels that hold the revision of a pod, and end the name of the ReplicaSet that owns it, where there is one. */
const TEMPLATE_HASHES = [
  ['pod-template-hash', 'Deployment'],
  // https://argo-rollouts.readthedocs.io/en/stable/features/controller-metrics/
  ['rollouts-pod-template-hash', 'Rollout'],
] as const;
const REVISION_HASH = 'controller-revision-hash';

/** A CronJob may start a missed run late, and a Job replaces a failed pod for days. */
const LATEST_START_MS = 7 * 86_400_000;
const MINUTE_MS = 60_000;

/**
 * Projects a pod of the Kubernetes API to what runs it: the Deployment instead of its ReplicaSet, the CronJob instead of its
 * Job. A pod without an owner is its own. The pod alone says so: the reader needs no permission for anything but pods.
 */
export function projectWorkload(object: unknown): MessageWorkload {
  const meta = fields(fields(object).metadata);
  const labels = fields(meta.labels);
  const owners = list(meta.ownerReferences);
  const owner = owners.find(({ controller }) => controller === true) ?? owners[0] ?? {};
  const kind = storableText(owner.kind);
  const name = storableText(owner.name);
  const revision =
    [...TEMPLATE_HASHES.map(([label]) => label), REVISION_HASH]
      .map((label) => storableText(labels[label]))
      .find(Boolean) ?? '';
  const rest = { revision, serviceAccount: storableText(fields(fields(object).spec).serviceAccountName) };
  if (kind === '' || name === '') return { kind: 'BarePod', name: storableText(meta.name), ...rest };
  if (kind === 'ReplicaSet') return { ...ownerOfReplicaSet(name, labels), ...rest };
  if (kind === 'Job') return { ...ownerOfJob(name, timeMs(meta.creationTimestamp)), ...rest };
  if (kind === 'Node')
    return { kind: 'StaticPod', name: withoutSuffix(storableText(meta.name), name), ...rest };
  return { kind, name, ...rest };
}

/** A ReplicaSet made by a Deployment is named after it and the hash of its template. */
function ownerOfReplicaSet(name: string, labels: Fields): Workload {
  for (const [label, kind] of TEMPLATE_HASHES) {
    const owner = withoutSuffix(name, storableText(labels[label]));
    if (owner !== name) return { kind, name: owner };
  }
  return { kind: 'ReplicaSet', name };
}

/**
 * A Job made by a CronJob is named after it and the minute of its schedule (before Kubernetes 1.21: the second) since the
 * epoch. A number that is no time shortly before the pod's creation is part of the Job's own name, such as a date.
 */
function ownerOfJob(name: string, createdAtMs: number): Workload {
  const [, owner, digits = ''] = /^(.+)-(\d{8,10})$/.exec(name) ?? [];
  const scheduledMs = Number(digits) * (digits.length === 10 ? 1_000 : MINUTE_MS);
  const agoMs = createdAtMs - scheduledMs;
  if (owner !== undefined && agoMs > -MINUTE_MS && agoMs < LATEST_START_MS)
    return { kind: 'CronJob', name: owner };
  return { kind: 'Job', name };
}

function withoutSuffix(name: string, suffix: string): string {
  return suffix !== '' && name.endsWith(`-${suffix}`) ? name.slice(0, -suffix.length - 1) : name;
}
