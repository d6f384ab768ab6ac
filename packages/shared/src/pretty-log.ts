import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export interface PrettyOptions {
  /** Whether the terminal has colours. */
  readonly colors: boolean;
  /** Whether lines below it say where an unexpected error was thrown. */
  readonly stacks: boolean;
}

/**
 * Makes a line of the log one that people read: local time, level, service, message, and what went wrong.
 * @returns undefined where the package is missing, as in an image
 */
export function createPrettyPrinter({
  colors,
  stacks,
}: PrettyOptions): ((line: string) => string) | undefined {
  const pretty = findPretty()?.prettyFactory({
    colorize: colors,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'service,err',
    messageFormat: (entry) => messageOf(entry, stacks),
    singleLine: true,
  });
  // The numbers and dates that the package knows are in the entry as they were in the line.
  return pretty && ((line) => pretty(JSON.parse(withoutControls(line))));
}

/** Loaded only for a terminal. */
function findPretty(): typeof import('pino-pretty') | undefined {
  try {
    return require('pino-pretty');
  } catch {
    return undefined;
  }
}

/** An escape of JSON; those of control characters and of texts that mislead stay escapes, so that no text moves the cursor. */
const ESCAPE = /\\(u[0-9a-f]{4}|.)/gi;

const withoutControls = (line: string) =>
  line.replace(ESCAPE, (found, code: string) => (/^[unrbf]/i.test(code) ? `\\${found}` : found));

interface LoggedError {
  readonly message?: unknown;
  /** Only of an error that nobody expected. */
  readonly stack?: unknown;
  readonly cause?: LoggedError;
}

function messageOf({ service, msg, err }: { [key: string]: unknown }, stacks: boolean): string {
  // As the serializer of the logger writes it.
  const error = err as LoggedError | undefined;
  const stack = stacks && typeof error?.stack === 'string' ? `\n${error.stack.replaceAll('\\n', '\n')}` : '';
  return `${service}: ${[msg, ...reasonsOf(error)].join(': ')}${stack}`;
}

/** The messages of an error and its causes, but for those that another one repeats. */
function reasonsOf(error: LoggedError | undefined): string[] {
  if (typeof error?.message !== 'string') return [];
  const { message } = error;
  return [message, ...reasonsOf(error.cause).filter((reason) => !message.includes(reason))];
}
