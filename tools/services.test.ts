import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { planInstall } from './services.mjs';

const none = { missing: [], kubectl: { installed: 32, candidate: undefined }, canInstall: true };
const noKubectl = { installed: undefined, candidate: 32 };
const onDebian12 = { installed: undefined, candidate: 20 };

it('installs what is missing, and kubectl with it', () => {
  expect(planInstall(none)).toEqual({ packages: [], problems: [] });
  expect(planInstall({ ...none, missing: ['activemq'], kubectl: noKubectl })).toEqual({
    packages: ['activemq', 'kubernetes-client'],
    problems: [],
  });
});

it('needs no kubectl for what does not use it', () => {
  expect(planInstall({ ...none, missing: ['activemq'], kubectl: undefined })).toEqual({
    packages: ['activemq'],
    problems: [],
  });
});

it('prints one command for all that is missing where it cannot install', () => {
  const { problems } = planInstall({ missing: ['activemq'], kubectl: noKubectl, canInstall: false });
  expect(problems).toEqual([
    'missing: activemq, kubernetes-client. On Debian or Ubuntu: sudo apt-get install --no-install-recommends activemq kubernetes-client',
  ]);
});

it('names a kubectl that Debian has only in a version that is too old, before it installs anything', () => {
  const { problems } = planInstall({ missing: ['activemq'], kubectl: onDebian12, canInstall: true });
  expect(problems).toEqual([
    'kubectl is missing, and the package kubernetes-client has 1.20: install 1.27 or newer from https://kubernetes.io/docs/tasks/tools/',
  ]);
  expect(planInstall({ missing: ['activemq'], kubectl: onDebian12, canInstall: false }).problems).toEqual([
    expect.stringMatching(/^missing: activemq\. /),
    ...problems,
  ]);
});

it('does not replace a kubectl that is too old, wherever it comes from', () => {
  const { problems } = planInstall({ ...none, kubectl: { installed: 26, candidate: 32 } });
  expect(problems).toEqual([
    'kubectl 1.26 is too old: install 1.27 or newer from https://kubernetes.io/docs/tasks/tools/',
  ]);
});

it('checks the folder before it fetches anything', () => {
  const bench = fileURLToPath(new URL('bench.mjs', import.meta.url));
  const env = { ...process.env, TMPDIR: `${bench}/missing` };
  const { stdout, stderr, status } = spawnSync(process.execPath, [bench], { encoding: 'utf8', env });
  expect(stderr).toContain('set TMPDIR to a folder for temporary files');
  expect(stdout).toBe('');
  expect(status).toBe(1);
});
