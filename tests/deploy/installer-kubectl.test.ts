import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { Manifest } from './support/documents.js';
import { CONTEXT, installedRules, list, overlayText, runInstaller } from './support/installer.js';
import { buildManifests } from './support/kustomize.js';

interface Overlay {
  readonly namespace: string;
  readonly documents: readonly {
    kind: string;
    name: string;
    namespace?: string;
    resource: string;
    settings?: string;
  }[];
  readonly bringsSecret: boolean;
  readonly images: readonly string[];
  readonly placeholders: readonly string[];
}
type FakeKubectl = Record<'run' | 'must' | 'get', (...args: unknown[]) => Promise<unknown>>;

const load = (name: string) => import(new URL(`../../tools/cluster/${name}.mjs`, import.meta.url).href);
const { parseOverlay }: { parseOverlay: (text: string) => Overlay } = await load('overlay');
const { pokeCanary }: { pokeCanary: (...args: unknown[]) => Promise<void> } = await load('canary');

const OVERLAYS = ['trial', 'production'];
const build = (name: string) => buildManifests(`overlays/${name}`);
const toLine = (kind: string, name: string, namespace = '') => `${kind} ${namespace}/${name}`;
const toLines = (manifests: readonly Manifest[]) =>
  manifests.map(({ kind, metadata }) => toLine(kind, metadata.name, metadata.namespace));

describe.each(OVERLAYS)('what the installer understands of the overlay %s', (name) => {
  const text = overlayText(name);

  it('is every object but the Secret', () => {
    const overlay = parseOverlay(text);
    const found = overlay.documents.map(({ kind, name, namespace }) => toLine(kind, name, namespace));
    const expected = toLines(build(name).filter(({ kind }) => kind !== 'Secret'));
    expect(found.toSorted()).toEqual(expected.toSorted());
    expect(overlay.namespace).toBe('podips');
    expect(overlay.bringsSecret).toBe(name === 'trial');
  });

  it('is its images, and what is left to fill in', () => {
    const { images, placeholders } = parseOverlay(text);
    const prefix = name === 'trial' ? '' : 'registry.example.org/';
    expect(images).toContain(`${prefix}podips/reader:2.0.0`);
    const toFillIn = ['QUEUE_HOST:', 'DB_HOST:', 'LOG_SERVER:', 'image:'];
    const keys = new Set(placeholders.map((value) => value.split(' ')[0]));
    expect([...keys].toSorted()).toEqual(name === 'trial' ? [] : toFillIn.toSorted());
  });
});

it('kinds are named as the API does', () => {
  const { documents } = parseOverlay(`${overlayText('production')}---\n${overlayText('trial')}`);
  const resources = new Set(documents.map(({ resource }) => resource));
  expect([...resources].toSorted()).toEqual([
    'clusterrolebindings.rbac.authorization.k8s.io',
    'clusterroles.rbac.authorization.k8s.io',
    'configmaps',
    'cronjobs.batch',
    'deployments.apps',
    'namespaces',
    'networkpolicies.networking.k8s.io',
    'persistentvolumeclaims',
    'poddisruptionbudgets.policy',
    'rolebindings.rbac.authorization.k8s.io',
    'roles.rbac.authorization.k8s.io',
    'serviceaccounts',
    'services',
    'statefulsets.apps',
  ]);
});

