import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { decodeMulti, decodeMultiStream, encode } from '@msgpack/msgpack';
import { PodipsError, toError } from '@podips/shared';
import { forwardExtensions, toEpochMs } from './event-time.js';

/** Bytes that are not the forward protocol, or a record that is no map. The connection is reset, as by Fluentd. */
export class ForwardError extends PodipsError {}

export interface SinkRecord {
  readonly tag: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly time: string;
  readonly record: Readonly<Record<string, unknown>>;
}

/** One transport message: what arrives together and is acknowledged together. */
export interface Chunk {
  readonly records: readonly SinkRecord[];
  /** The acknowledgement that the client asks for; undefined when it wants none. */
  readonly id: string | undefined;
}

const MAX_FIELD_BYTES = 64 * 1024 * 1024;
/** Latest moment that a Date can hold. */
const MAX_EPOCH_MS = 8.64e15;

const unzip = promisify(gunzip);

/** Bounds on what one field may announce, so that garbage cannot reserve memory. */
function decoderOptions() {
  return {
    extensionCodec: forwardExtensions(),
    maxStrLength: MAX_FIELD_BYTES,
    maxBinLength: MAX_FIELD_BYTES,
    maxArrayLength: 1_000_000,
    maxMapLength: 100_000,
    maxExtLength: 1_000,
  };
}

/**
 * Reads messages from a connection.
 * @throws {ForwardError} FORWARD_NOT_MSGPACK
 */
export async function* readMessages(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  const messages = decodeMultiStream(bytes, decoderOptions());
  for (;;) {
    let next: IteratorResult<unknown>;
    try {
      next = await messages.next();
    } catch (cause) {
      throw new ForwardError('FORWARD_NOT_MSGPACK', toError(cause).message, { cause });
    }
    if (next.done) return;
    yield next.value;
  }
}

/** The acknowledgement of a chunk. */
export function encodeAck(chunkId: string): Uint8Array {
  return encode({ ack: chunkId });
}

/**
 * Reads one transport message of any of the four modes: Message `[tag, time, record, option?]`, Forward
 * `[tag, [[time, record], ...], option?]`, PackedForward `[tag, bytes, option?]` and the same gzipped.
 * @throws {ForwardError} FORWARD_MALFORMED
 */
export async function toChunk(message: unknown): Promise<Chunk> {
  if (!Array.isArray(message)) throw malformed('a transport message is an array');
  const [tag, second, third, fourth]: unknown[] = message;
  if (typeof tag !== 'string') throw malformed('the tag is no text');
  if (Array.isArray(second) || second instanceof Uint8Array) {
    const option = toOption(third);
    const entries = second instanceof Uint8Array ? await unpack(second, option) : second;
    return { records: entries.map((entry) => toRecord(tag, entry)), id: chunkId(option) };
  }
  return { records: [toRecord(tag, [second, third])], id: chunkId(toOption(fourth)) };
}

async function unpack(packed: Uint8Array, option: Record<string, unknown>): Promise<unknown[]> {
  try {
    const zipped = option.compressed === 'gzip';
    const bytes = zipped ? await unzip(packed, { maxOutputLength: MAX_FIELD_BYTES }) : packed;
    return [...decodeMulti(bytes, decoderOptions())];
  } catch (cause) {
    throw malformed(`the packed entries cannot be read: ${toError(cause).message}`, cause);
  }
}

function toRecord(tag: string, entry: unknown): SinkRecord {
  if (!Array.isArray(entry)) throw malformed('an entry is an array of time and record');
  const [time, record]: unknown[] = entry;
  const epochMs = toEpochMs(time);
  if (epochMs === undefined || Math.abs(epochMs) > MAX_EPOCH_MS) throw malformed('the time is no time');
  if (!isMap(record)) throw malformed('the record is no map');
  return { tag, time: new Date(epochMs).toISOString(), record };
}

function toOption(option: unknown): Record<string, unknown> {
  if (option === undefined || option === null) return {};
  if (!isMap(option)) throw malformed('the option is no map');
  return option;
}

function chunkId({ chunk }: Record<string, unknown>): string | undefined {
  return typeof chunk === 'string' && chunk !== '' ? chunk : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function malformed(what: string, cause?: unknown): ForwardError {
  return new ForwardError('FORWARD_MALFORMED', what, { cause });
}
