import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import {
  describeManifest,
  isMap,
  MANIFESTS,
  type Manifest,
  named,
  ofKind,
  parseManifests,
  readManifests,
} from './support/documents.js';
import { buildFrom, buildKustomization, type Kustomization } from './support/kustomize.js';
import { checkSchema } from './support/schema.js';

const FOLDERS = ['.', 'services', 'parts', 'overlays/trial', 'overlays/production'];
const COMPONENTS = readdirSync(join(MANIFESTS, 'components'));
const HAS_KUBECTL = spawnSync('kubectl', ['version', '--client']).status === 0;

/** An overlay with everything that is optional. */
const WITH_ALL_COMPONENTS: Kustomization = {
  resources: ['overlays/trial'],
  components: COMPONENTS.map((name) => `components/${name}`),
};

/** All files that hold objects of a cluster. */
function manifestFiles(dir = MANIFESTS): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return manifestFiles(path);
    return entry.name.endsWith('.yaml') && entry.name !== 'kustomization.yaml' ? [path] : [];
  });
}

const FILES = manifestFiles().map((path) => relative(MANIFESTS, path));
const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));
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
  const deployment = () =>
    named(buildKustomization(join(MANIFESTS, 'services')), 'Deployment', 'podips-writer');

  it.each<[string, (spec: Record<string, unknown>) => void, RegExp]>([
    [
      'a field that nobody knows',
      (spec) => Object.assign(spec, { replica: 1 }),
      /^\/spec\/replica is not known$/,
    ],
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
    const manifests = buildKustomization(join(MANIFESTS, folder));
    expect(manifests.length).toBeGreaterThan(5);
    for (const manifest of manifests)
      expect(await checkSchema(manifest), describeManifest(manifest)).toEqual([]);
  });

  it.each(COMPONENTS)('builds with the component %s, and Kubernetes knows all of it', async (component) => {
    const plain = buildKustomization(join(MANIFESTS, 'overlays/trial'));
    const components = [`components/${component}`];
    const manifests = buildFrom(MANIFESTS, { resources: ['overlays/trial'], components });
    expect(manifests.length).toBeGreaterThan(plain.length);
    for (const manifest of manifests)
      expect(await checkSchema(manifest), describeManifest(manifest)).toEqual([]);
  });

  it('that is the trial needs nothing from outside', () => {
    const manifests = buildKustomization(join(MANIFESTS, 'overlays/trial'));
    expect(ofKind(manifests, 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual([
      'podips-queue',
      'podips-database',
    ]);
    expect(named(manifests, 'Secret', 'podips').stringData).toHaveProperty('QUEUE_PASSWORD');
  });

  it('that is for production brings no queue, no database, no Fluentd and no password', () => {
    const manifests = buildKustomization(join(MANIFESTS, 'overlays/production'));
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
  const trial = named(buildKustomization(join(MANIFESTS, 'overlays/trial')), 'Secret', 'podips');
  expect(Object.keys(secret.data ?? {})).toEqual(Object.keys(trial.stringData ?? {}));
});

describe("the tests' own builder of kustomizations", () => {
  const built = readFileSync(join(FIXTURES, 'built.yaml'), 'utf8');

  it('makes what kubectl made of the same', () => {
    expect(sorted(buildKustomization(join(FIXTURES, 'overlay')))).toEqual(sorted(parseManifests(built)));
  });

  it.each<[string, Kustomization, string]>([
    ['what is not there', { components: ['nowhere'] }, 'no such file'],
    ['two of a name', { resources: ['base', 'base'] }, 'there are two: Deployment app'],
    ['replicas of nothing', { resources: ['base'], replicas: [{ name: 'ap', count: 1 }] }, 'no ap'],
    ['a patch of nothing', { patches: [{ path: 'overlay/settings.yaml' }] }, 'nothing to patch'],
    ['a patch with a list', { resources: ['base'], patches: [{ path: 'list.yaml' }] }, 'has a list'],
    ['several patches in a file', { patches: [{ path: 'base/app.yaml' }] }, 'a patch is one object'],
    ['files outside of the folder', { resources: ['../k8s-build.test.ts'] }, 'outside of the folder'],
    ['a folder that contains it', { resources: ['.'] }, 'contains it'],
  ])('refuses %s', (_what, kustomization, problem) => {
    expect(() => buildFrom(FIXTURES, kustomization)).toThrow(problem);
  });

  // What is shipped is compared with a real kubectl wherever there is one.
  if (HAS_KUBECTL) {
    it('keeps a record of what kubectl makes now', () => {
      expect(parseManifests(built)).toEqual(kubectl(join(FIXTURES, 'overlay')));
    });

    it.each(FOLDERS)('makes what kubectl makes of %s', (folder) => {
      const dir = join(MANIFESTS, folder);
      expect(sorted(buildKustomization(dir))).toEqual(sorted(kubectl(dir)));
    });

    it('makes what kubectl makes of all components', () => {
      const dir = mkdtempSync(join(tmpdir(), 'podips-kustomize-'));
      onTestFinished(() => rmSync(dir, { recursive: true }));
      const away = (paths: readonly string[] = []) =>
        paths.map((path) => relative(dir, join(MANIFESTS, path)));
      const { resources, components } = WITH_ALL_COMPONENTS;
      const kustomization = { resources: away(resources), components: away(components) };
      writeFileSync(join(dir, 'kustomization.yaml'), stringify(kustomization));
      expect(sorted(buildFrom(MANIFESTS, WITH_ALL_COMPONENTS))).toEqual(sorted(kubectl(dir)));
    });
  }
});

function kubectl(dir: string): Manifest[] {
  return parseManifests(execFileSync('kubectl', ['kustomize', dir], { encoding: 'utf8' }));
}

function sorted(manifests: readonly Manifest[]): Manifest[] {
  return manifests.toSorted((a, b) => describeManifest(a).localeCompare(describeManifest(b)));
}
