import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileVariableOf, isSecret } from '@podips/shared';
import { describe, expect, it } from 'vitest';
import { PROGRAM_SPECS } from '../deploy/docker/program-specs.js';
import { named } from '../deploy/support/documents.js';
import { buildManifests } from '../deploy/support/kustomize.js';
import { blocksOf, commandsOf, ROOT, readDocument, readDocuments } from './documents.js';

const documents = readDocuments();
const { scripts }: { scripts: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);
/** Commands of npm and pnpm that are not scripts. */
const BUILT_IN = ['install', 'exec', 'deploy', 'config'];
const FOLDERS = /^(deploy|docs|tests|services|packages|tools|bench|patches)\/[\w./-]+$/;

/** Variables of other programs, or of files beside the services. */
const OTHER_VARIABLES = [
  'MALLOC_ARENA_MAX',
  'NODE_EXTRA_CA_CERTS',
  'NODE_IMAGE',
  'NODE_OPTIONS',
  'POSTGRES_USER',
];

/** A setting, and the variable that names the file of a secret. */
const variablesOf = ([name, spec]: [string, object]) =>
  isSecret(spec) ? [name, fileVariableOf(name)] : [name];

describe.each(documents)('$name', (document) => {
  it('links to files and headings that exist', () => {
    for (const [, target = ''] of document.text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target.includes('://')) continue;
      const [file = '', anchor] = target.split('#');
      const path = file === '' ? document.name : join(dirname(document.name), file);
      expect(existsSync(join(ROOT, path)), target).toBe(true);
      if (anchor !== undefined) expect(readDocument(path).anchors, target).toContain(anchor);
    }
  });

  it('names scripts that exist', () => {
    for (const command of commandsOf(document)) {
      const [, name] = /^p?npm (?:run )?([a-z:]+)/.exec(command) ?? [];
      if (name !== undefined) expect([...Object.keys(scripts), ...BUILT_IN], command).toContain(name);
    }
  });

  it('names files and folders that exist', () => {
    const { spans } = document;
    const paths = [...spans, ...commandsOf(document).flatMap((command) => command.split(' '))];
    for (const path of paths.filter((word) => FOLDERS.test(word) && !word.includes('dist/')))
      expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it('names variables that a service knows', () => {
    const known = [
      ...Object.values(PROGRAM_SPECS).flatMap((specs) => Object.entries(specs).flatMap(variablesOf)),
      ...OTHER_VARIABLES,
      'KUBECONFIG',
      // Of the command line.
      'PODIPS_URL',
      'PODIPS_USER',
      'PODIPS_PASSWORD',
    ];
    const variables = document.spans.flatMap((span) => /^([A-Z]+(?:_[A-Z]+)+)(?:=|$)/.exec(span)?.[1] ?? []);
    expect(known).toEqual(expect.arrayContaining(variables));
  });

  it('gives commands that the shell understands', () => {
    for (const code of blocksOf(document, 'sh')) {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' });
      expect(status, `${code}\n${stderr}`).toBe(0);
    }
  });

  it('gives the installer options that it has', () => {
    const usage = spawnSync(process.execPath, [join(ROOT, 'tools/install-cluster.mjs'), '--help'], {
      encoding: 'utf8',
    }).stdout;
    for (const command of commandsOf(document).filter((line) => line.includes('install:cluster')))
      for (const [option] of command
        .split('-- ')
        .slice(1)
        .join()
        .matchAll(/--[a-z-]+/g))
        expect(usage, command).toContain(`${option} `);
  });
});

describe('the documents about clusters', () => {
  const manifests = buildManifests('overlays/trial', ['database-client', 'prometheus']);
  const about = documents.filter(({ name }) => name.startsWith('docs/'));

  it('name workloads that exist', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
    const commands = about.flatMap(commandsOf);
    const found = commands.flatMap((command) => [
      ...command.matchAll(/\b(deployment|statefulset|cronjob|service)[/ ](podips-[a-z-]+)/g),
    ]);
    expect(found.length).toBeGreaterThan(10);
    for (const [text, kind, name] of found) expect(names, text).toContain(`${kind}/${name}`);
  });

  it('name every image that the manifests have', () => {
    const images = [...JSON.stringify(manifests).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image);
    const { spans } = readDocument('docs/install.md');
    expect(spans).toEqual(expect.arrayContaining([...new Set(images)]));
  });

  it('explain every alert under its name', () => {
    const groups = named(manifests, 'PrometheusRule', 'podips').spec?.groups ?? [];
    const alerts = groups.flatMap(({ rules = [] }) => rules);
    expect(alerts.length).toBeGreaterThan(5);
    for (const { alert, annotations } of alerts) {
      const [file = '', anchor] = String(annotations?.runbook_url).split('#');
      expect(anchor).toBe(alert?.toLowerCase());
      expect(readDocument(file).anchors, alert).toContain(anchor);
      expect(readDocument(file).text).toContain(`\n### ${alert}\n`);
    }
  });

  it('explain every light and every colour', () => {
    const { text } = readDocument('docs/operate.md');
    for (const light of ['Kubernetes read', 'Queue write', 'Queue read', 'Fluentd write']) {
      const [row = ''] = text.split('\n').filter((line) => line.startsWith(`| **${light}** |`));
      const cells = row.split(' | ').slice(1);
      expect(cells.length, light).toBe(3);
      for (const cell of cells) expect(cell.length, light).toBeGreaterThan(10);
    }
  });
});
