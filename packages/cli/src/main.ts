import { basename } from 'node:path';
import { EXIT } from './exit.js';
import { runPodips } from './podips.js';

const stopped = new AbortController();
process.once('SIGINT', () => stopped.abort());
process.once('SIGTERM', () => stopped.abort());
let failure: Error | undefined;
process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  // Who reads the output has seen enough.
  if (err.code === 'EPIPE') stopped.abort();
  else failure = err;
});

const code = await runPodips(process.argv.slice(2), {
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  signal: stopped.signal,
  isPlugin: basename(process.argv[1] ?? '').startsWith('kubectl-'),
});
// A disk that is full shows when the last of it is written.
await new Promise((resolve) => process.stdout.write('', resolve));
if (failure !== undefined && code !== EXIT.unreachable)
  process.stderr.write(`podips: the output cannot be written: ${failure.message}\n`);
process.exitCode = failure === undefined ? code : EXIT.unreachable;
// Standard input may still be open.
process.stdin.destroy();
