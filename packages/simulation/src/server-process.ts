import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PodipsError, pause } from '@podips/shared';
import { onExit } from './on-exit.js';

/** A server program is missing or does not start; the message says why. */
export class ServerProcessError extends PodipsError {}

export interface ServerCommand {
  /** As errors name it. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Its whole environment but for PATH. Default: ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it is ready for its clients. @param output the last lines that it wrote */
  ready(output: string): boolean | Promise<boolean>;
}

/** How a program is ended: SIGTERM lets it close its files, SIGKILL does not. */
export type StopSignal = 'SIGTERM' | 'SIGKILL';

/** A bound for what hangs: RabbitMQ starts in four seconds, and in a minute where ten others want the machine. */
const START_DEADLINE_MS = 110_000;
const STOP_DEADLINE_MS = 20_000;
const POLL_MS = 50;
const KEPT_LINES = 50;

/** A real server as a child process. It never outlives this process. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  /** Resolves when it is ready. @throws {ServerProcessError} SERVER_FAILED when it ends or is not ready in time */
  static async start(command: ServerCommand): Promise<ServerProcess> {
    const { program, args, env } = command;
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(env ? { env: { PATH: process.env.PATH, ...env } } : {}),
    });
    const server = new ServerProcess(child);
    try {
      await untilReady(child, command);
    } catch (err) {
      await server.stop('SIGKILL');
      throw err;
    }
    return server;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    const forget = onExit(() => child.kill('SIGKILL'));
    // A failed spawn has no exit; `untilReady` reports it.
    this.#exited = once(child, 'exit')
      .catch(() => undefined)
      .finally(forget);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new ServerProcessError('SERVER_FAILED', 'the server is not running');
    return pid;
  }

  /** Ends it, by SIGKILL when it takes too long. Resolves when it has ended. */
  async stop(signal: StopSignal = 'SIGTERM'): Promise<void> {
    if (isRunning(this.#child)) {
      this.#child.kill(signal);
      // A frozen one ends by SIGKILL as it is, without another word.
      if (signal === 'SIGTERM') this.thaw();
    }
    const hurry = setTimeout(() => this.#child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await this.#exited;
    clearTimeout(hurry);
  }

  /** SIGSTOP: the sockets stay open, nothing answers. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }
}

const isRunning = ({ exitCode, signalCode }: ChildProcess) => exitCode === null && signalCode === null;

async function untilReady(child: ChildProcess, { name, ready }: ServerCommand): Promise<void> {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      lines.push(...text.split('\n').filter((line) => line.trim() !== ''));
      lines.splice(0, lines.length - KEPT_LINES);
    });
  let failure: Error | undefined;
  child.once('error', (err) => {
    failure = err;
  });
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while (!(await ready(lines.join('\n')))) {
    const problem =
      failure?.message ??
      (isRunning(child) ? undefined : `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`) ??
      (deadline.aborted ? `it is not ready after ${START_DEADLINE_MS / 1_000} s` : undefined);
    if (problem !== undefined)
      throw new ServerProcessError(
        'SERVER_FAILED',
        `${name} does not start: ${problem}\n${lines.join('\n')}`,
      );
    await pause(POLL_MS);
  }
}
