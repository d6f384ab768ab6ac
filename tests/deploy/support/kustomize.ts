import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { MANIFESTS, type Manifest, parseManifests } from './documents.js';

/** What the component `runbooks` needs from an overlay. */
export const RUNBOOKS = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'podips-runbooks', annotations: { 'config.kubernetes.io/local-config': 'true' } },
  data: { page: 'https://git.example.org/podips/docs/operate.md' },
};

/** The texts that kubectl has built so far: it takes a moment each time. */
const built = new Map<string, string>();

/**
 * Builds a folder with manifests as `kubectl kustomize` does.
 * @param folder below {@link MANIFESTS}
 * @param components names of components to add to it
 */
export function buildText(folder: string, components: readonly string[] = []): string {
  const key = [folder, ...components].join(' ');
  const text = built.get(key) ?? build(folder, components);
  built.set(key, text);
  return text;
}

/** As {@link buildText}, as objects. */
export function buildManifests(folder: string, components: readonly string[] = []): Manifest[] {
  return parseManifests(buildText(folder, components));
}

function build(folder: string, components: readonly string[]): string {
  if (components.length === 0) return kustomize(join(MANIFESTS, folder));
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'podips-kustomize-')));
  try {
    const kustomization = {
      resources: [
        relative(dir, join(MANIFESTS, folder)),
        ...(components.includes('runbooks') ? ['runbooks.yaml'] : []),
      ],
      components: components.map((name) => relative(dir, join(MANIFESTS, 'components', name))),
    };
    writeFileSync(join(dir, 'runbooks.yaml'), stringify(RUNBOOKS));
    writeFileSync(join(dir, 'kustomization.yaml'), stringify(kustomization));
    return kustomize(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** @throws with the words of kubectl */
export function kustomize(dir: string): string {
  return execFileSync('kubectl', ['kustomize', dir], { encoding: 'utf8' });
}
