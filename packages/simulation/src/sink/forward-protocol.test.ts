import { gzipSync } from 'node:zlib';
import { encode } from '@msgpack/msgpack';
import { describe, expect, test } from 'vitest';
import { EventTime, toEpochMs } from './event-time.js';
import { readMessages, toChunk } from './forward-protocol.js';

const RECORD = { event_id: 'a' };
const ENTRY = [1_700_000_000.25, RECORD];
const STORED = { tag: 'audit.pod_ip', time: '2023-11-14T22:13:20.250Z', record: RECORD };
const PACKED = Buffer.concat([encode(ENTRY), encode(ENTRY)]);

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function all(messages: AsyncIterable<unknown>) {
  const found = [];
  for await (const message of messages) found.push(await toChunk(message));
  return found;
}

describe('forward protocol', () => {
  test.each([
    ['Message', ['audit.pod_ip', ...ENTRY, { chunk: 'c' }], 1],
    ['Forward', ['audit.pod_ip', [ENTRY, ENTRY], { chunk: 'c' }], 2],
    ['PackedForward', ['audit.pod_ip', PACKED, { chunk: 'c' }], 2],
    ['CompressedPackedForward', ['audit.pod_ip', gzipSync(PACKED), { chunk: 'c', compressed: 'gzip' }], 2],
  ])('reads %s mode', async (_mode, message, count) => {
    expect(await toChunk(message)).toEqual({ id: 'c', records: Array.from({ length: count }, () => STORED) });
  });

  test('reads a message without an option: nothing to acknowledge', async () => {
    expect(await toChunk(['t', 1, {}])).toMatchObject({ id: undefined });
    expect(await toChunk(['t', [], null])).toEqual({ id: undefined, records: [] });
  });

  test('reads messages that come byte by byte', async () => {
    const bytes = Buffer.concat([encode(['audit.pod_ip', ...ENTRY]), encode(['audit.pod_ip', PACKED])]);
    const chunks = await all(readMessages(pieces(bytes, 1)));
    expect(chunks.map(({ records }) => records.length)).toEqual([1, 2]);
  });

  test('reads an EventTime to the millisecond', async () => {
    const eventTime = [0xd7, 0, 0x65, 0x53, 0xf1, 0x00, 0x2e, 0x19, 0x18, 0xc0];
    const bytes = Buffer.concat([Buffer.from([0x93]), encode('t'), Buffer.from(eventTime), encode({})]);
    const [chunk] = await all(readMessages(pieces(bytes, 3)));
    expect(chunk?.records[0]?.time).toBe('2023-11-14T22:13:20.773Z');
    expect(toEpochMs(new EventTime(1, 999_999_999))).toBe(1_999);
  });

  test.each([
    ['no array', 71],
    ['a tag that is no text', [1, 1, {}]],
    ['a record that is text', ['t', 1, 'text']],
    ['a record that is an array', ['t', 1, []]],
    ['a record that is null', ['t', 1, null]],
    ['a time that is text', ['t', '2026-11-20T00:00:00Z', {}]],
    ['a time beyond all dates', ['t', 1e300, {}]],
    ['an entry that is no array', ['t', [1], {}]],
    ['an option that is no map', ['t', 1, {}, 5]],
    ['packed entries that are garbage', ['t', Buffer.from([0xc1]), {}]],
    ['compressed entries that are not', ['t', PACKED, { compressed: 'gzip' }]],
  ])('refuses %s', async (_what, message) => {
    await expect(toChunk(message)).rejects.toMatchObject({ code: 'FORWARD_MALFORMED' });
  });

  test('refuses bytes that are no msgpack', async () => {
    await expect(all(readMessages(pieces(Buffer.from([0xc1]), 1)))).rejects.toMatchObject({
      code: 'FORWARD_NOT_MSGPACK',
    });
  });
});
