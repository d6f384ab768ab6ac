import { escapeHeader, type StompVersion } from './header-escape.js';

export type FrameHeaders = ReadonlyMap<string, string>;

export interface Frame {
  readonly command: string;
  readonly headers: FrameHeaders;
  readonly body: Buffer;
}

const EMPTY_BODY = Buffer.alloc(0);
const FRAME_END = Buffer.from('\0\n');

/** Builds a frame; a header whose value is undefined is left out. */
export function frame(
  command: string,
  headers: Readonly<Record<string, string | undefined>>,
  body = EMPTY_BODY,
): Frame {
  const present = new Map<string, string>();
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) present.set(name, value);
  return { command, headers: present, body };
}

/**
 * The bytes of a frame. A body gets a content-length of its own, so it may hold any bytes. Only ERROR has none: its
 * body is text, and stompit ends the process on an ERROR with a content-length and the type text/plain.
 */
export function serializeFrame({ command, headers, body }: Frame, version: StompVersion): Buffer {
  let head = `${command}\n`;
  for (const [name, value] of headers) {
    if (name === 'content-length') continue;
    head += `${escapeHeader(name, command, version)}:${escapeHeader(value, command, version)}\n`;
  }
  if (body.byteLength > 0 && command !== 'ERROR') head += `content-length:${body.byteLength}\n`;
  return Buffer.concat([Buffer.from(`${head}\n`), body, FRAME_END]);
}
