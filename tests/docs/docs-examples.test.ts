import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createLogger, type DatabasePool, migrate, openPool } from '@podips/shared';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { isManifest, isMap, MANIFESTS, parseManifests, parseYaml } from '../deploy/support/documents.js';
import { kustomize } from '../deploy/support/kustomize.js';
import { type LiveServices, startLiveServices } from '../deploy/support/live-services.js';
import { checkSchema } from '../deploy/support/schema.js';
import { createDatabase } from '../support/test-databases.js';
import { blocksOf, ROOT, readDocuments } from './documents.js';

const documents = readDocuments();
const examples = (language: string) =>
  documents.flatMap((document) =>
    blocksOf(document, language).map((code) => ({ name: document.name, code })),
  );

describe('SQL in a document', () => {
  let database: DatabasePool;
  beforeAll(async () => {
    database = openPool(await createDatabase(), createLogger('test', 'silent'));
    await migrate(database);
  });
  afterAll(() => database?.end());
  const inline = documents.flatMap(({ name, spans }) =>
    spans.filter((span) => /^SELECT .* FROM/.test(span)).map((code) => ({ name, code })),
  );

  it.each([...examples('sql'), ...inline])('$name: $code', async ({ code }) => {
    // Documents write parameters where the reader has to insert a value.
    const statement = code.replaceAll('$1', "'10.1.2.3'").replaceAll('$2', "'2026-11-20 14:05Z'");
    if (!code.startsWith('... ')) await database.query(statement);
  });
});

describe('YAML in a document', () => {
  const values = examples('yaml').map(({ name, code }) => ({ name, code, value: parseYaml(code)[0] }));

  it.each(values.filter(({ value }) => isManifest(value)))(
    '$name: an object that Kubernetes knows',
    async ({ code }) => {
      for (const manifest of parseManifests(code)) expect(await checkSchema(manifest)).toEqual([]);
    },
  );

  it.each(values.filter(({ value }) => isMap(value) && Array.isArray(value.resources)))(
    '$name: a kustomization of what is there',
    ({ value }) => {
      const { resources = [], components = [] }: { resources?: string[]; components?: string[] } = isMap(
        value,
      )
        ? value
        : {};
      const ours = [...resources, ...components].filter((path) => path.startsWith('../podips/'));
      expect(ours.length).toBeGreaterThan(0);
      for (const path of ours)
        expect(existsSync(join(ROOT, path.replace('../podips/', ''), 'kustomization.yaml')), path).toBe(true);
    },
  );

  // Built as a reader would.
  it('builds', () => {
    const dir = mkdtempSync(join(tmpdir(), 'podips-docs-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    cpSync(MANIFESTS, join(dir, 'podips/deploy/k8s'), { recursive: true });
    const files = values.flatMap(({ code }) => {
      const [, path] = /^# (\S+\.yaml)\n/.exec(code) ?? [];
      return path === undefined ? [] : [{ path, code }];
    });
    for (const { path, code } of files) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), code);
    }
    for (const service of ['reader', 'writer', 'monitor'])
      cpSync(
        join(MANIFESTS, `overlays/production/${service}-settings.yaml`),
        join(dir, `podips-production/${service}-settings.yaml`),
      );
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) {
      const text = kustomize(join(dir, folder));
      expect(parseManifests(text).length, folder).toBeGreaterThan(10);
    }
  });
});

describe('metrics in a document', () => {
  let services: LiveServices;
  beforeAll(async () => {
    services = await startLiveServices();
  });
  afterAll(() => services[Symbol.asyncDispose]());

  it('exist', async () => {
    const texts = await Promise.all(
      Object.values(services.urls).map(async (url) => (await fetch(`${url}/metrics`)).text()),
    );
    const known = texts.flatMap((text) => [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name));
    const named = documents.flatMap(({ spans }) =>
      spans.filter((span) => /^podips_(?!(host|who|leases|leases_around)$)\w+$/.test(span)),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(known).toEqual(expect.arrayContaining(named));
  });
});
