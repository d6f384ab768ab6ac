import { PodipsError } from '@podips/shared';

export class FrameTooLongError extends PodipsError {}

type Chunks = AsyncIterable<Uint8Array>;

const NEWLINE = 0x0a;
/** The length of a frame stands before it: four bytes, the most significant first. */
const LENGTH_BYTES = 4;

/**
 * Splits a byte stream into lines, without their newline. A last line without a newline is not yielded:
 * it was cut off.
 * @throws {FrameTooLongError} FRAME_TOO_LONG
 */
export async function* readLines(chunks: Chunks, maxBytes: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts);
      parts = [];
      length = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > maxBytes) throw tooLong(`a line is longer than ${maxBytes} bytes`);
  }
}

/**
 * Splits a byte stream into frames that begin with their length, as the API server writes a watch in protobuf. A last
 * frame that is shorter than it says is not yielded: it was cut off.
 * @throws {FrameTooLongError} FRAME_TOO_LONG
 */
export async function* readFrames(chunks: Chunks, maxBytes: number): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let held = 0;
  /** How many bytes are needed before anything else can be done: a length, or a length and its frame. */
  let needed = LENGTH_BYTES;
  for await (const chunk of chunks) {
    parts.push(chunk);
    held += chunk.length;
    if (held < needed) continue;
    const bytes = Buffer.concat(parts, held);
    let at = 0;
    for (needed = neededAt(bytes, at, maxBytes); held >= needed; needed = neededAt(bytes, at, maxBytes)) {
      yield bytes.subarray(at + LENGTH_BYTES, at + needed);
      at += needed;
      held -= needed;
    }
    parts = held === 0 ? [] : [bytes.subarray(at)];
  }
}

/** The bytes from here to the end of a frame, or of its length while that is not there. */
function neededAt(bytes: Buffer, at: number, maxBytes: number): number {
  if (bytes.length - at < LENGTH_BYTES) return LENGTH_BYTES;
  const length = bytes.readUInt32BE(at);
  if (length > maxBytes) throw tooLong(`a frame of ${length} bytes is longer than ${maxBytes}`);
  return LENGTH_BYTES + length;
}

function tooLong(message: string): FrameTooLongError {
  return new FrameTooLongError('FRAME_TOO_LONG', message);
}
