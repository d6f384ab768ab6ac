import { stripVTControlCharacters } from 'node:util';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { QueueError } from './errors.js';
import { describeError, escapeMisleading } from './logger.js';
import { createPrettyPrinter } from './pretty-log.js';

/** What a person sees of a line of the log. */
function seen(fields: object, msg: string, { colors = false, stacks = false } = {}): string {
  const toPeople = createPrettyPrinter({ colors, stacks });
  if (toPeople === undefined) throw new Error('pino-pretty is not installed');
  const lines: string[] = [];
  const options = {
    base: { service: 'writer' },
    timestamp: () => `,"time":"${new Date(2026, 0, 2, 14, 5, 6).toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    hooks: { streamWrite: (text: string) => toPeople(escapeMisleading(text)) },
  };
  pino(options, { write: (text: string) => void lines.push(text) }).warn(fields, msg);
  return lines.join('');
}

describe('a line for people', () => {
  it('has local time, level, service, message and the rest', () => {
    expect(seen({ httpPort: 8080 }, 'writer started')).toBe(
      '[14:05:06] WARN: writer: writer started {"httpPort":8080}\n',
    );
  });

  it('says an expected error and its causes in one line, each once', () => {
    const refused = new Error('connect ECONNREFUSED');
    const cause = Object.assign(new Error('socket closed', { cause: refused }), { code: 'ECLOSED' });
    const err = new QueueError('QUEUE_DOWN', 'no connection: connect ECONNREFUSED', { cause });
    expect(seen({ err }, 'queue not connected')).toBe(
      '[14:05:06] WARN: writer: queue not connected: no connection: connect ECONNREFUSED: socket closed\n',
    );
  });

  it('says an unexpected error in one line as well, and where it was thrown only if asked for', () => {
    const err = new TypeError('bug', { cause: new Error('why') });
    expect(seen({ err }, 'failed')).toBe('[14:05:06] WARN: writer: failed: bug: why\n');
    expect(seen({ err }, 'failed', { stacks: true })).toMatch(/failed: bug: why\nTypeError: bug\n {4}at /);
  });

  it('has colours on a terminal that has them, and no other commands to it, whatever texts are in it', () => {
    const text = 'a\u001b[31mb\u009b1mc\nd\re\u202ef "\\u001b" \\';
    const line = seen({ pod: text }, text, { colors: true });
    expect(line).toContain('\u001b[');
    const plain = stripVTControlCharacters(line);
    expect(plain).toBe(stripVTControlCharacters(seen({ pod: text }, text)));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
    expect(plain).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|\n./);
  });
});
