import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, test } from 'vitest';
import { problemOfNode } from '../node-version.mjs';

test.each([
  ['24.15.0', undefined],
  ['24.15.1', undefined],
  ['24.100.0', undefined],
  ['26.0.0-nightly1', undefined],
  ['24.14.9', 'needs Node.js 24.15.0 or newer, but this is 24.14.9'],
  ['9.99.99', 'needs Node.js 24.15.0 or newer, but this is 9.99.99'],
])('of Node %s it is said: %s', (version, problem) => {
  expect(problemOfNode(version, '>=24.15.0')).toBe(problem);
});

it('a program on an older Node ends before its rest is loaded, with one sentence', async () => {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '20.20.2' })`;
  const check = new URL('../dist/require-node.js', import.meta.url).href;
  const program = `import ${JSON.stringify(check)}; console.log('loaded');`;
  const args = [`--import=data:text/javascript,${pretend}`, '--input-type=module', '--eval', program];
  const run = promisify(execFile)(process.execPath, args, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  await expect(run).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^podips needs Node\.js \d+\.\d+\.\d+ or newer, but this is 20\.20\.2\n$/),
  });
});

const readText = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Whether a range of the kinds that the lock file has, `^22.1.0 || >=24 <25`, has a version. */
function includes(range: string, version: string): boolean {
  const reaches = (minimum: string) => problemOfNode(version, `>=${minimum}`) === undefined;
  return range.split(' || ').some((alternative) =>
    [...alternative.matchAll(/(\^|>= ?|<|)(\d+)([\d.]*)/g)].every(([, operator, major, rest]) => {
      const bound = `${major}${rest?.replace(/\.$/, '')}`;
      if (operator === '<') return !reaches(bound);
      return reaches(bound) && (operator?.startsWith('>') || !reaches(`${Number(major) + 1}`));
    }),
  );
}

it('the Node that is required is the oldest with which the packages work', () => {
  const { engines } = JSON.parse(readText('package.json'));
  const [, major, minor] = /^>=(\d+)\.(\d+)\.0$/.exec(engines.node) ?? [];
  const lock = readText('pnpm-lock.yaml');
  const ranges = [...lock.matchAll(/engines: \{node: '?([^',}]+)/g)].map(([, range = '']) => range);
  expect(ranges.length).toBeGreaterThan(100);
  expect(ranges.filter((range) => !includes(range, `${major}.${minor}.0`))).toEqual([]);
  expect(ranges.filter((range) => !includes(range, `${major}.${Number(minor) - 1}.0`))).not.toEqual([]);
});

it.each([
  ['>=24.15.0', ['shared', 'simulation'], ['reader', 'writer', 'monitor', 'cronjob']],
  ['>=22.19.0', ['annotate', 'cli'], []],
])('%s is required by all of its programs and packages', (range, packages, services) => {
  const folders = [
    ...packages.map((name) => `packages/${name}`),
    ...services.map((name) => `services/${name}`),
  ];
  for (const folder of folders)
    expect(JSON.parse(readText(`${folder}/package.json`)).engines.node, folder).toBe(range);
});
