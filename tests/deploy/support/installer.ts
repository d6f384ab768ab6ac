import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import type { Manifest } from './documents.js';
import { type Call, type Rule, startFakeKubectl } from './fake-kubectl.js';
import { buildText } from './kustomize.js';

export type { Rule };

const INSTALLER = fileURLToPath(new URL('../../../tools/install-cluster.mjs', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly calls: readonly Call[];
  /** The commands that change something in the cluster. */
  readonly changes: readonly string[];
}

export interface Scenario {
  /** Before those of a healthy, empty cluster. */
  readonly rules?: readonly Rule[];
  /** Typed at the first question; without it there is no terminal. */
  readonly answer?: string;
  /** Whether kubectl is on the PATH; false: nothing is. */
  readonly kubectl?: boolean;
}

export const CONTEXT = 'kind-trial';
export const list = (...items: object[]) => JSON.stringify({ items });
export const version = (minor: number) => ({
  major: '1',
  minor: `${minor}`,
  gitVersion: `v1.${minor}.2`,
});

/** As kubectl writes what it built. */
export function toText(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0 })).join('---\n');
}

export function overlayText(name: string): string {
  return buildText(`overlays/${name}`);
}

/** A node of a cluster. */
export function node(architecture = 'amd64', operatingSystem = 'linux', spec: object = {}) {
  return { spec, status: { nodeInfo: { architecture, operatingSystem } } };
}

/** A cluster in which all is well and podips is not yet. */
const HEALTHY: readonly Rule[] = [
  { match: '^version --client', stdout: JSON.stringify({ clientVersion: version(34) }) },
  { match: '^version --output', stdout: JSON.stringify({ serverVersion: version(34) }) },
  { match: '^config get-contexts', stdout: `${CONTEXT}\nother\n` },
  { match: '^config current-context', stdout: `${CONTEXT}\n` },
  { match: '^config view', stdout: 'https://127.0.0.1:6443' },
  { match: '^kustomize .*production', stdout: overlayText('production') },
  { match: '^kustomize .*trial', stdout: overlayText('trial') },
  { match: '^get (namespace|secret|clusterrolebindings) ' },
  { match: '^api-resources' },
  { match: '^auth can-i', stdout: 'yes\n' },
  {
    match: '^get storageclasses',
    stdout: list({
      metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    }),
  },
  { match: '^get nodes', stdout: list(node()) },
  { match: '^get (services --all|configmaps|deployments|persistentvolumeclaims|pods)', stdout: list() },
  { match: '^apply --server-side --validate=strict ' },
  { match: '^create (--namespace podips )?--filename' },
  { match: '^rollout (status|restart)', stdout: 'done\n' },
  {
    match: '^create job',
    stdout: JSON.stringify({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: '{{job}}', ownerReferences: [{ kind: 'CronJob', name: 'podips-cronjob' }] },
    }),
  },
  { match: '^get job', stdout: JSON.stringify({ status: { succeeded: 1 } }) },
  { match: '^logs job/', stdout: '{"level":"info","status":"success","msg":"the monitor answered"}\n' },
  { match: '^logs deployment/podips-fluentd', stdout: 'audit.pod_ip: {"pod":"{{job}}-x7k2p"}\n' },
  { match: '^delete' },
];

/** The answers of a cluster in which podips is installed. */
export function installedRules(image = 'podips/reader:2.0.0', ...volumes: readonly string[]): Rule[] {
  const spec = { template: { spec: { containers: [{ image }] } } };
  return [
    {
      match: '^get namespace podips',
      stdout: JSON.stringify({ metadata: { name: 'podips' }, status: { phase: 'Active' } }),
    },
    {
      match: '^get deployments,',
      stdout: list({ kind: 'Deployment', metadata: { name: 'podips-reader' }, spec }),
    },
    {
      match: '^get persistentvolumeclaims',
      stdout: list(...volumes.map((name) => ({ metadata: { name }, spec: { volumeName: `pv-${name}` } }))),
    },
    { match: '^get persistentvolumes --output', stdout: list() },
    { match: '^get secret podips', stdout: secret() },
  ];
}

/** The Secret as kubectl prints it. */
export function secret(values: Record<string, string> = {}): string {
  const keys = ['QUEUE_USERNAME', 'QUEUE_PASSWORD', 'DB_USER', 'DB_PASSWORD', 'HEARTBEAT_TOKEN'];
  const all = { ...Object.fromEntries(keys.map((key) => [key, 'of-my-own'])), ...values };
  const data = Object.fromEntries(
    Object.entries(all).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  return JSON.stringify({ metadata: { name: 'podips' }, data });
}

/** Runs the installer as npm does, with a fake kubectl. */
export async function runInstaller(args: readonly string[], scenario: Scenario = {}): Promise<Outcome> {
  const { rules = [], answer, kubectl = true } = scenario;
  const dir = mkdtempSync(join(tmpdir(), 'podips-installer-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const fake = kubectl ? await startFakeKubectl(dir, [...rules, ...HEALTHY]) : undefined;
  await using _fake = fake;
  const path = kubectl ? `${dir}${delimiter}${process.env.PATH}` : dir;
  const { code, output } = await run([process.execPath, INSTALLER, ...args], answer, {
    ...process.env,
    PATH: path,
  });
  const calls = fake?.calls ?? [];
  return { code, output, calls, changes: calls.map(({ command }) => command).filter(isChange) };
}

const isChange = (command: string) =>
  /^(apply|create|delete|patch|rollout restart)/.test(command) && !/--dry-run=(server|client)/.test(command);

async function run(command: readonly string[], answer: string | undefined, env: NodeJS.ProcessEnv) {
  const quoted = command.map((part) => `'${part}'`).join(' ');
  const [program = '', ...args] =
    answer === undefined ? command : ['script', '--quiet', '--return', '--command', quoted, '/dev/null'];
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let answered = false;
  const read = (chunk: Buffer) => {
    output += chunk;
    if (answer === undefined || answered || !output.includes('to continue:')) return;
    answered = true;
    child.stdin.write(`${answer}\n`);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  if (answer === undefined) child.stdin.end();
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, output };
}
