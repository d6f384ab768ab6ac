import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type {
  IPodMonitor,
  IPrometheusRule,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import type { IDeployment, IStatefulSet } from 'kubernetes-models/apps/v1';
import type { ICronJob } from 'kubernetes-models/batch/v1';
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1';
import type {
  IClusterRole,
  IClusterRoleBinding,
  IRole,
  IRoleBinding,
} from 'kubernetes-models/rbac.authorization.k8s.io/v1';
import type {
  IConfigMap,
  INamespace,
  IPersistentVolumeClaim,
  ISecret,
  IService,
  IServiceAccount,
} from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';

/** The folder with the manifests. */
export const MANIFESTS = fileURLToPath(new URL('../../../deploy/k8s/', import.meta.url));

/** One object of a manifest, as far as all have it in common. */
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
};

/** The kinds that podips has. */
interface Kinds {
  ClusterRole: IClusterRole;
  ClusterRoleBinding: IClusterRoleBinding;
  ConfigMap: IConfigMap;
  CronJob: ICronJob;
  Deployment: IDeployment;
  Ingress: IIngress;
  Namespace: INamespace;
  NetworkPolicy: INetworkPolicy;
  PersistentVolumeClaim: IPersistentVolumeClaim;
  PodDisruptionBudget: IPodDisruptionBudget;
  PodMonitor: IPodMonitor;
  PrometheusRule: IPrometheusRule;
  Role: IRole;
  RoleBinding: IRoleBinding;
  Secret: ISecret;
  Service: IService;
  ServiceAccount: IServiceAccount;
  StatefulSet: IStatefulSet;
}

/** @throws when the file is no YAML, or has the same key twice */
export function parseYaml(text: string): unknown[] {
  return parseAllDocuments(text, { strict: true, uniqueKeys: true }).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS();
  });
}

/** @throws as {@link parseYaml}, and when a document is not a Kubernetes object */
export function readManifests(file: string): Manifest[] {
  return parseManifests(readFileSync(file, 'utf8'));
}

export function parseManifests(text: string): Manifest[] {
  return parseYaml(text).map((document) => {
    if (!isManifest(document)) throw new Error(`not a Kubernetes object: ${JSON.stringify(document)}`);
    return document;
  });
}

export function isManifest(value: unknown): value is Manifest {
  return isMap(value) && typeof value.kind === 'string' && isMap(value.metadata);
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function describeManifest({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.name}`;
}

/** All objects of a kind. Their fields are as the type says: a test of its own holds them against Kubernetes' schemas. */
export function ofKind<K extends keyof Kinds>(manifests: readonly Manifest[], kind: K) {
  return manifests.filter((manifest): manifest is Manifest & Kinds[K] => manifest.kind === kind);
}

/** @throws when there is no such object */
export function named<K extends keyof Kinds>(manifests: readonly Manifest[], kind: K, name: string) {
  const found = ofKind(manifests, kind).find(({ metadata }) => metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}
