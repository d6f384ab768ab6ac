import { describe, expect, it } from 'vitest';
import { readFrames, readLines } from './frames.js';

async function collect(
  chunks: readonly (string | Uint8Array)[],
  maxBytes = 100,
  read = readLines,
): Promise<string[]> {
  async function* source() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  }
  const lines: string[] = [];
  for await (const line of read(source(), maxBytes)) lines.push(line.toString());
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
    await expect(collect(['x'.repeat(60), 'x'.repeat(60)])).rejects.toMatchObject({ code: 'FRAME_TOO_LONG' });
  });
});

/** A frame as the API server writes it. */
function frame(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

describe('readFrames', () => {
  const frames = ['first', '', 'x'.repeat(300), 'grün ☸'];
  const bytes = Buffer.concat(frames.map(frame));

  it('splits by the length of each frame wherever the chunks end', async () => {
    for (let at = 0; at <= bytes.length; at += 1) {
      const chunks = [bytes.subarray(0, at), bytes.subarray(at)];
      expect(await collect(chunks, 300, readFrames)).toEqual(frames);
    }
    const singly = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(await collect(singly, 300, readFrames)).toEqual(frames);
  });

  it('does not yield a last frame that was cut off', async () => {
    for (let end = 0; end < bytes.length; end += 1) {
      const whole = await collect([bytes.subarray(0, end)], 300, readFrames);
      expect(whole).toEqual(frames.slice(0, whole.length));
      expect(whole.length).toBeLessThan(frames.length);
    }
  });

  it('gives up on a frame that says it is longer than any may be, before it has come', async () => {
    const begun = [frame('whole'), Buffer.from([0, 0, 1, 45])];
    await expect(collect(begun, 300, readFrames)).rejects.toMatchObject({
      code: 'FRAME_TOO_LONG',
      message: 'a frame of 301 bytes is longer than 300',
    });
  });
});
