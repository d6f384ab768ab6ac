#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/main.js', import.meta.url);
if (existsSync(fileURLToPath(program))) await import(program.href);
else {
  console.error('podips: it is not built yet; build it with: npm start -- --help');
  process.exitCode = 3;
}
