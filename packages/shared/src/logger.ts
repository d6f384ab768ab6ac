import { type Logger, pino, stdSerializers } from 'pino';

export type { Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Structured log on stdout, one JSON object a line, the time in RFC 3339 UTC. */
export function createLogger(service: string, level: LogLevel): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // The other serializer writes the text of every cause into the message, which ours already says.
    serializers: { err: stdSerializers.errWithCause },
  };
  // Not the library's own way to descriptor 1: it puts lines out of order when the other end of a pipe is slow.
  return pino(options, process.stdout);
}
