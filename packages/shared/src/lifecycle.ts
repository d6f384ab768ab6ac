import { type About, helpOf } from './about.js';
import { ExitError, SettingsError, toError } from './errors.js';
import { createLogger, type Logger, type LogLevel } from './logger.js';
import { errorsOf } from './resources.js';
import { readVersion } from './version.js';

/** Something that runs until it is stopped. */
export interface Running {
  /** Stops intake, drains, closes. To be called once; never discards what can still be delivered. */
  stop(): Promise<void>;
  /** Settles when it ends by itself, for programs that have an end. */
  readonly finished?: Promise<void>;
  /** What a stop that is under way waits for. */
  readonly releasing?: string | undefined;
}

export interface Program<S extends { readonly logLevel: LogLevel }> {
  readonly about: About;
  readonly settings: () => S | Promise<S>;
  readonly start: (settings: S, log: Logger) => Promise<Running>;
  /** Longest time for `stop()`, in milliseconds; below the pod's termination grace period of 30 s. */
  readonly stopDeadlineMs?: number;
}

const EXIT_FAILED = 1;
const HELP_WIDTH = 100;

/**
 * Runs a service as a process: answers `--help` and `--version`, or reads settings, starts, waits for SIGTERM, SIGINT or SIGHUP, stops within a deadline.
 * Exit codes: 0 after a graceful stop, 1 for wrong settings, a failed start or a failed end. A stop that fails or takes
 * too long, and a second SIGTERM or SIGINT, end it as SIGKILL does.
 */
export async function runProgram<S extends { readonly logLevel: LogLevel }>(
  program: Program<S>,
): Promise<void> {
  answerQuestions(program.about, process.argv.slice(2));
  const { name } = program.about;
  const settings = await readOrExit(program);
  const log = createLogger(name, settings.logLevel);
  const { promise: stopRequested, resolve: requestStop } = Promise.withResolvers<string>();
  let signals = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) exitWithoutWaiting();
    requestStop(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // A terminal that closes sends it more than once, so a repetition does not force the exit.
  process.on('SIGHUP', requestStop);
  try {
    const running = await program.start(settings, log);
    const reason = await Promise.race([
      stopRequested,
      running.finished?.then(() => 'finished') ?? stopRequested,
    ]);
    log.info({ reason }, 'stopping');
    await stopWithin(running, program.stopDeadlineMs ?? 20_000).catch((err: unknown) => {
      const errors = errorsOf(err).map(toError);
      const why = errors.map(explain).join('; ');
      log.fatal({ err: errors[0] }, `graceful stop failed: ${why}; killing the process`);
      exitWithoutWaiting();
    });
    log.info('stopped');
    process.exit(0);
  } catch (err) {
    if (err instanceof ExitError) process.stderr.write(`${name}: ${err.message}\n`);
    else log.fatal({ err: toError(err) }, 'failed');
    process.exit(EXIT_FAILED);
  }
}

/** Ends a program that is only asked for its help or version. */
export function answerQuestions(about: About, args: readonly string[]): void {
  const isHelp = args.includes('--help');
  if (!isHelp && !args.includes('--version')) return;
  const width = Math.min(process.stdout.columns ?? HELP_WIDTH, HELP_WIDTH);
  process.stdout.write(`${isHelp ? helpOf(about, width) : `podips ${about.name} ${readVersion()}`}\n`);
  process.exit(0);
}

/** An error with its causes, in words. */
function explain(error: Error): string {
  return error.cause === undefined ? error.message : `${error.message}: ${explain(toError(error.cause))}`;
}

async function readOrExit<S extends { readonly logLevel: LogLevel }>(program: Program<S>): Promise<S> {
  try {
    return await program.settings();
  } catch (err) {
    if (!(err instanceof SettingsError)) throw err;
    process.stderr.write(`${program.about.name}: ${err.message}\n`);
    process.exit(EXIT_FAILED);
  }
}

/** An exit waits for every thread, also for one that waits for a disk that does not answer. */
function exitWithoutWaiting(): never {
  // After the existing listeners, which end child processes.
  process.on('exit', () => process.kill(process.pid, 'SIGKILL'));
  process.exit(EXIT_FAILED);
}

async function stopWithin(running: Running, deadlineMs: number): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const waiting = running.releasing === undefined ? '' : `, waiting for ${running.releasing}`;
    reject(new Error(`not stopped within ${deadlineMs} ms${waiting}`));
  }, deadlineMs);
  try {
    await Promise.race([running.stop(), late]);
  } finally {
    clearTimeout(timer);
  }
}
