import { Readable } from 'node:stream';
import { decodeMulti, encode } from '@msgpack/msgpack';
import { describe, expect, it } from 'vitest';
import { readAnswers } from './fluent-answers.js';

const PIECE_BYTES = 16_384;
const ACK = { ack: 'Y2h1bms=' };
const bin = (...bytes: number[]) => Uint8Array.from(bytes);
const NONCE = bin(0xff, 0xc3, 0x28, 0x00);

/** The messages that come through, what the stream failed with, and how many bytes it has taken from the server. */
async function read(pieces: Iterable<Uint8Array>, { login = false, acks = 0 } = {}) {
  let taken = 0;
  let left = acks;
  const counted = function* () {
    for (const piece of pieces) {
      taken += piece.length;
      yield piece;
    }
  };
  const takeAck = () => {
    left -= 1;
    return left >= 0;
  };
  const messages: unknown[] = [];
  let error: unknown;
  try {
    const source = Readable.from(counted(), { objectMode: false, highWaterMark: PIECE_BYTES });
    for await (const bytes of source.pipe(readAnswers({ login, takeAck })))
      messages.push(...decodeMulti(bytes));
  } catch (err) {
    error = err;
  }
  return { messages, error, taken };
}

const pieces = function* (bytes: Uint8Array, size = PIECE_BYTES) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
};
const endless = function* (...start: number[]) {
  yield bin(...start);
  for (;;) yield Buffer.alloc(PIECE_BYTES, 'x');
};
/** The header of an array of so many elements. */
const arrayOf = (length: number) => {
  const header = Buffer.alloc(5);
  header[0] = 0xdd;
  header.writeUInt32BE(length, 1);
  return header;
};

describe('answers of a server', () => {
  it.each([1, 3, PIECE_BYTES])('come through whole, in pieces of %i bytes', async (size) => {
    const pong = ['PONG', true, '', 'fluentd-1', 'd1ge57'];
    const sent = Buffer.concat([
      encode(['HELO', { nonce: NONCE, auth: bin(1) }]),
      encode(pong),
      encode(ACK),
      encode(ACK),
    ]);
    const { messages, error } = await read(pieces(sent, size), { login: true, acks: 2 });
    expect(error).toBeUndefined();
    expect(messages).toEqual([['HELO', { nonce: NONCE, auth: bin(1), keepalive: true }], pong, ACK, ACK]);
  });

  it('are as many as a server has acks to give', async () => {
    const many = Array.from({ length: 10_000 }, () => ACK);
    const { messages, error } = await read(pieces(Buffer.concat(many.map((ack) => encode(ack)))), {
      acks: 10_000,
    });
    expect([messages.length, error]).toEqual([10_000, undefined]);
  });

  it('keep the bytes of a nonce that is sent as text', async () => {
    const text = (bytes: Uint8Array) => Buffer.concat([bin(0xa0 | bytes.length), bytes]);
    const helo = [
      bin(0x92),
      encode('HELO'),
      bin(0x82),
      encode('nonce'),
      text(NONCE),
      encode('auth'),
      text(NONCE),
    ];
    const { messages } = await read([Buffer.concat(helo)], { login: true });
    expect(messages).toEqual([['HELO', { nonce: NONCE, auth: NONCE, keepalive: true }]]);
  });

  it.each<[string, Iterable<Uint8Array>]>([
    ['500,000 nested arrays', pieces(Buffer.alloc(500_000, 0x91))],
    [
      'nested arrays of great lengths',
      pieces(Buffer.concat(Array.from({ length: 50_000 }, () => arrayOf(33_554_431)))),
    ],
    ['a text without end', endless(0xdb, 0xff, 0xff, 0xff, 0xff)],
    ['bytes without end', endless(0xc6, 0xff, 0xff, 0xff, 0xff)],
    ['an array that never ends', endless(...arrayOf(0xffff_ffff))],
    ['a map that never ends', endless(0xdf, 0xff, 0xff, 0xff, 0xff)],
    ['an extension without end', endless(0xc9, 0xff, 0xff, 0xff, 0xff, 0)],
    ['an ack with a text without end', endless(0x81, 0xa3, 0x61, 0x63, 0x6b, 0xdb, 0xff, 0xff, 0xff, 0xff)],
    ['acks for nothing', pieces(Buffer.concat(Array.from({ length: 50_000 }, () => encode(ACK))))],
    ['another protocol', endless(...Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['nothing but nil', pieces(Buffer.alloc(500_000, 0xc0))],
    ['an ack that is a number', [encode({ ack: 1 })]],
    ['a login that is not asked for', [encode(['PONG', true, '', 'a', 'b'])]],
  ])('that are %s end the stream, with hardly anything read', async (_, sent) => {
    const { messages, error, taken } = await read(sent, { acks: 1 });
    expect(error).toMatchObject({ code: 'FLUENT_MALFORMED', retryable: true });
    expect(messages.length).toBeLessThanOrEqual(1);
    expect(taken).toBeLessThanOrEqual(8 * PIECE_BYTES);
  });

  it.each<[string, boolean, unknown, string]>([
    ['a key, and we have none', false, ['HELO', { nonce: NONCE }], 'LOG_SHARED_KEY is not set'],
    [
      'another login',
      true,
      ['PONG', false, 'shared_key mismatch', '', ''],
      'refuses the login: shared_key mismatch',
    ],
  ])('that ask for %s say so', async (_, login, message, text) => {
    const { error } = await read([encode(message)], { login });
    expect(error).toMatchObject({
      code: 'FLUENT_REFUSED',
      status: 401,
      message: expect.stringContaining(text),
    });
  });

  it('that are TLS say so to those who speak plainly', async () => {
    const { error } = await read([bin(0x15, 3, 3, 0, 2, 2, 50)]);
    expect(error).toMatchObject({ message: 'its answer is TLS, but LOG_TLS is not true' });
  });

  it('are shown shortened, without control characters', async () => {
    const reason = `no\u001b[31m${'x'.repeat(500)}`;
    const { error } = await read([encode(['PONG', false, reason, '', ''])], { login: true });
    expect(String(error)).toMatch(/refuses the login: no\?\[31mx{100,200}$/);
  });
});
