import { type ChildProcessByStdio, type StdioOptions, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Environment } from '@podips/shared';

const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/podips.js', import.meta.url));

export interface PodipsRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a process of its own, whose standard streams the test has in its hands. */
export interface PodipsProcess {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Settles when it has ended. */
  readonly ended: Promise<PodipsRun>;
}

/**
 * Starts `podips`, asking the monitor of `PODIPS_URL` in `env`.
 * @param output a file descriptor for its standard output, of which the test then sees nothing
 */
export function startPodips(
  args: readonly string[],
  env: Environment = {},
  output: number | 'pipe' = 'pipe',
): PodipsProcess {
  const stdio: StdioOptions = ['pipe', output, 'pipe'];
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio,
    // Its output is null only where the test gives a file descriptor, and then the test does not read it.
  }) as PodipsProcess['child'];
  const ended = new Promise<PodipsRun>((resolve, reject) => {
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (part: string) => {
        texts[name] += part;
      });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  return { child, ended };
}

/** Runs `podips` to its end. @param input what is piped to it */
export function runPodips(
  args: readonly string[],
  env: Environment,
  input: string | Buffer = '',
): Promise<PodipsRun> {
  const { child, ended } = startPodips(args, env);
  child.stdin.end(input);
  return ended;
}
