import { describe, expect, it } from 'vitest';
import { readLines } from './lines.js';

async function collect(chunks: readonly (string | Uint8Array)[], maxBytes = 100): Promise<string[]> {
  async function* source() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  const lines: string[] = [];
  for await (const line of readLines(source(), maxBytes)) lines.push(line);
  return lines;
}

describe('readLines', () => {
  it('splits at newlines wherever the chunks end', async () => {
    const text = 'first\nsecond line\n\nthird\n';
    for (let at = 0; at <= text.length; at += 1) {
      expect(await collect([text.slice(0, at), text.slice(at)])).toEqual([
        'first',
        'second line',
        '',
        'third',
      ]);
    }
  });

  it('keeps a character whole that is cut by the end of a chunk', async () => {
    const bytes = Buffer.from('grün ☸\n');
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await collect([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['grün ☸']);
    }
  });

  it('does not yield a last line that was cut off', async () => {
    expect(await collect(['whole\nhal'])).toEqual(['whole']);
  });

  it('gives up on a line without end', async () => {
    await expect(collect(['x'.repeat(60), 'x'.repeat(60)])).rejects.toMatchObject({ code: 'LINE_TOO_LONG' });
  });
});
