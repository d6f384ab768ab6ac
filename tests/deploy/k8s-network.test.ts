import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readReaderSettings } from '@podips/reader';
import { describe, expect, it } from 'vitest';
import { arrowsInside, arrowsOutside } from './support/arrows.js';
import { describeManifest, MANIFESTS, type Manifest, named, ofKind } from './support/documents.js';
import { buildManifests } from './support/kustomize.js';
import { podTemplates, selects } from './support/pods.js';

const COMPONENTS = readdirSync(join(MANIFESTS, 'components'));
const PRODUCTION = buildManifests('overlays/production');
const TRIAL = buildManifests('overlays/trial');
/** With every component that adds something; that of namespaces takes the ClusterRole away. */
const EVERYTHING = buildManifests(
  'overlays/trial',
  COMPONENTS.filter((name) => name !== 'namespaces'),
);

const SITUATIONS: [string, readonly Manifest[]][] = [
  ['the trial', TRIAL],
  ['production', PRODUCTION],
  ['the trial with everything optional', EVERYTHING],
];

it('Fluentd, which binds to IPv4 or to IPv6, binds to the address of its pod', () => {
  const { container } = podTemplates(TRIAL).find(({ component }) => component === 'fluentd') ?? {};
  expect(container?.env).toEqual([
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ]);
  const { data } =
    ofKind(TRIAL, 'ConfigMap').find(({ metadata }) => metadata.name === 'podips-fluentd') ?? {};
  expect(data?.['fluent.conf']).toContain(`bind "#{ENV['POD_IP']}"`);
});

describe.each(SITUATIONS)('in %s', (_what, manifests) => {
  const pods = podTemplates(manifests);
  const selected = (selector: Parameters<typeof selects>[0]) =>
    pods.filter(({ labels }) => selects(selector, labels));

  it.each([...ofKind(manifests, 'Deployment'), ...ofKind(manifests, 'StatefulSet')])(
    '$kind $metadata.name selects its own pods and no others',
    (owner) => {
      expect(selected(owner.spec?.selector).map((pod) => pod.owner)).toEqual([describeManifest(owner)]);
    },
  );

  it.each(ofKind(manifests, 'Service'))('Service $metadata.name leads to named ports of pods', ({ spec }) => {
    const targets = selected({ matchLabels: spec?.selector });
    expect(targets).toHaveLength(1);
    const names = targets.flatMap(({ container }) => (container.ports ?? []).map(({ name }) => name));
    for (const { targetPort } of spec?.ports ?? []) expect(names).toContain(targetPort);
  });

  it.each(ofKind(manifests, 'StatefulSet'))('StatefulSet $metadata.name has its Service', ({ spec }) => {
    named(manifests, 'Service', spec?.serviceName ?? '');
  });

  it.each(ofKind(manifests, 'NetworkPolicy'))('NetworkPolicy $metadata.name is about pods', ({ spec }) => {
    expect(selected(spec?.podSelector)).not.toEqual([]);
  });

  it('a disruption budget leaves a pod to disrupt', () => {
    for (const { spec } of ofKind(manifests, 'PodDisruptionBudget')) {
      const [pod, ...others] = selected(spec?.selector);
      expect(others).toEqual([]);
      const owner = ofKind(manifests, 'Deployment').find((one) => describeManifest(one) === pod?.owner);
      expect(owner?.spec?.replicas).toBeGreaterThan(Number(spec?.maxUnavailable));
    }
  });

  it('a pod is closed in both directions, even if it has no policy of its own', () => {
    const { spec } = named(manifests, 'NetworkPolicy', 'podips-default-deny');
    expect(spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
  });

  it('an Ingress leads to Services and their ports', () => {
    const backends = ofKind(manifests, 'Ingress').flatMap(({ spec }) =>
      (spec?.rules ?? []).flatMap(({ http }) => (http?.paths ?? []).map(({ backend }) => backend.service)),
    );
    for (const backend of backends) {
      const { spec } = named(manifests, 'Service', backend?.name ?? '');
      expect(spec?.ports?.map(({ name }) => name)).toContain(backend?.port?.name);
    }
  });
});

/** The README's picture. */
const ARROWS = [
  'cronjob -> monitor:8080',
  'monitor -> database:5432',
  'reader -> database:5432',
  'reader -> monitor:8080',
  'reader -> queue:61613',
  'writer -> fluentd:24224',
  'writer -> monitor:8080',
  'writer -> queue:61613',
];
const DNS = ['cronjob -> 53', 'monitor -> 53', 'reader -> 53', 'writer -> 53'];
const API_SERVER = [443, 6443, 8443, 16443].map((port) => `reader -> ${port}`);

describe('the network', () => {
  it('has the arrows of the picture and no others', () => {
    expect(arrowsInside(TRIAL)).toEqual(ARROWS);
    expect(arrowsOutside(TRIAL)).toEqual([...DNS, ...API_SERVER].sort());
  });

  it('lets out to the queue, the database and the Fluentd of a production', () => {
    expect(arrowsInside(PRODUCTION)).toEqual(ARROWS.filter((arrow) => arrow.includes('-> monitor')));
    const external = [
      'reader -> 61613',
      'reader -> 5432',
      'writer -> 61613',
      'writer -> 24224',
      'monitor -> 5432',
    ];
    expect(arrowsOutside(PRODUCTION)).toEqual([...DNS, ...API_SERVER, ...external].sort());
  });

  it('lets the monitor out of the namespace for alerts alone', () => {
    const manifests = buildManifests('overlays/trial', ['alerts']);
    const added = arrowsOutside(manifests).filter((arrow) => !arrowsOutside(TRIAL).includes(arrow));
    expect(added).toEqual([25, 443, 465, 587, 80].map((port) => `monitor -> ${port}`));
    expect(arrowsInside(manifests)).toEqual(ARROWS);
  });

  it('lets the web client of the database in, when there is one', () => {
    const client = 'database-client -> database:5432';
    expect(arrowsInside(EVERYTHING)).toEqual([...ARROWS, client].sort());
  });
});

describe('names', () => {
  it('are ones that Kubernetes accepts', () => {
    for (const { metadata } of EVERYTHING) {
      expect(metadata.name).toMatch(/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/);
      for (const value of Object.values(metadata.labels ?? {}))
        expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/);
    }
    for (const { container } of podTemplates(EVERYTHING))
      for (const { name } of container.ports ?? []) expect(name).toMatch(/^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$/);
  });

  it('say that everything belongs to podips', () => {
    const foreign = EVERYTHING.filter(({ metadata }) => !/^podips(-|$)/.test(metadata.name));
    expect(foreign).toEqual([]);
  });
});

