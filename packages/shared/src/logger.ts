import { type Logger, pino, type SerializedError, stdSerializers } from 'pino';
import { createPrettyPrinter } from './pretty-log.js';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Control characters that JSON leaves as they are, line ends of other alphabets, and marks of text direction. */
const MISLEADING = /[\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * A line of JSON that every terminal and viewer shows as it is, whatever texts are in it. Its meaning stays the same:
 * such characters occur only inside strings.
 */
export function escapeMisleading(line: string): string {
  return line.replace(MISLEADING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * An error with its causes. One with a code was expected somewhere: where it was thrown helps nobody, and fills the screen.
 */
export function describeError(error: Error): object {
  // The default serializer repeats the text of every cause in the message.
  return withoutStack(stdSerializers.errWithCause(error));
}

function withoutStack({ stack, ...error }: SerializedError): object {
  const { cause } = error;
  return {
    ...error,
    ...(typeof error.code !== 'string' && { stack }),
    ...(typeof cause === 'object' && cause !== null && { cause: withoutStack(cause as SerializedError) }),
  };
}

/** Structured log on stdout: one JSON object a line, the time in RFC 3339 UTC; on a terminal, lines for people. */
export function createLogger(service: string, level: LogLevel): Logger {
  const { stdout } = process;
  const stacks = level === 'debug' || level === 'trace';
  const forPeople = stdout.isTTY ? createPrettyPrinter({ colors: stdout.hasColors(), stacks }) : undefined;
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    hooks: {
      streamWrite: (line: string) => {
        const escaped = escapeMisleading(line);
        return forPeople?.(escaped) ?? escaped;
      },
    },
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
  };
  // The library's own way to descriptor 1 reorders lines when the other end of a pipe is slow.
  return pino(options, stdout);
}
