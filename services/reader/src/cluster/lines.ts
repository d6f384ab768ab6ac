import { PodipsError } from '@podips/shared';

export class LineTooLongError extends PodipsError {}

const NEWLINE = 0x0a;

/**
 * Splits a byte stream into lines, without their newline. A last line without a newline is not yielded:
 * it was cut off.
 * @throws {LineTooLongError} LINE_TOO_LONG
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      parts.push(chunk.subarray(start, end));
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      length = 0;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > maxBytes)
      throw new LineTooLongError('LINE_TOO_LONG', `a line is longer than ${maxBytes} bytes`);
  }
}
