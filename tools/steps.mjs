// Plain JavaScript without dependencies: it runs on Node 20 before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeProgram, readFlags } from '../packages/shared/flags.mjs';
import { problemOfNode } from '../packages/shared/node-version.mjs';
import { findProblems, isReadOnly } from './checks.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** With this npm and pnpm work; what they install has a Node of its own, which runs the rest. */
const OLDEST_NODE = '>=20.0.0';
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const BIN = join(ROOT, 'node_modules', '.bin');
const { packageManager, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/**
 * Runs a command with the pinned tools first in PATH; rejects when it fails. Its output is ours.
 * @param options.stopSignal the signal to send it when this process has to stop; without it, Ctrl-C reaches it directly
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    // The command stops gracefully, and this process after it. From before its start: a signal may come with its first line.
    const stop = (signal) => {
      if (options.stopSignal || signal !== 'SIGINT') child.kill(options.stopSignal ?? signal);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, stop);
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: 'inherit',
      // npx and the tools below node_modules/.bin are scripts that Windows starts through a shell.
      shell: process.platform === 'win32',
      env: { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}`, ...options.env },
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const each of STOP_SIGNALS) process.off(each, stop);
      if (code === 0) resolve();
      else reject(new StepError(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}

/** A step failed, and its output explains why. */
export class StepError extends Error {}

/** Announces a step, runs it and prints how long it took. */
export async function step(title, work) {
  const startedMs = performance.now();
  console.log(`\n▸ ${title}`);
  await work();
  console.log(`  ${title}: done in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

/**
 * @param others what else is wrong, which is reported together with it
 * @throws {StepError} when nothing can be installed or run from this folder
 */
export function checkFolder(others = []) {
  const problems = [...findProblems(ROOT), ...others];
  if (problems.length > 0) throw new StepError(problems.join('\n✗ '));
}

/**
 * Installs the packages of the lock file with the pinned pnpm, which npx fetches; nothing in a folder that is read-only.
 * @throws {StepError} before anything is fetched, when that cannot work here
 */
export async function install() {
  checkFolder();
  if (isReadOnly(ROOT)) return;
  await step(`installing packages (${packageManager})`, () =>
    run('npx', ['--yes', packageManager, 'install', '--frozen-lockfile'], { stopSignal: 'SIGINT' }),
  );
}

/** @throws {StepError} when a folder that is read-only is not built */
export async function build() {
  if (!isReadOnly(ROOT)) return step('building', () => run('tsc', ['-b'], { stopSignal: 'SIGINT' }));
  const { stdout } = spawnSync(join(BIN, 'tsc'), ['-b', '--dry'], { cwd: ROOT, encoding: 'utf8' });
  if (!stdout || stdout.includes('would build'))
    throw new StepError(
      `this user cannot write to ${ROOT}, which is not built: use a copy, or run it as its owner first`,
    );
}

/** The mistakes in a command line. */
export const problemsOf = ({ flags = {} }, args) => readFlags(args, flags).problems;

/** Native, because the other loader writes a file beside the configuration, which may be read-only. */
export const test = (args) => run('vitest', ['run', '--configLoader', 'native', ...args]);

/**
 * Runs a program to its end. The exit code is its result; a failed step needs no stack trace. Its help, its version and all
 * mistakes in its command line come before anything else.
 * @param about what it is
 */
export async function main(about, program) {
  try {
    const problem = problemOfNode(process.versions.node, OLDEST_NODE);
    if (problem !== undefined) throw new StepError(`podips ${problem}`);
    const args = process.argv.slice(2);
    if (args.includes('--help')) return console.log(describeProgram(about));
    if (args.includes('--version')) return console.log(`podips ${about.name} ${version}`);
    await program(args);
  } catch (err) {
    console.error(err instanceof StepError ? `\n✗ ${err.message}` : err);
    process.exitCode = 1;
  }
}
