/** A line feed. */
const LINE_END = 0x0a;

/**
 * Lines of a stream, as many at a time as come at once. Of a line that is longer than `maxBytes` only its beginning is kept, so
 * that no line takes much memory; it is longer than that all the same.
 */
export async function* readLines(
  input: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<readonly string[]> {
  let rest: Buffer = Buffer.alloc(0);
  const shortened = (line: Buffer) => (line.length > maxBytes ? line.subarray(0, maxBytes + 1) : line);
  for await (const chunk of input) {
    const first = chunk.indexOf(LINE_END);
    if (first === -1) {
      rest = rest.length > maxBytes ? rest : shortened(Buffer.concat([rest, chunk]));
      continue;
    }
    const last = chunk.lastIndexOf(LINE_END);
    const lines = chunk.toString('utf8', first + 1, last).split('\n');
    const begun = Buffer.concat([rest, chunk.subarray(0, first)]).toString();
    yield first === last ? [begun] : [begun, ...lines];
    rest = Buffer.from(shortened(chunk.subarray(last + 1)));
  }
  if (rest.length > 0) yield [rest.toString()];
}
