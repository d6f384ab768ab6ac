import { once } from 'node:events';
import type { Socket } from 'node:net';
import { encode } from '@msgpack/msgpack';

/** What a server may send instead of an ack. */
export type BadAnswer = 'nested arrays' | 'a text without end' | 'acks without end' | 'another protocol';

const PIECE_BYTES = 65_536;
const NESTED = 500_000;
const TEXT_BYTES = 0xffff_ffff;
const ARRAY_OF_ONE = 0x91;
const TEXT_32 = 0xdb;

/** Sends it until all is sent, the client hangs up or it is aborted. @returns how many bytes the client's system took */
export async function sendBadAnswer(
  socket: Socket,
  answer: BadAnswer,
  stopping: AbortSignal,
): Promise<number> {
  let sent = 0;
  for (const piece of piecesOf(answer)) {
    if (!socket.writable || stopping.aborted) break;
    sent += piece.length;
    // A client that hangs up ends the wait as an error.
    if (!socket.write(piece)) await once(socket, 'drain', { signal: stopping }).catch(() => socket.destroy());
  }
  return sent;
}

function* piecesOf(answer: BadAnswer): Generator<Uint8Array> {
  switch (answer) {
    case 'another protocol':
      yield Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
      return;
    case 'nested arrays':
      yield Buffer.alloc(NESTED, ARRAY_OF_ONE);
      return;
    case 'a text without end': {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(TEXT_BYTES);
      yield Buffer.concat([Uint8Array.of(TEXT_32), length]);
      for (let left = TEXT_BYTES; left > 0; left -= PIECE_BYTES) yield Buffer.alloc(PIECE_BYTES, 'x');
      return;
    }
    case 'acks without end': {
      const ack = encode({ ack: 'bm8gY2h1bmsgaGFzIHRoaXM=' });
      const piece = Buffer.concat(Array.from({ length: Math.floor(PIECE_BYTES / ack.length) }, () => ack));
      for (let left = TEXT_BYTES; left > 0; left -= piece.length) yield piece;
    }
  }
}
