import { readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { describeManifest, isMap, type Manifest, parseYaml, readManifests } from './documents.js';

/**
 * The part of a kustomization that podips uses, so that tests need no kubectl. Whatever stands in a kustomization and is
 * not known here is an error.
 */
export interface Kustomization {
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly patches?: readonly { readonly path: string }[];
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly images?: readonly { readonly name: string; readonly newName?: string; readonly newTag?: string }[];
  readonly configMapGenerator?: readonly ConfigMapGenerator[];
}

interface ConfigMapGenerator {
  readonly name: string;
  readonly namespace: string;
  readonly files: readonly string[];
  readonly options: { readonly disableNameSuffixHash: true; readonly labels?: Record<string, string> };
}

const KNOWN = [
  'apiVersion',
  'kind',
  'resources',
  'components',
  'patches',
  'replicas',
  'images',
  'configMapGenerator',
];

/** @param dir a folder with a kustomization.yaml @throws when something is missing, twice, or not understood */
export function buildKustomization(dir: string): Manifest[] {
  return build(dir, readKustomization(dir), []);
}

/** As {@link buildKustomization}, of a kustomization that is in no file. @param dir what its paths are relative to */
export function buildFrom(dir: string, kustomization: Kustomization): Manifest[] {
  return build(dir, kustomization, []);
}

function readKustomization(dir: string): Kustomization {
  const [value] = parseYaml(readFileSync(join(dir, 'kustomization.yaml'), 'utf8'));
  if (!isMap(value)) throw new Error(`${dir} has an empty kustomization`);
  const unknown = Object.keys(value).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) throw new Error(`${dir}: not known: ${unknown.join(', ')}`);
  return value;
}

/** @param before what a component adds to and changes */
function build(dir: string, kustomization: Kustomization, before: readonly Manifest[]): Manifest[] {
  let manifests = [...before];
  const add = (more: readonly Manifest[]) => {
    for (const manifest of more) {
      if (manifests.some((other) => isSame(other, manifest)))
        throw new Error(`${dir}: there are two: ${describeManifest(manifest)}`);
      manifests.push(manifest);
    }
  };
  for (const resource of kustomization.resources ?? []) add(loadResource(dir, resource));
  for (const generator of kustomization.configMapGenerator ?? []) add([generateConfigMap(dir, generator)]);
  for (const component of kustomization.components ?? []) {
    const path = join(dir, component);
    manifests = build(path, readKustomization(path), manifests);
  }
  for (const { path } of kustomization.patches ?? []) applyPatch(manifests, readPatch(join(dir, path)));
  for (const { name, count } of kustomization.replicas ?? []) setReplicas(manifests, name, count);
  for (const image of kustomization.images ?? []) renameImages(manifests, image);
  return manifests;
}

/** kustomize refuses files outside of the kustomization's folder, and folders that contain it. */
function loadResource(dir: string, resource: string): Manifest[] {
  const path = resolve(dir, resource);
  if (statSync(path).isDirectory()) {
    if (!relative(path, resolve(dir)).startsWith('..')) throw new Error(`${dir}: ${resource} contains it`);
    return buildKustomization(path);
  }
  if (relative(dir, path).startsWith('..')) throw new Error(`${dir}: ${resource} is outside of the folder`);
  return readManifests(path);
}

function generateConfigMap(dir: string, generator: ConfigMapGenerator): Manifest {
  const { name, namespace, files, options } = generator;
  const data = Object.fromEntries(
    files.map((file) => [basename(file), readFileSync(join(dir, file), 'utf8')]),
  );
  const metadata = { name, namespace, ...(options.labels ? { labels: options.labels } : {}) };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  return configMap;
}

/** kubectl 1.27 to 1.30 refuse a file with several. */
function readPatch(path: string): Manifest {
  const [patch, ...others] = readManifests(path);
  if (patch === undefined || others.length > 0) throw new Error(`${path}: a patch is one object`);
  return patch;
}

function applyPatch(manifests: readonly Manifest[], patch: Manifest): void {
  const target = manifests.find((manifest) => isSame(manifest, patch));
  if (target === undefined) throw new Error(`nothing to patch: ${describeManifest(patch)}`);
  merge(target, patch);
}

/** Lists are refused: how Kubernetes merges one depends on what it is. */
function merge(target: Record<string, unknown>, patch: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(patch)) {
    const old = target[key];
    if (Array.isArray(value)) throw new Error(`a patch has a list: ${key}`);
    if (isMap(value) && isMap(old)) merge(old, value);
    else target[key] = value;
  }
}

function setReplicas(manifests: readonly Manifest[], name: string, count: number): void {
  const targets = manifests.filter(
    ({ kind, metadata }) => metadata.name === name && ['Deployment', 'StatefulSet'].includes(kind),
  );
  if (targets.length === 0) throw new Error(`no ${name} to set the replicas of`);
  for (const target of targets) merge(target, { spec: { replicas: count } });
}

function renameImages(value: unknown, image: { name: string; newName?: string; newTag?: string }): void {
  if (Array.isArray(value)) for (const entry of value) renameImages(entry, image);
  if (!isMap(value)) return;
  const [name, tag] = typeof value.image === 'string' ? value.image.split(':') : [];
  if (name === image.name) value.image = `${image.newName ?? name}:${image.newTag ?? tag}`;
  for (const entry of Object.values(value)) renameImages(entry, image);
}

function isSame(one: Manifest, other: Manifest): boolean {
  return (
    one.kind === other.kind &&
    one.metadata.name === other.metadata.name &&
    one.metadata.namespace === other.metadata.namespace
  );
}
