import type { ServerResponse } from 'node:http';
import type { Logger } from '@podips/shared';

/** Streams that are written to in one iteration of the event loop: heartbeats do not wait for a thousand dashboards. */
const STREAMS_PER_ITERATION = 50;
/** A slower client is disconnected, and gets the whole page when it reconnects. */
const MAX_BACKLOG_BYTES = 262_144;

/** The streams of open dashboards. */
export interface Streams {
  readonly size: number;
  /** Adds a response whose head is written, and ends it at once after a close. @returns whether it was added */
  add(stream: ServerResponse): boolean;
  write(stream: ServerResponse, event: Buffer): void;
  /** Writes to all streams, some in each iteration of the event loop. */
  writeAll(event: Buffer): void;
  /** Ends all streams. */
  close(): void;
}

export function createStreams(log: Logger): Streams {
  const streams = new Set<ServerResponse>();
  let isClosed = false;

  function write(stream: ServerResponse, event: Buffer): void {
    stream.write(event);
    if (stream.writableLength <= MAX_BACKLOG_BYTES) return;
    log.info({ bytes: stream.writableLength }, 'dashboard reads too slowly; stream closed');
    stream.destroy();
  }

  function writeSome(event: Buffer, waiting: readonly ServerResponse[]): void {
    if (isClosed) return;
    for (const stream of waiting.slice(0, STREAMS_PER_ITERATION))
      if (streams.has(stream)) write(stream, event);
    const rest = waiting.slice(STREAMS_PER_ITERATION);
    if (rest.length > 0) setImmediate(writeSome, event, rest);
  }

  return {
    get size() {
      return streams.size;
    },
    add(stream) {
      if (isClosed) {
        stream.end();
        return false;
      }
      stream.on('error', (err) => log.debug({ err }, 'dashboard stream failed'));
      stream.on('close', () => streams.delete(stream));
      streams.add(stream);
      return true;
    },
    write,
    writeAll: (event) => writeSome(event, [...streams]),
    close() {
      isClosed = true;
      for (const stream of streams) stream.end();
    },
  };
}