describe('permissions', () => {
  it('are to list and watch pods, for the reader alone', () => {
    const [role, ...others] = ofKind(EVERYTHING, 'ClusterRole');
    expect(others).toEqual([]);
    expect(role?.rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }]);
    const bindings = ofKind(EVERYTHING, 'ClusterRoleBinding');
    expect(bindings.map(({ roleRef }) => roleRef.name)).toEqual([role?.metadata.name]);
    const account = named(EVERYTHING, 'ServiceAccount', 'podips-reader').metadata;
    expect(bindings.flatMap(({ subjects }) => subjects)).toEqual([
      { kind: 'ServiceAccount', name: account.name, namespace: account.namespace },
    ]);
    const users = podTemplates(EVERYTHING).filter(({ spec }) => spec.serviceAccountName !== undefined);
    expect(users.map(({ component }) => component)).toEqual(['reader']);
  });

  it('are to list and watch the pods of its namespaces alone, with the component for that', () => {
    const manifests = buildManifests('overlays/production', ['namespaces']);
    expect([...ofKind(manifests, 'ClusterRole'), ...ofKind(manifests, 'ClusterRoleBinding')]).toEqual([]);
    const role = named(manifests, 'Role', 'podips-reader-pods');
    expect(role.rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }]);
    const binding = named(manifests, 'RoleBinding', 'podips-reader-pods');
    expect(binding.roleRef).toMatchObject({ kind: 'Role', name: role.metadata.name });
    const { namespace } = role.metadata;
    expect(binding.subjects).toEqual([{ kind: 'ServiceAccount', name: 'podips-reader', namespace }]);
    const settings = named(manifests, 'ConfigMap', 'podips-reader').data;
    expect(settings?.WATCH_NAMESPACES).toBe(namespace);
  });

  it('are to elect a leader in its own namespace, for the reader alone', () => {
    const [role, ...others] = ofKind(EVERYTHING, 'Role');
    expect(others).toEqual([]);
    const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'] };
    const env = { KUBE_APISERVER_URL: 'https://cluster', HOME: '/nonexistent' };
    const name = readReaderSettings(['--incluster=false'], env).election?.lease.name;
    expect(role?.rules).toEqual([
      { ...leases, resourceNames: [name], verbs: ['get', 'update'] },
      { ...leases, verbs: ['create'] },
    ]);
    const [binding, ...more] = ofKind(EVERYTHING, 'RoleBinding');
    expect(more).toEqual([]);
    expect(binding?.roleRef).toMatchObject({ kind: 'Role', name: role?.metadata.name });
    const { namespace } = named(EVERYTHING, 'ServiceAccount', 'podips-reader').metadata;
    expect([role?.metadata.namespace, binding?.metadata.namespace]).toEqual([namespace, namespace]);
    expect(binding?.subjects).toEqual([{ kind: 'ServiceAccount', name: 'podips-reader', namespace }]);
  });
});
