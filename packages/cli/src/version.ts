import { readFileSync } from 'node:fs';

/** That of this package: all of podips have the same. */
export function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
