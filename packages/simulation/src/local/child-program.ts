import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Environment } from '@podips/shared';
import { onExit } from '../on-exit.js';

/** A program of podips as a process of its own. */
export interface ChildProgram {
  readonly name: string;
  readonly pid: number | undefined;
  readonly running: boolean;
  /** The last lines that it wrote, both streams. */
  output(): string;
  /** SIGTERM, and SIGKILL when it does not end in time. Resolves when it has ended. */
  stop(deadlineMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Its largest resident set so far. @throws where the system does not report it */
  peakBytes(): Promise<number>;
  /** Time that it has taken of CPUs so far, in milliseconds. @throws where the system does not report it */
  cpuMs(): Promise<number>;
  /** Settles with exit code or signal when it ends. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

export interface ChildProgramOptions {
  readonly name: string;
  /** Path of the program, from the repository's root. */
  readonly program: string;
  readonly args?: readonly string[];
  /** All that it sees of settings: our own environment is not passed on, but for PATH and the like. */
  readonly env: Environment;
  /** Called for each line that it writes. */
  readonly onLine?: (line: string) => void;
}

/** As in the images: what a process takes depends on the memory that V8 believes it may use. */
export const NODE_FLAGS = ['--enable-source-maps', '--max-old-space-size=192', '--max-semi-space-size=8'];
/** In the image of the reader. */
export const READER_FLAGS = [...NODE_FLAGS.slice(0, -1), '--max-semi-space-size=4'];
/** In the image of the cron job. */
export const CRONJOB_FLAGS = [
  '--enable-source-maps',
  '--jitless',
  '--max-old-space-size=64',
  '--max-semi-space-size=1',
];
/** The same for the memory that is not V8's. */
export const ALLOCATOR = { MALLOC_ARENA_MAX: '1' } satisfies Environment;

const ROOT = new URL('../../../../', import.meta.url);
const KEPT_LINES = 200;
const STOP_DEADLINE_MS = 25_000;
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'];

/** Starts a program of this repository with the Node that runs us, as in the images. It must have been built. */
export function startChildProgram(options: ChildProgramOptions): ChildProgram {
  const inherited = Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]]));
  const child = spawn(
    process.execPath,
    [...flagsOf(options.program), fileURLToPath(new URL(options.program, ROOT)), ...(options.args ?? [])],
    // A group of its own: Ctrl-C in the terminal is for us, and we stop the services gracefully.
    {
      env: { ...inherited, ...ALLOCATOR, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  );
  const lines = collectLines(child, options.onLine);
  const forget = onExit(() => child.kill('SIGKILL'));
  const exited = once(child, 'exit').then(([code, signal]): number | NodeJS.Signals => {
    forget();
    return code ?? signal;
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    name: options.name,
    pid: child.pid,
    get running() {
      return isRunning();
    },
    exited,
    output: () => lines.join('\n'),
    kill: (signal) => void child.kill(signal),
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      if (kib === undefined) throw new Error('the system does not report the peak memory of a process');
      return Number(kib) * 1_024;
    },
    async cpuMs() {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      // After the name, which may have spaces: user and system time are the twelfth and thirteenth field, in hundredths.
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      return (Number(user) + Number(system)) * 10;
    },
    async stop(deadlineMs = STOP_DEADLINE_MS) {
      if (!isRunning()) return;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      const hurry = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      await exited;
      clearTimeout(hurry);
    },
  };
}

function flagsOf(program: string): readonly string[] {
  if (program.startsWith('services/reader/')) return READER_FLAGS;
  return program.startsWith('services/cronjob/') ? CRONJOB_FLAGS : NODE_FLAGS;
}

function collectLines(child: ChildProcess, onLine: ((line: string) => void) | undefined): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const line of parts) {
        lines.push(line);
        onLine?.(line);
      }
      lines.splice(0, lines.length - KEPT_LINES);
    });
  }
  return lines;
}
