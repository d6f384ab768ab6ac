import { describe, expect, test } from 'vitest';
import { type Frame, frame, serializeFrame } from './frame.js';
import { FrameParser } from './frame-parser.js';
import { STOMP_VERSIONS, type StompVersion } from './header-escape.js';

const LIMITS = { maxHeadBytes: 1_000, maxBodyBytes: 10_000 };

function parse(chunks: readonly Buffer[], version: StompVersion = '1.2', limits = LIMITS): Frame[] {
  const parser = new FrameParser(limits, version);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    parser.push(chunk);
    for (let next = parser.next(); next; next = parser.next()) frames.push(next);
  }
  return frames;
}

function parseText(text: string, version: StompVersion = '1.2'): Frame[] {
  return parse([Buffer.from(text.replaceAll('^@', '\0'))], version);
}

/** Numbers in [0, 1) that are the same in every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

function randomFrames(random: () => number): Frame[] {
  const text = () => String.fromCharCode(...Array.from({ length: 8 }, () => 1 + Math.floor(random() * 500)));
  return Array.from({ length: 20 }, () => {
    const body = Buffer.from(
      Array.from({ length: Math.floor(random() * 50) }, () => Math.floor(random() * 256)),
    );
    return frame('SEND', { destination: `/queue/${text()}`, [`a${text()}`]: text(), empty: '' }, body);
  });
}

function withoutLength({ command, headers, body }: Frame) {
  return {
    command,
    headers: [...headers].filter(([name]) => name !== 'content-length'),
    body: body.toString('hex'),
  };
}

describe('frame parser', () => {
  test('reads what the serializer writes, however the bytes are cut', () => {
    const random = seededRandom(7);
    for (let round = 0; round < 50; round += 1) {
      const frames = randomFrames(random);
      const bytes = Buffer.concat(frames.map((each) => serializeFrame(each, '1.2')));
      const chunks: Buffer[] = [];
      for (let start = 0; start < bytes.length; ) {
        const end = start + 1 + Math.floor(random() * 40);
        chunks.push(bytes.subarray(start, end));
        start = end;
      }
      expect(parse(chunks).map(withoutLength)).toEqual(frames.map(withoutLength));
    }
  });

  test('reads two frames cut in two at any byte', () => {
    const bytes = Buffer.from('\nSEND\r\na:b\r\n\r\nhello\0\r\n\nSEND\ncontent-length:3\n\n\0\0\0\0\n');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const frames = parse([bytes.subarray(0, cut), bytes.subarray(cut)]);
      expect(frames.map(({ body }) => body.toString('latin1'))).toEqual(['hello', '\0\0\0']);
    }
  });

  test('reads a body with NUL bytes when it has a content-length', () => {
    const [only] = parse([Buffer.from('SEND\ncontent-length:5\n\na\0b\0c\0')]);
    expect(only?.body).toEqual(Buffer.from('a\0b\0c'));
  });

  test('takes the first of repeated headers', () => {
    expect(parseText('SEND\nfoo:World\nfoo:Hello\n\n^@')[0]?.headers.get('foo')).toBe('World');
  });

  test('ignores heart-beats, however many', () => {
    expect(parseText('\n\n\n\r\n')).toEqual([]);
    expect(parseText('\n\n\nSEND\n\n^@\n\n\n')).toHaveLength(1);
  });

  test.each([
    ['1.0', 'a\\nb', 'a\\nb'],
    ['1.1', 'a\\nb\\c\\\\', 'a\nb:\\'],
    ['1.2', 'a\\nb\\c\\\\\\r', 'a\nb:\\\r'],
    ['1.2', 'colon:inside', 'colon:inside'],
  ] as const)('STOMP %s decodes the header value %j as %j', (version, wire, value) => {
    expect(parseText(`SEND\nfoo:${wire}\n\n^@`, version)[0]?.headers.get('foo')).toBe(value);
  });

  test.each([
    ['1.1', 'a\\rb'],
    ['1.2', 'a\\tb'],
    ['1.2', 'end\\'],
  ] as const)('STOMP %s refuses the unknown escape in %j', (version, wire) => {
    expect(() => parseText(`SEND\nfoo:${wire}\n\n^@`, version)).toThrow(/no escape/);
  });

  test('leaves backslashes in CONNECT as they are, in every version', () => {
    for (const version of STOMP_VERSIONS)
      expect(parseText('CONNECT\npasscode:a\\tb\n\n^@', version)[0]?.headers.get('passcode')).toBe('a\\tb');
  });

  test('a line break cannot smuggle in a header where nothing is escaped', () => {
    const bytes = serializeFrame(frame('MESSAGE', { a: 'x\nreceipt:1' }), '1.0');
    expect(parse([bytes], '1.0')[0]?.headers).toEqual(new Map([['a', 'x receipt:1']]));
  });

  test.each([
    ['a header without a colon', 'SEND\nfoo\n\n^@', 'STOMP_FRAME_MALFORMED'],
    ['a header without a name', 'SEND\n:foo\n\n^@', 'STOMP_FRAME_MALFORMED'],
    ['a content-length that is no number', 'SEND\ncontent-length:x\n\n^@', 'STOMP_FRAME_MALFORMED'],
    ['a content-length that is too short', 'SEND\ncontent-length:1\n\nab^@', 'STOMP_FRAME_MALFORMED'],
    ['a body announced too long', 'SEND\ncontent-length:10001\n\n', 'STOMP_FRAME_TOO_LARGE'],
    ['a body that grows too long', `SEND\n\n${'x'.repeat(10_001)}`, 'STOMP_FRAME_TOO_LARGE'],
    ['headers that are too long', `SEND\nfoo:${'x'.repeat(1_000)}\n\n^@`, 'STOMP_FRAME_TOO_LARGE'],
    ['headers that never end', `SEND\nfoo:${'x'.repeat(1_000)}`, 'STOMP_FRAME_TOO_LARGE'],
  ])('refuses %s', (_what, text, code) => {
    expect(() => parseText(text)).toThrow(expect.objectContaining({ code }));
  });
});
