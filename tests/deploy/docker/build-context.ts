import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ROOT } from './dockerfile.js';

interface Rule {
  readonly pattern: RegExp;
  readonly ignored: boolean;
}

/** Folders that are large and never part of an image: not even looked into. */
const NEVER = new Set(['node_modules', '.git', 'dist']);

/** Paths of the files that a build of the images sees, relative to the repository's root. */
export function buildContext(): string[] {
  const rules = readRules(readFileSync(new URL('.dockerignore', ROOT), 'utf8'));
  return walk('').filter((path) => !isIgnored(path, rules));
}

/** https://docs.docker.com/build/concepts/context/#dockerignore-files */
export function readRules(text: string): Rule[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ ignored: !line.startsWith('!'), pattern: toRegExp(line.replace(/^!/, '')) }));
}

/** The last rule wins that matches the path or a folder above it. */
export function isIgnored(path: string, rules: readonly Rule[]): boolean {
  return rules.findLast(({ pattern }) => pattern.test(path))?.ignored ?? false;
}

function toRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(
      /\*\*\/|\*\*|\*|\?/g,
      (star) => ({ '**/': '(.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' })[star] ?? star,
    );
  return new RegExp(`^${source}(/.*)?$`);
}

function walk(dir: string): string[] {
  return readdirSync(fileURLToPath(new URL(dir, ROOT)), { withFileTypes: true }).flatMap((entry) => {
    if (NEVER.has(entry.name)) return [];
    return entry.isDirectory() ? walk(`${dir}${entry.name}/`) : [`${dir}${entry.name}`];
  });
}
