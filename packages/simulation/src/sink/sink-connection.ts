import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Logger, pause, toError } from '@podips/shared';
import { sendBadAnswer } from './bad-answers.js';
import { type Chunk, encodeAck, readMessages, type SinkRecord, toChunk } from './forward-protocol.js';
import { type SinkSecurity, startLogin } from './login.js';
import type { SinkFaultState } from './sink-faults.js';

export interface SinkConnectionDeps {
  readonly security: SinkSecurity | undefined;
  readonly faults: SinkFaultState;
  /** Stores records; throws when it cannot. */
  readonly store: (records: readonly SinkRecord[]) => void;
  readonly stopping: AbortSignal;
  /** What Fluentd would log as a warning or an error. */
  readonly warn: (message: string) => void;
  readonly log: Logger;
}

/** A client that reads no acknowledgement for this long is cut off. */
const DRAIN_DEADLINE_MS = 10_000;

/** Serves one client until its connection ends: the login, where there is one, then chunk after chunk, each stored before it is acknowledged. */
export async function serveConnection(socket: Socket, deps: SinkConnectionDeps): Promise<void> {
  socket.on('error', (err) => deps.log.debug({ err }, 'client connection failed'));
  try {
    const messages = readMessages(bytesOf(socket, deps));
    if (deps.security && !(await logIn(socket, messages, deps.security, deps.warn))) return;
    for await (const message of messages) {
      const chunk = await toChunk(message);
      deps.store(chunk.records);
      if (deps.faults.takeReset('after-stored')) socket.resetAndDestroy();
      else await acknowledge(socket, chunk, deps);
    }
  } catch (err) {
    // A stream that breaks off is the client's affair; any other error is reported.
    if (!socket.destroyed) {
      deps.warn(`forward error: ${toError(err).message}`);
      deps.log.warn({ err: toError(err) }, 'connection reset');
    }
    socket.resetAndDestroy();
  }
}

/** @returns whether the client may send; if not, the connection is being closed */
async function logIn(
  socket: Socket,
  messages: AsyncIterator<unknown>,
  security: SinkSecurity,
  warn: SinkConnectionDeps['warn'],
): Promise<boolean> {
  const login = startLogin(security);
  socket.write(login.helo);
  const ping = await messages.next();
  // A client that leaves before its PING is none that Fluentd mentions.
  if (ping.done) return false;
  const { pong, warning } = login.answer(ping.value);
  if (warning === undefined) {
    if (pong) socket.write(pong);
    return true;
  }
  warn(warning);
  if (pong) socket.write(pong);
  socket.end();
  return false;
}

async function* bytesOf(socket: Socket, { faults }: SinkConnectionDeps): AsyncGenerator<Uint8Array> {
  for await (const chunk of socket) {
    if (faults.takeReset('before-stored')) {
      socket.resetAndDestroy();
      return;
    }
    const bytes: Uint8Array = chunk;
    yield bytes;
  }
}

async function acknowledge(socket: Socket, { id }: Chunk, deps: SinkConnectionDeps): Promise<void> {
  const { faults, stopping } = deps;
  if (id === undefined || faults.ackless) return;
  if (faults.badAnswer) {
    faults.badBytes += await sendBadAnswer(socket, faults.badAnswer, stopping);
    return;
  }
  if (faults.ackDelayMs > 0) {
    faults.delayedAcks += 1;
    if (!(await pause(faults.ackDelayMs, stopping))) return;
  }
  if (socket.writable && !socket.write(encodeAck(id)))
    await once(socket, 'drain', {
      signal: AbortSignal.any([stopping, AbortSignal.timeout(DRAIN_DEADLINE_MS)]),
    });
}
