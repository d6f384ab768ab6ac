import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Logger, pause, toError } from '@podips/shared';
import { type Chunk, encodeAck, readChunks, type SinkRecord } from './forward-protocol.js';
import type { SinkFaultState } from './sink-faults.js';

export interface SinkConnectionDeps {
  readonly faults: SinkFaultState;
  /** Stores records; throws when it cannot. */
  readonly store: (records: readonly SinkRecord[]) => void;
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** A client that reads no acknowledgement for this long is cut off. */
const DRAIN_DEADLINE_MS = 10_000;

/** Serves one client until its connection ends: chunk after chunk, each stored before it is acknowledged. */
export async function serveConnection(socket: Socket, deps: SinkConnectionDeps): Promise<void> {
  socket.on('error', (err) => deps.log.debug({ err }, 'client connection failed'));
  try {
    for await (const chunk of readChunks(bytesOf(socket, deps.faults))) {
      deps.store(chunk.records);
      if (deps.faults.takeReset('after-stored')) socket.resetAndDestroy();
      else await acknowledge(socket, chunk, deps);
    }
  } catch (err) {
    // A stream that breaks off is the client's affair; any other error is reported.
    if (!socket.destroyed) deps.log.warn({ err: toError(err) }, 'connection reset');
    socket.resetAndDestroy();
  }
}

async function* bytesOf(socket: Socket, faults: SinkFaultState): AsyncGenerator<Uint8Array> {
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
  if (faults.ackDelayMs > 0) {
    faults.delayedAcks += 1;
    if (!(await pause(faults.ackDelayMs, stopping))) return;
  }
  if (socket.writable && !socket.write(encodeAck(id)))
    await once(socket, 'drain', {
      signal: AbortSignal.any([stopping, AbortSignal.timeout(DRAIN_DEADLINE_MS)]),
    });
}
