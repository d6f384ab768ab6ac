import { readFileSync } from 'node:fs';

/** The version of podips. All of its packages have the same. */
export function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return JSON.parse(text).version;
}
