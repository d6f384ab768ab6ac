import type { IContainer, IPodSpec } from 'kubernetes-models/v1';
import { describeManifest, type Manifest, named, ofKind } from './documents.js';

/** The template from which a Deployment, StatefulSet or CronJob makes pods. */
export interface PodTemplate {
  /** Such as `Deployment podips-reader`. */
  readonly owner: string;
  /** The label by which NetworkPolicies and others know it. */
  readonly component: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: IPodSpec;
  /** Each of our pods has one. */
  readonly container: IContainer;
}

const COMPONENT = 'app.kubernetes.io/component';
/** The services whose code is here. */
export const SERVICES = ['reader', 'writer', 'monitor', 'cronjob'];

export function podTemplates(manifests: readonly Manifest[]): PodTemplate[] {
  const templates = [
    ...[...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'StatefulSet')].map((owner) => ({
      owner,
      template: owner.spec?.template,
    })),
    ...ofKind(manifests, 'CronJob').map((owner) => ({
      owner,
      template: owner.spec?.jobTemplate.spec?.template,
    })),
  ];
  return templates.map(({ owner, template }) => {
    const { spec, metadata } = template ?? {};
    const [container, ...others] = spec?.containers ?? [];
    if (spec === undefined || container === undefined || others.length > 0)
      throw new Error(`${describeManifest(owner)} does not have exactly one container`);
    const labels = metadata?.labels ?? {};
    return { owner: describeManifest(owner), component: labels[COMPONENT] ?? '', labels, spec, container };
  });
}

/** @throws when there is none */
export function podTemplate(manifests: readonly Manifest[], component: string): PodTemplate {
  const found = podTemplates(manifests).find((template) => template.component === component);
  if (found === undefined) throw new Error(`there is no pod ${component}`);
  return found;
}

/** The variables that a container starts with; for a field of its pod, the field's path. @throws when something that it needs is missing */
export function environment(manifests: readonly Manifest[], container: IContainer): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (configMapRef) Object.assign(env, named(manifests, 'ConfigMap', configMapRef.name ?? '').data);
    if (secretRef && !secretRef.optional) throw new Error('a Secret of settings has to be optional');
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const { name: secret = '', key = '', optional } = valueFrom?.secretKeyRef ?? {};
    const found =
      value ?? valueFrom?.fieldRef?.fieldPath ?? named(manifests, 'Secret', secret).stringData?.[key];
    if (found !== undefined) env[name] = found;
    else if (!optional) throw new Error(`${name}: the Secret ${secret} has no ${key}`);
  }
  return env;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?:
    | readonly {
        readonly key: string;
        readonly operator: string;
        readonly values?: readonly string[] | undefined;
      }[]
    | undefined;
}

/** @throws when the selector uses an operator that podips does not need */
export function selects(selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries(selector?.matchLabels ?? {});
  const expressions = selector?.matchExpressions ?? [];
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    expressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') throw new Error(`${operator} is not known`);
      return values.includes(labels[key] ?? '');
    })
  );
}
