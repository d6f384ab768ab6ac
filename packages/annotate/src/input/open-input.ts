import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AnnotateError } from '../problem.js';

const PEEK_BYTES = 512;

/** What a file begins with that is no text, and what to do. */
const OTHER_KINDS: readonly (readonly [start: string, problem: string])[] = [
  ['PK\x03\x04', 'it is a ZIP file or a workbook: unpack it, or save the sheet as CSV'],
  ['\xd0\xcf\x11\xe0', 'it is a workbook: save the sheet as CSV'],
  ['\xff\xfe', 'it is UTF-16: convert it with "iconv -f UTF-16 -t UTF-8"'],
  ['\xfe\xff', 'it is UTF-16: convert it with "iconv -f UTF-16 -t UTF-8"'],
  ['\xd4\xc3\xb2\xa1', 'it is a packet capture: write its packets as CSV with "tshark -T fields"'],
  ['\xa1\xb2\xc3\xd4', 'it is a packet capture: write its packets as CSV with "tshark -T fields"'],
  ['\x0a\x0d\x0d\x0a', 'it is a packet capture: write its packets as CSV with "tshark -T fields"'],
  ['PAR1', 'it is a Parquet file: convert it to CSV, for example with DuckDB'],
  ['\x28\xb5\x2f\xfd', 'it is compressed with zstd: pipe it through "zstd -dc"'],
  ['\xfd7zXZ', 'it is compressed with xz: pipe it through "xz -dc"'],
  ['BZh', 'it is compressed with bzip2: pipe it through "bzip2 -dc"'],
];

/**
 * The bytes of a text file, which may be compressed with gzip.
 * @throws {AnnotateError} when it is no text, or its compressed data is damaged or cut off
 */
export async function* openInput(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { start, all } = await peek(input);
  const isGzip = start[0] === 0x1f && start[1] === 0x8b;
  if (!isGzip) {
    refuseBinary(start);
    yield* all;
    return;
  }
  const inner = await peek(gunzip(all));
  refuseBinary(inner.start);
  yield* inner.all;
}

async function* gunzip(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = input[Symbol.asyncIterator]();
  const unpacked = createGunzip();
  let readBytes = 0;
  /** Where the last byte is that is no padding. */
  let last = -1;
  // Not ended by the pipeline, which stops at padding: what is behind it is looked at.
  async function* feed(): AsyncGenerator<Uint8Array> {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      const at = next.value.findLastIndex((byte) => byte !== 0);
      if (at !== -1) last = readBytes + at;
      readBytes += next.value.byteLength;
      yield next.value;
    }
  }
  const failed = pipeline(Readable.from(feed()), unpacked).then(
    () => undefined,
    (err: unknown) => err,
  );
  try {
    yield* unpacked;
    for await (const _ of feed()) if (last >= unpacked.bytesWritten) break;
    if (last >= unpacked.bytesWritten)
      throw new AnnotateError('ended', 'the gzip data is damaged: there is more after its end');
  } catch (err) {
    const cause = (await failed) ?? err;
    throw [err, cause].find((each) => each instanceof AnnotateError) ?? damaged(cause);
  } finally {
    unpacked.destroy();
    // Not awaited: a source that waits for input returns only when some comes.
    iterator.return?.().catch(() => undefined);
  }
}

function damaged(cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (!code.startsWith('Z_')) return cause;
  return new AnnotateError('ended', 'the gzip data is damaged or cut off', { cause });
}

interface Peeked {
  readonly start: Buffer;
  /** Everything, the start included. */
  readonly all: AsyncIterable<Uint8Array>;
}

async function peek(input: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = input[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < PEEK_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    chunks.push(value);
    bytes += value.byteLength;
    // A line is enough to know, and a slow source may send no more for long.
    if (value.includes(0x0a)) break;
  }
  return { start: Buffer.concat(chunks), all: continueWith(chunks, iterator) };
}

async function* continueWith(
  chunks: Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks.splice(0);
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

function refuseBinary(start: Buffer): void {
  const text = start.toString('latin1', 0, PEEK_BYTES);
  const [, problem] = OTHER_KINDS.find(([kind]) => text.startsWith(kind)) ?? [];
  if (problem !== undefined) throw new AnnotateError('input', `this is no text: ${problem}`);
  if (text.includes('\0')) throw new AnnotateError('input', 'this is no text: it has NUL bytes');
}
