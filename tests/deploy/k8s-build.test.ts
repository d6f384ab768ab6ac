import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeManifest, isMap, MANIFESTS, named, ofKind, readManifests } from './support/documents.js';
import { buildManifests } from './support/kustomize.js';
import { checkSchema } from './support/schema.js';

const FOLDERS = ['.', 'services', 'parts', 'overlays/trial', 'overlays/production'];
const COMPONENTS = readdirSync(join(MANIFESTS, 'components'));

/** All files that hold objects of a cluster. */
function manifestFiles(dir = MANIFESTS): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return manifestFiles(path);
    return entry.name.endsWith('.yaml') && entry.name !== 'kustomization.yaml' ? [path] : [];
  });
}

const FILES = manifestFiles().map((path) => relative(MANIFESTS, path));
const EXAMPLE = 'secret.example.yaml';

describe('a manifest', () => {
  it.each(FILES.filter((file) => file !== EXAMPLE))('%s is what Kubernetes knows', async (file) => {
    for (const manifest of readManifests(join(MANIFESTS, file)))
      expect(await checkSchema(manifest), describeManifest(manifest)).toEqual([]);
  });

  it.each(FILES)('%s names its namespace, so that kubectl apply -f works', (file) => {
    const unscoped = ['Namespace', 'ClusterRole', 'ClusterRoleBinding'];
    for (const { kind, metadata } of readManifests(join(MANIFESTS, file)))
      expect(metadata.namespace).toBe(unscoped.includes(kind) ? undefined : 'podips');
  });
});

describe('the schemas', () => {
  const deployment = () => named(buildManifests('services'), 'Deployment', 'podips-writer');

  it.each<[string, (spec: Record<string, unknown>) => void, RegExp]>([
    ['an unknown field', (spec) => Object.assign(spec, { replica: 1 }), /^\/spec\/replica is not known$/],
    ['a field without its value', (spec) => Object.assign(spec, { selector: undefined }), /^\/spec required/],
    ['a wrong type', (spec) => Object.assign(spec, { replicas: '1' }), /^\/spec\/replicas type/],
    [
      'a value that is none',
      (spec) => Object.assign(spec, { strategy: { type: 'Rolling' } }),
      /strategy.* enum/,
    ],
  ])('refuse %s', async (_what, spoil, problem) => {
    const manifest = deployment();
    if (isMap(manifest.spec)) spoil(manifest.spec);
    expect(await checkSchema(manifest)).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  it('refuse an unknown field at any depth', async () => {
    const manifest = deployment();
    Object.assign(manifest.spec?.template.spec?.containers[0]?.livenessProbe ?? {}, { period: 1 });
    expect(await checkSchema(manifest)).toEqual([
      '/spec/template/spec/containers/0/livenessProbe/period is not known',
    ]);
  });
});

describe('a kustomization', () => {
  it.each(FOLDERS)('%s builds, and Kubernetes knows all of it', async (folder) => {
    const manifests = buildManifests(folder);
    expect(manifests.length).toBeGreaterThan(5);
    for (const manifest of manifests)
      expect(await checkSchema(manifest), describeManifest(manifest)).toEqual([]);
  });

  it.each(COMPONENTS)('builds with the component %s, and Kubernetes knows all of it', async (component) => {
    // It changes the alerts, and adds nothing.
    const before = component === 'runbooks' ? ['prometheus'] : [];
    const manifests = buildManifests('overlays/trial', [...before, component]);
    expect(manifests).not.toEqual(buildManifests('overlays/trial', before));
    for (const manifest of manifests)
      expect(await checkSchema(manifest), describeManifest(manifest)).toEqual([]);
  });

  it('that is the trial needs nothing from outside', () => {
    const manifests = buildManifests('overlays/trial');
    expect(ofKind(manifests, 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual([
      'podips-database',
      'podips-queue',
    ]);
    expect(named(manifests, 'Secret', 'podips').stringData).toHaveProperty('QUEUE_PASSWORD');
  });

  it('that is for production brings no queue, no database, no Fluentd and no password', () => {
    const manifests = buildManifests('overlays/production');
    expect(ofKind(manifests, 'StatefulSet')).toEqual([]);
    expect(ofKind(manifests, 'Secret')).toEqual([]);
    expect(named(manifests, 'Deployment', 'podips-reader').spec?.replicas).toBe(2);
    expect(named(manifests, 'Deployment', 'podips-writer').spec?.replicas).toBeGreaterThan(1);
    const budgets = ofKind(manifests, 'PodDisruptionBudget').map(({ metadata }) => metadata.name);
    expect(budgets).toEqual(['podips-reader', 'podips-writer']);
  });
});

it('the example of a Secret is refused as long as a value is not replaced', async () => {
  const [secret] = ofKind(readManifests(join(MANIFESTS, EXAMPLE)), 'Secret');
  if (secret === undefined) throw new Error('there is no Secret');
  const refused = Object.keys(secret.data ?? {}).map((key) => expect.stringContaining(`/data/${key} format`));
  expect(refused).toHaveLength(5);
  expect(await checkSchema(secret)).toEqual(refused);
  const trial = named(buildManifests('overlays/trial'), 'Secret', 'podips');
  expect(Object.keys(secret.data ?? {}).sort()).toEqual(Object.keys(trial.stringData ?? {}).sort());
});
