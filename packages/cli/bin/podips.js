#!/usr/bin/env -S node --max-semi-space-size=8
// Otherwise Node lets short-lived objects, such as the lines of a file, take twice the memory before it looks for garbage.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/main.js', import.meta.url);
if (existsSync(fileURLToPath(program))) await import(program.href);
else {
  console.error('podips: it is not built yet; build it with: npm start -- --help');
  process.exitCode = 3;
}
