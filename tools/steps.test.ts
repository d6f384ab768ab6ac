import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';

const STEPS = new URL('steps.mjs', import.meta.url).href;

/** A program that prints the signals that reach it, and exits gracefully at the first. */
const COMMAND = `
  setInterval(() => undefined, 60_000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => { console.log(signal); process.exit(); });
  console.log('up');
`;

/** A program that runs the other one as a step. */
function launch(options: object) {
  const args = ['-e', COMMAND].map((arg) => JSON.stringify(arg));
  const script = `
    import { run } from ${JSON.stringify(STEPS)};
    await run(process.execPath, [${args}], ${JSON.stringify(options)});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { detached: true });
  onTestFinished(() => {
    if (child.exitCode === null && child.pid) process.kill(-child.pid, 'SIGKILL');
  });
  return child;
}

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'a step is stopped by a %s for us alone',
  async (signal) => {
    const child = launch({ stopSignal: 'SIGHUP' });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (text === 'up\n') child.kill(signal);
    });
    await once(child, 'close');
    expect(output).toBe('up\nSIGHUP\n');
    expect(child.exitCode).toBe(0);
  },
);
