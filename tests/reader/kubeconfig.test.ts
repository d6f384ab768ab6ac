import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { readKubeconfig } from '@podips/reader';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { INPUTS, type KubeconfigInput } from '../support/kubeconfig-inputs.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-kubeconfig-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(file: string, content: string | object): string {
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function writeAll({ files, order = Object.keys(files) }: KubeconfigInput): string[] {
  for (const [file, content] of Object.entries(files)) write(file, content);
  return order.map((file) => file && join(dir, file));
}

/** What kubectl makes of files, with the content of certificates; undefined where it refuses them. */
function kubectlView(files: readonly string[]): unknown {
  const env = { ...process.env, HOME: dir, KUBECONFIG: files.join(delimiter) };
  const args = ['config', 'view', '--minify', '--raw', '--flatten', '--output=json'];
  const { status, stdout } = spawnSync('kubectl', args, { env, encoding: 'utf8' });
  return status === 0 ? JSON.parse(stdout, withoutFolders) : undefined;
}

/** Kubectl resolves these when it connects, and prints them as they are. */
function withoutFolders(key: string, value: unknown): unknown {
  return ['command', 'tokenFile'].includes(key) ? basename(String(value)) : value;
}

/** What the reader makes of files, in kubectl's form. */
function readerView(files: readonly string[]): unknown {
  const problems: string[] = [];
  const current = readKubeconfig(
    files.filter((file) => file !== ''),
    problems,
  );
  const { name, namespace, cluster, user } = current ?? {};
  if (problems.length > 0 || cluster === undefined || user === undefined) return undefined;
  const context = { cluster: cluster.name, user: user.name, namespace };
  const merged = {
    'current-context': name,
    contexts: [{ name, context }],
    clusters: [{ name: cluster.name, cluster: cluster.fields }],
    users: user.name === '' ? [] : [{ name: user.name, user: user.fields }],
  };
  return kubectlView([write('elsewhere/merged', merged)]);
}

it.each(Object.entries(INPUTS))('reads as kubectl does: %s', (_, input) => {
  const files = writeAll(input);
  expect(readerView(files)).toEqual(kubectlView(files));
});
