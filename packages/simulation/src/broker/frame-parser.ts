import type { Frame } from './frame.js';
import { type StompVersion, unescapeHeader } from './header-escape.js';
import { StompError } from './stomp-error.js';

export interface FrameLimits {
  /** Command and headers together. */
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
}

const NUL = 0;
const LF = 10;
const CR = 13;
const EMPTY = Buffer.alloc(0);

/**
 * Cuts a byte stream, in chunks of any size, into frames. Line ends between frames are heart-beats and skipped.
 * Pull with `next()` until it has none: a CONNECT may change `version`, which holds from the next frame on.
 */
export class FrameParser {
  version: StompVersion;
  readonly #limits: FrameLimits;
  #buffer: Buffer = EMPTY;
  #offset = 0;
  #later: Buffer[] = [];
  #available = 0;
  /** Bytes that must be there before another look is worth it. */
  #wanted = 1;

  constructor(limits: FrameLimits, version: StompVersion = '1.0') {
    this.#limits = limits;
    this.version = version;
  }

  push(chunk: Buffer): void {
    this.#later.push(chunk);
    this.#available += chunk.byteLength;
  }

  /**
   * The next whole frame, undefined when there is none yet.
   * @throws {StompError} STOMP_FRAME_MALFORMED or STOMP_FRAME_TOO_LARGE; the stream cannot be read on after it
   */
  next(): Frame | undefined {
    if (this.#available < this.#wanted) return undefined;
    this.#merge();
    this.#skipLineEnds();
    const head = findHead(this.#buffer, this.#offset);
    if ((head?.end ?? this.#buffer.length) - this.#offset > this.#limits.maxHeadBytes)
      throw new StompError('STOMP_FRAME_TOO_LARGE', `headers exceed ${this.#limits.maxHeadBytes} bytes`);
    if (head === undefined) return this.#want(this.#available + 1);
    const { command, headers } = this.#parseHead(head.end);
    const bodyEnd = this.#findBodyEnd(head.bodyStart, headers.get('content-length'));
    if (bodyEnd === undefined) return undefined;
    // A copy: a message that stays long must not keep the whole chunk that it came in.
    const body = Buffer.from(this.#buffer.subarray(head.bodyStart, bodyEnd));
    this.#consumeTo(bodyEnd + 1);
    this.#wanted = 1;
    return { command, headers, body };
  }

  #want(bytes: number): undefined {
    this.#wanted = bytes;
  }

  #consumeTo(offset: number): void {
    this.#available -= offset - this.#offset;
    this.#offset = offset;
  }

  #merge(): void {
    if (this.#later.length === 0) return;
    const rest = this.#buffer.subarray(this.#offset);
    const [only] = this.#later;
    this.#buffer =
      only && rest.byteLength === 0 && this.#later.length === 1
        ? only
        : Buffer.concat([rest, ...this.#later]);
    this.#offset = 0;
    this.#later = [];
  }

  #skipLineEnds(): void {
    let offset = this.#offset;
    while (this.#buffer[offset] === LF || this.#buffer[offset] === CR) offset += 1;
    this.#consumeTo(offset);
  }

  #parseHead(end: number): { command: string; headers: Map<string, string> } {
    const [command = '', ...lines] = this.#buffer.toString('utf8', this.#offset, end).split(/\r?\n/);
    const headers = new Map<string, string>();
    for (const line of lines) {
      if (line === '') continue;
      const colon = line.indexOf(':');
      if (colon < 1) throw new StompError('STOMP_FRAME_MALFORMED', `"${line}" is no header`);
      const name = unescapeHeader(line.slice(0, colon), command, this.version);
      // The first of repeated headers counts (STOMP 1.2, "Repeated Header Entries").
      if (!headers.has(name)) headers.set(name, unescapeHeader(line.slice(colon + 1), command, this.version));
    }
    return { command, headers };
  }

  #findBodyEnd(start: number, contentLength: string | undefined): number | undefined {
    const { maxBodyBytes } = this.#limits;
    const tooLarge = () => new StompError('STOMP_FRAME_TOO_LARGE', `the body exceeds ${maxBodyBytes} bytes`);
    if (contentLength === undefined) {
      const end = this.#buffer.indexOf(NUL, start);
      if ((end === -1 ? this.#buffer.length : end) - start > maxBodyBytes) throw tooLarge();
      return end === -1 ? this.#want(this.#available + 1) : end;
    }
    if (!/^\d+$/.test(contentLength))
      throw new StompError('STOMP_FRAME_MALFORMED', `content-length is "${contentLength}"`);
    if (Number(contentLength) > maxBodyBytes) throw tooLarge();
    const end = start + Number(contentLength);
    if (end >= this.#buffer.length) return this.#want(end + 1 - this.#offset);
    if (this.#buffer[end] !== NUL)
      throw new StompError('STOMP_FRAME_MALFORMED', 'the body does not end where content-length says');
    return end;
  }
}

/** Where the head ends and the body starts: at the first empty line. */
function findHead(buffer: Buffer, start: number): { end: number; bodyStart: number } | undefined {
  for (let lineStart = start; ; ) {
    const lf = buffer.indexOf(LF, lineStart);
    if (lf === -1) return undefined;
    const empty = lf === lineStart || (lf === lineStart + 1 && buffer[lineStart] === CR);
    if (empty) return { end: lineStart, bodyStart: lf + 1 };
    lineStart = lf + 1;
  }
}
