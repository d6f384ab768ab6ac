import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import type { PodTemplate } from './pods.js';

type PodContext = NonNullable<IPodSpec['securityContext']>;

const ALLOWED_VOLUMES = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];

/**
 * Checks a pod as a cluster that enforces Pod Security "restricted" does, and what we ask of our pods beyond it: a
 * read-only tree, a numeric user, and bounds.
 * @returns a line for each problem
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/
 */
export function checkPodSecurity({ spec, container }: PodTemplate): string[] {
  const volumes = spec.volumes ?? [];
  const kinds = volumes.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name'));
  const containers = [container, ...(spec.initContainers ?? [])];
  return [
    ...broken({
      'hostNetwork, hostPID and hostIPC are not allowed': !(spec.hostNetwork || spec.hostPID || spec.hostIPC),
      'only harmless kinds of volumes are allowed': kinds.every((kind) => ALLOWED_VOLUMES.includes(kind)),
      'sysctls are not allowed': (spec.securityContext?.sysctls ?? []).length === 0,
      'every emptyDir needs a bound': volumes.every(({ emptyDir }) => !emptyDir || emptyDir.sizeLimit),
    }),
    ...containers.flatMap((one) => checkContainer(one, spec.securityContext ?? {})),
  ];
}

function checkContainer(
  { name, securityContext: own = {}, ports, resources }: IContainer,
  pod: PodContext,
): string[] {
  const user = own.runAsUser ?? pod.runAsUser;
  const seccomp = own.seccompProfile ?? pod.seccompProfile;
  return broken({
    'ports of the host are not allowed': (ports ?? []).every(({ hostPort }) => hostPort === undefined),
    'privileged is not allowed': !own.privileged,
    'allowPrivilegeEscalation must be false': own.allowPrivilegeEscalation === false,
    'runAsNonRoot must be true': own.runAsNonRoot ?? pod.runAsNonRoot,
    'runAsUser must be a number above 0': user !== undefined && user > 0,
    'capabilities must drop ALL': own.capabilities?.drop?.includes('ALL'),
    'capabilities must not be added': (own.capabilities?.add ?? []).length === 0,
    'seccompProfile must be RuntimeDefault': seccomp?.type === 'RuntimeDefault',
    'readOnlyRootFilesystem must be true': own.readOnlyRootFilesystem,
    'memory needs a request and a limit': resources?.requests?.memory && resources.limits?.memory,
  }).map((rule) => `${name}: ${rule}`);
}

function broken(rules: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(rules).flatMap(([rule, kept]) => (kept ? [] : [rule]));
}
