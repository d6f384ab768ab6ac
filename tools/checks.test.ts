import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findProblems, isInstalled, isReadOnly } from './checks.mjs';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-checks-'));
  writeFileSync(join(dir, 'file'), '');
});
afterEach(() => rmSync(dir, { recursive: true }));

const good = () => ({ temporary: dir, cache: join(dir, 'home', '.npm') });
// Not writable for any user, root included.
const missing = () => join(dir, 'missing', 'folder');
const belowFile = () => join(dir, 'file', '.npm');

it('finds nothing wrong in a fresh clone, whose folders for packages and cache can be made', () => {
  expect(findProblems(dir, good())).toEqual([]);
  expect(isReadOnly(dir)).toBe(false);
});

it('names all that is wrong at once: no folder for temporary files, none for what npm fetches', () => {
  expect(findProblems(dir, { temporary: missing(), cache: belowFile() })).toEqual([
    `this user cannot write to ${missing()}: set TMPDIR to a folder for temporary files`,
    `this user cannot write to ${belowFile()}, where npm keeps what it fetches: set HOME to another folder`,
  ]);
});

it('refuses a file as the folder for temporary files', () => {
  expect(findProblems(dir, { ...good(), temporary: join(dir, 'file') })).toHaveLength(1);
});

it('asks of a checkout that is read-only that its packages are there, and nothing of the cache', () => {
  expect(findProblems(missing(), { temporary: dir, cache: belowFile() })).toEqual([
    `this user cannot write to ${missing()}, where packages are missing: use a copy, or run it as its owner first`,
  ]);
});

it('takes a checkout as read-only when its packages are', () => {
  writeFileSync(join(dir, 'node_modules'), '');
  expect(isReadOnly(dir)).toBe(true);
});

it('sees by the lock file of the packages whether they are the right ones', () => {
  expect(isInstalled(dir)).toBe(false);
  mkdirSync(join(dir, 'node_modules', '.pnpm'), { recursive: true });
  writeFileSync(join(dir, 'node_modules', '.pnpm', 'lock.yaml'), 'one');
  writeFileSync(join(dir, 'pnpm-lock.yaml'), 'another');
  expect(isInstalled(dir)).toBe(false);
  writeFileSync(join(dir, 'pnpm-lock.yaml'), 'one');
  expect(isInstalled(dir)).toBe(true);
});
