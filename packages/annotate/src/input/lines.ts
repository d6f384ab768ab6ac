/** A longer line is passed on in parts and not read. */
export const MAX_LINE_CHARS = 1_048_576;

/** A line, or a part of one that is too long. Its characters are its bytes (ISO 8859-1), so that none is changed. */
export interface Line {
  readonly text: string;
  /** How it ends; empty at the end of the input, and of a part that is not the last. */
  readonly end: '' | '\n' | '\r\n';
  /** Undefined for a whole line. */
  readonly part?: 'first' | 'further';
}

/** Splits bytes into lines: those of a chunk at a time. It holds no more than a chunk and one line. */
export async function* readLines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Line[]> {
  let rest = '';
  let isPart = false;
  for await (const chunk of input) {
    const text = rest + toText(chunk);
    const lines: Line[] = [];
    let start = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', start)) {
      const isCrLf = at > start && text.charCodeAt(at - 1) === 13;
      const line: Line = { text: text.slice(start, isCrLf ? at - 1 : at), end: isCrLf ? '\r\n' : '\n' };
      lines.push(asPart(line, isPart));
      isPart = false;
      start = at + 1;
    }
    rest = text.slice(start);
    if (rest.length > MAX_LINE_CHARS || (isPart && rest !== '')) {
      // A carriage return at the end may belong to the end of the line.
      const held = rest.endsWith('\r') ? '\r' : '';
      lines.push({
        text: rest.slice(0, rest.length - held.length),
        end: '',
        part: isPart ? 'further' : 'first',
      });
      rest = held;
      isPart = true;
    }
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [asPart({ text: rest, end: '' }, isPart)];
}

function asPart(line: Line, isPart: boolean): Line {
  if (isPart) return { ...line, part: 'further' };
  return line.text.length > MAX_LINE_CHARS ? { ...line, part: 'first' } : line;
}

function toText(chunk: Uint8Array): string {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
}
