#!/usr/bin/env -S node --max-semi-space-size=8
// Otherwise Node lets short-lived objects, such as the lines of a file, take twice the memory before it looks for garbage.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const WRONG = 3;
const program = new URL('../dist/main.js', import.meta.url);
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const minimum = engines.node.replace('>=', '');
const [major, minor] = minimum.split('.').map(Number);
const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);

if (ownMajor < major || (ownMajor === major && ownMinor < minor)) {
  console.error(`podips: needs Node.js ${minimum} or newer, but this is ${process.versions.node}`);
  process.exitCode = WRONG;
} else if (existsSync(fileURLToPath(program))) await import(program.href);
else {
  console.error('podips: it is not built yet; build it with: npm run build');
  process.exitCode = WRONG;
}
