import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@podips/simulation';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STORE = join(ROOT, 'node_modules', '.pnpm');
/** The folders that other tests write meanwhile, and that no build reads. */
const NOT_COPIED = /^\.(git|cache|vite|vite-temp|vitest-cache)$/;
const PATIENCE = { timeout: 90_000, interval: 100 };

let dir: string;
let clone: string;
beforeEach(() => {
  // Only its owner can enter it, as /root. When that is root, PostgreSQL runs as another user.
  dir = mkdtempSync(join(tmpdir(), 'podips fresh '));
  clone = join(dir, 'pod ips');
  mkdirSync(join(dir, 'temp'));
  copyCheckout();
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Copies what the installation and the build may write to, and links the packages, which they only read. */
function copyCheckout(): void {
  const isPackage = (path: string) => dirname(path) === STORE && statSync(path).isDirectory();
  cpSync(ROOT, clone, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: (path) => !NOT_COPIED.test(basename(path)) && !isPackage(path),
  });
  // Links to the same files take no time and no space, but need the same file system.
  const how = statSync(ROOT).dev === statSync(dir).dev ? '-al' : '-a';
  const packages = readdirSync(STORE)
    .map((name) => join(STORE, name))
    .filter(isPackage);
  execFileSync('cp', [how, ...packages, join(clone, 'node_modules', '.pnpm')]);
}

/** As a user has it: without the tools of this checkout. */
const path = process.env.PATH?.split(delimiter).filter((folder) => !folder.includes('node_modules'));

it('npm start works in a folder with a space that only its owner can enter, and leaves nothing behind', async () => {
  const temp = join(dir, 'temp');
  const env = { ...process.env, PATH: path?.join(delimiter), TMPDIR: temp };
  const child = spawn('npm', ['start', '--', '--port', String(await freePort())], {
    cwd: clone,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  onTestFinished(() => {
    if (child.exitCode === null && child.signalCode === null && child.pid)
      process.kill(-child.pid, 'SIGKILL');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  await vi.waitFor(() => {
    if (child.exitCode === null) expect(output).toContain('Dashboard');
  }, PATIENCE);
  const url = /Dashboard +(\S+)/.exec(output)?.[1];
  expect(url, output).toBeDefined();
  const answer = await fetch(`${url}`);
  expect(answer.status).toBe(200);
  // Ctrl-C in a terminal reaches the whole process group.
  process.kill(-Number(child.pid), 'SIGINT');
  await once(child, 'close');
  // npm itself ends by the signal; the step says so when it has ended gracefully.
  expect(output).toMatch(/running podips .*: done in/);
  // npm and Node may leave caches of theirs there.
  expect(readdirSync(temp).filter((name) => name.startsWith('podips'))).toEqual([]);
});
