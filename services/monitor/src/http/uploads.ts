import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type ClientErrorHandler = (err: Error & { readonly code?: string }, socket: Socket) => void;

/** Requests whose bodies are streams of any length, so that the time limit for whole requests does not hold for them. */
export interface Uploads {
  /** Until the response has ended. A connection on which nothing moves is closed all the same. */
  begin(response: ServerResponse): void;
  /** What the server calls instead of the given handler. */
  readonly onClientError: ClientErrorHandler;
}

/** @param otherwise handles every other error */
export function createUploads(otherwise: ClientErrorHandler): Uploads {
  const sockets = new WeakSet<Socket>();
  return {
    begin(response) {
      const { socket } = response;
      if (socket === null) return;
      sockets.add(socket);
      response.on('close', () => void sockets.delete(socket));
    },
    onClientError(err, socket) {
      // Node leaves it to the handler whether the connection ends.
      if (err.code !== 'ERR_HTTP_REQUEST_TIMEOUT' || !sockets.has(socket)) otherwise(err, socket);
    },
  };
}

/** How much an upload has to bring in each interval. */
export interface Pace {
  readonly bytes: number;
  readonly intervalMs: number;
}

/** Closes the connection of an upload that is slower than that: it holds a place that others need. @returns ends the watch */
export function requirePace(socket: Socket, { bytes, intervalMs }: Pace): () => void {
  let read = socket.bytesRead;
  const timer = setInterval(() => {
    if (socket.bytesRead - read < bytes) socket.destroy();
    read = socket.bytesRead;
  }, intervalMs);
  return () => clearInterval(timer);
}
