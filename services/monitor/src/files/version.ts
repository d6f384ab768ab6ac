import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

const PackageFile = Type.Object({ version: Type.String() });

/** The version of this monitor, from its package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return Value.Parse(PackageFile, JSON.parse(text)).version;
}
