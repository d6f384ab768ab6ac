import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SCRIPTS = ['start', 'test', 'test-long', 'torture', 'bench', 'screenshots', 'install-cluster'];

/** A checkout in which nothing is installed or built. */
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-command-line-'));
  cpSync(join(ROOT, 'package.json'), join(dir, 'package.json'));
  cpSync(join(ROOT, 'tools'), join(dir, 'tools'), { recursive: true });
  cpSync(join(ROOT, 'bench/options.mjs'), join(dir, 'bench/options.mjs'));
  for (const name of ['shared', 'simulation'])
    cpSync(join(ROOT, 'packages', name), join(dir, 'packages', name), {
      recursive: true,
      filter: (path) => !/\/(node_modules|dist|src|recordings)$/.test(path),
    });
});
afterAll(() => rmSync(dir, { recursive: true }));

function run(script: string, args: readonly string[], node: readonly string[] = []) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, `tools/${script}.mjs`, ...args], {
    cwd: dir,
    encoding: 'utf8',
  });
  expect(readdirSync(dir)).not.toContain('node_modules');
  return { status, stdout, stderr };
}

it.each(SCRIPTS)('tools/%s.mjs answers --help and --version before anything is installed', (script) => {
  expect(run(script, ['--help'])).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^podips .*\n\nusage: npm .*--help/s),
    stderr: '',
  });
  const { version } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  expect(run(script, ['--version']).stdout).toMatch(new RegExp(`^podips .* ${version}\n$`));
});

it('npm start names all mistakes at once, a port that is taken among them, before anything is installed', async () => {
  const server = createServer();
  onTestFinished(() => void server.close());
  const port = await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' ? address?.port : undefined);
    });
  });
  const { status, stdout, stderr } = run('start', ['--rate', 'fast', '--chaso', '--port', `${port}`]);
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr.trim().split('\n')).toEqual([
    '✗ --rate must be a whole number from 1 to 500, but is "fast"',
    expect.stringMatching(/^✗ unknown: --chaso; the flags are --chaos, --calm, --rate/),
    expect.stringMatching(
      new RegExp(`^✗ port ${port} is taken; choose another one: npm start -- --port \\d+$`),
    ),
  ]);
});

it.each(['torture', 'bench', 'screenshots'])(
  'npm run %s names mistakes before it fetches anything',
  (script) => {
    const { status, stdout, stderr } = run(script, ['--sped', '3']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('unknown: --sped 3; the flags are');
  },
);

it('an older Node is named in one sentence', () => {
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '18.20.8' })`;
  expect(run('start', [], [`--import=data:text/javascript,${pretend}`])).toEqual({
    status: 1,
    stdout: '',
    stderr: '\n✗ podips needs Node.js 20.0.0 or newer, but this is 18.20.8\n',
  });
});
