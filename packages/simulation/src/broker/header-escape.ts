import { StompError } from './stomp-error.js';

export const STOMP_VERSIONS = ['1.0', '1.1', '1.2'] as const;
export type StompVersion = (typeof STOMP_VERSIONS)[number];

/** Frames that every version reads before a version is agreed on, so they are never escaped (STOMP 1.2, "Value Encoding"). */
const UNESCAPED_COMMANDS: readonly string[] = ['CONNECT', 'STOMP', 'CONNECTED'];

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' };

/** Encodes a header name or value. */
export function escapeHeader(text: string, command: string, version: StompVersion): string {
  if (!/[\\\r\n:]/.test(text)) return text;
  // Without escapes a line break would start a header of its own: it cannot be carried.
  if (version === '1.0' || UNESCAPED_COMMANDS.includes(command)) return text.replace(/[\r\n]+/g, ' ');
  const special = version === '1.1' ? /[\\\n:]/g : /[\\\r\n:]/g;
  return text.replace(special, (char) => ESCAPES[char] ?? char);
}

/**
 * Decodes a header name or value.
 * @throws {StompError} STOMP_FRAME_MALFORMED for an escape that the version does not know
 */
export function unescapeHeader(text: string, command: string, version: StompVersion): string {
  if (!text.includes('\\') || version === '1.0' || UNESCAPED_COMMANDS.includes(command)) return text;
  return text.replace(/\\(.?)/gs, (sequence, char: string) => {
    if (char === 'n') return '\n';
    if (char === 'c') return ':';
    if (char === '\\') return '\\';
    if (char === 'r' && version === '1.2') return '\r';
    throw new StompError('STOMP_FRAME_MALFORMED', `"${sequence}" is no escape of STOMP ${version}`);
  });
}
