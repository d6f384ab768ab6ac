import { Duplex } from 'node:stream';
import { decodeMultiStream, encode } from '@msgpack/msgpack';
import { FluentError } from './fluent-error.js';

/** The longest message of the forward protocol that a server sends, in bytes: HELO, PONG and acks have a few hundred. */
const MAX_ANSWER_BYTES = 4_096;
const MAX_TEXT_BYTES = 1_024;
/** The first byte of what a server with TLS says to others (RFC 8446, section 5.1). */
const TLS_ALERT = 21;
const MAX_SHOWN = 200;

export interface AnswersExpected {
  /** Whether we have a shared key. */
  readonly login: boolean;
  /** Whether a chunk waits for an ack; called for each ack. */
  readonly takeAck: () => boolean;
}

/**
 * Reads what a server of the forward protocol sends, and passes on, as msgpack, whole messages alone: HELO, PONG, and
 * acks that are awaited. The library that gets them decodes whatever comes, however long and deep, and takes the text
 * that Fluent Bit sends as nonce for UTF-8, whose digest is then another one.
 * @throws {FluentError} through the stream: FLUENT_MALFORMED, FLUENT_REFUSED
 */
export function readAnswers(expected: AnswersExpected): Duplex {
  return Duplex.from((source: AsyncIterable<Uint8Array>) => answers(source, expected));
}

async function* answers(
  source: AsyncIterable<Uint8Array>,
  expected: AnswersExpected,
): AsyncGenerator<Uint8Array> {
  let unfinished = 0;
  const bounded = async function* () {
    for await (const bytes of source)
      for (let start = 0; start < bytes.length; start += MAX_ANSWER_BYTES) {
        const piece = bytes.subarray(start, start + MAX_ANSWER_BYTES);
        unfinished += piece.length;
        yield piece;
        if (unfinished > MAX_ANSWER_BYTES) throw malformed(`has more than ${MAX_ANSWER_BYTES} bytes`);
      }
  };
  for await (const message of decoded(bounded())) {
    unfinished = 0;
    yield encode(toAnswer(message, expected));
  }
}

async function* decoded(source: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  try {
    yield* decodeMultiStream<undefined>(source, {
      rawStrings: true,
      maxStrLength: MAX_TEXT_BYTES,
      maxBinLength: MAX_TEXT_BYTES,
      maxArrayLength: 8,
      maxMapLength: 8,
      maxExtLength: MAX_TEXT_BYTES,
    });
  } catch (err) {
    throw err instanceof FluentError ? err : malformed('is no msgpack of that protocol', err);
  }
}

function toAnswer(message: unknown, { login, takeAck }: AnswersExpected): unknown {
  if (Array.isArray(message)) {
    const [kind, second, third, fourth, fifth]: unknown[] = message;
    if (text(kind) === 'HELO' && isMap(second)) {
      if (!login) throw refused('asks for a shared key, but LOG_SHARED_KEY is not set');
      const { nonce, auth, keepalive } = second;
      return [
        'HELO',
        { nonce: bytes(nonce), auth: bytes(auth ?? new Uint8Array()), keepalive: keepalive !== false },
      ];
    }
    if (text(kind) === 'PONG' && login) {
      if (second !== true) throw refused(`refuses the login: ${shown(third)}`);
      return ['PONG', true, '', text(fourth), text(fifth)];
    }
  } else if (isMap(message) && message.ack !== undefined) {
    if (!takeAck()) throw malformed('is an ack for nothing');
    return { ack: text(message.ack) };
  }
  if (message === TLS_ALERT) throw malformed('is TLS, but LOG_TLS is not true');
  throw malformed('is neither a greeting nor an ack');
}

function bytes(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw malformed('lacks a text');
}

const text = (value: unknown) => Buffer.from(bytes(value)).toString('utf8');

const shown = (value: unknown) =>
  text(value)
    .slice(0, MAX_SHOWN)
    .replaceAll(/[^\x20-\x7e]/g, '?');

function isMap(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value)
  );
}

const malformed = (what: string, cause?: unknown) =>
  new FluentError('FLUENT_MALFORMED', `its answer ${what}`, { cause });

const UNAUTHORIZED = 401;
const refused = (what: string) => new FluentError('FLUENT_REFUSED', `it ${what}`, { status: UNAUTHORIZED });
