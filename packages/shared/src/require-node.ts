import { readFileSync } from 'node:fs';
import { problemOfNode } from '../node-version.mjs';

// The first import of each program, which imports the rest of itself after it: an older Node cannot even load that.
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const problem = problemOfNode(process.versions.node, engines.node);
if (problem !== undefined) {
  process.stderr.write(`podips ${problem}\n`);
  process.exit(1);
}