it.each<[string, string, string]>([
  ['no namespace', 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n', 'is in: none'],
  [
    'two namespaces',
    ['a', 'b']
      .map((one) => `apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: ${one}\n`)
      .join('---\n'),
    'is in: a, b',
  ],
  ['what is no object', 'kind: List\n', 'not a Kubernetes object'],
])('an overlay with %s is refused', (_what, text, problem) => {
  expect(() => parseOverlay(text)).toThrow(problem);
});

describe('the canary', () => {
  const overlay = parseOverlay(overlayText('trial'));
  const kubectl = (answer: string, job: object = { succeeded: 1 }): FakeKubectl => ({
    run: async (args) => ({
      ok: true,
      stdout: String(args).startsWith('logs,job') ? `{"status":"${answer}"}` : '',
    }),
    must: async () => '{"metadata":{}}',
    get: async (kind) => (kind === 'job' ? { status: job } : { items: [waitingPod('ImagePullBackOff')] }),
  });

  it('gives up at the deadline, and says where to look', async () => {
    const poke = pokeCanary(kubectl('fail'), overlay, 0, 0);
    await expect(poke).rejects.toThrow('the monitor answers: fail. The first light');
  });

  it('gives up when Fluentd has no record of it', async () => {
    const poke = pokeCanary(kubectl('success'), overlay, 0, 0);
    await expect(poke).rejects.toThrow('Fluentd has no record of the pod podips-canary-');
  });

  it('looks for no record where the writer sends to another Fluentd', async () => {
    const text = overlayText('trial').replace(
      'LOG_SERVER: podips-fluentd',
      'LOG_SERVER: fluentd.logging.svc',
    );
    await pokeCanary(kubectl('success'), parseOverlay(text), 0, 0);
  });

  it('says at the deadline why its job failed', async () => {
    const poke = pokeCanary(kubectl('', { failed: 1 }), overlay, 0, 0);
    await expect(poke).rejects.toThrow(/got no answer from the monitor\n.*ImagePullBackOff/);
  });
});

function waitingPod(reason: string) {
  const state = { waiting: { reason } };
  return { metadata: { name: 'podips-canary' }, status: { containerStatuses: [{ ready: false, state }] } };
}

// For a cluster that is not there.
it('kubectl understands every command of the installer', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'podips-kubeconfig-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const kubeconfig = join(dir, 'config');
  writeFileSync(kubeconfig, stringify(nowhere()));
  const commands = new Map((await allCommands()).map((call) => [call.command, call]));
  for (const command of commands.values()) {
    const { stderr } = spawnSync(
      'kubectl',
      ['--kubeconfig', kubeconfig, '--context', CONTEXT, ...command.args],
      {
        encoding: 'utf8',
        input: command.input,
      },
    );
    const lines = stderr.split('\n').filter((line) => line !== '' && !/^[EW]\d{4} /.test(line));
    const reached = lines.every((line) => /connection (to the server .* was )?refused|^Warning: /.test(line));
    expect(reached, `${command.command}: ${stderr}`).toBe(true);
  }
});

/** One of each command that installing, upgrading and uninstalling use. */
async function allCommands() {
  const unattended = ['--yes', '--context', CONTEXT];
  const { settings } =
    parseOverlay(overlayText('trial')).documents.find(
      ({ kind, name }) => kind === 'Deployment' && name === 'podips-reader',
    ) ?? {};
  const annotations = { 'podips/settings': settings };
  const reader = { metadata: { name: 'podips-reader' }, spec: { template: { metadata: { annotations } } } };
  const changed = [
    { match: '^get deployments,', stdout: list(reader) },
    { match: '^get configmaps', stdout: list({ metadata: { name: 'podips-reader' } }), times: 1 },
    { match: '^get configmaps', stdout: list({ metadata: { name: 'podips-reader' }, data: { a: '' } }) },
  ];
  const failed = [
    { match: '^rollout status', code: 1 },
    {
      match: '^get pods',
      stdout: list({ metadata: { name: 'a' }, status: { containerStatuses: [{ restartCount: 1 }] } }),
    },
  ];
  const there = { match: '^get (deployments.apps,|clusterrole)', stdout: 'clusterrole/podips-reader\n' };
  const outcomes = [
    await runInstaller(unattended),
    await runInstaller(unattended, { rules: failed }),
    await runInstaller([...unattended, '--upgrade', '--overlay', 'trial', '--force-conflicts'], {
      rules: [...changed, ...installedRules()],
    }),
    await runInstaller([...unattended, '--uninstall', '--purge'], { rules: [there, ...installedRules()] }),
  ];
  const commands = outcomes.flatMap(({ calls }) => calls);
  const sameKind = (command: string) =>
    command.replace(/can-i (create|patch) \S+/, 'can-i').replace(/canary-\w+/, '');
  return [...new Map(commands.map((command) => [sameKind(command.command), command])).values()];
}

/** A kubeconfig for a cluster that does not exist. */
function nowhere() {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    clusters: [{ name: 'nowhere', cluster: { server: 'http://127.0.0.1:1' } }],
    users: [{ name: 'nobody', user: {} }],
    contexts: [{ name: CONTEXT, context: { cluster: 'nowhere', user: 'nobody' } }],
  };
}
