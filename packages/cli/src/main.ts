import { basename } from 'node:path';
import { runPodips } from './podips.js';

const stopped = new AbortController();
process.once('SIGINT', () => stopped.abort());
process.once('SIGTERM', () => stopped.abort());
// Who reads the output has seen enough.
process.stdout.on('error', () => stopped.abort());

process.exitCode = await runPodips(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  signal: stopped.signal,
  isPlugin: basename(process.argv[1] ?? '').startsWith('kubectl-'),
});
// Standard input may still be open.
process.stdin.destroy();
