/// <reference path="./stompit.d.ts" />
import type { Socket } from 'node:net';
import stompit, { type Client, type Message } from 'stompit';
import type { QueueServer } from './settings/queue-settings.js';
import { StompFrameWriter } from './stomp-frame-writer.js';

/** Headers come from any producer; with the library's own bounds one odd message would end every connection. */
const MAX_HEADER_LINE_BYTES = 1_048_576;
const MAX_HEADERS = 10_000;
const MAX_HEARTBEAT_MARGIN_MS = 5_000;

/** A client of stompit with bounds and margins that brokers need. */
export function createStompClient(socket: Socket, heartbeatMs: number): Client {
  return new stompit.Client(socket, {
    heartbeat: [heartbeatMs, heartbeatMs],
    heartbeatDelayMargin: Math.min(heartbeatMs, MAX_HEARTBEAT_MARGIN_MS),
    maxLineLength: MAX_HEADER_LINE_BYTES,
    maxHeaders: MAX_HEADERS,
    outgoingFrameStream: new StompFrameWriter(socket),
  });
}

interface Login {
  readonly server: QueueServer;
  readonly username: string;
  readonly password: string;
}

/** Resolves at CONNECTED. A failure ends the client, which reports it. */
export function logIn(client: Client, socket: Socket, options: Login): Promise<void> {
  const { server, username, password } = options;
  const login = username === '' ? {} : { login: username, passcode: password };
  return new Promise((resolve) => {
    socket.once('connect', () => {
      client.connect({ host: server.host, ...login }, (err) => {
        if (err) return;
        // CONNECTED has restored the library's own handlers.
        endOnErrorFrame(client);
        resolve();
      });
      endOnErrorFrame(client);
    });
  });
}

/** Collects a body, which must be read before any later frame. */
export function readBody(message: Message, done: (body: Uint8Array) => void): void {
  const chunks: Uint8Array[] = [];
  message.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  message.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
}

/** The library's own handler throws where nothing can catch it, on an ERROR frame with plain text and a length. */
function endOnErrorFrame(client: Client): void {
  client.setCommandHandler('ERROR', ({ headers }) => {
    client.destroy(new Error(headers.message ?? 'the broker sent an ERROR frame'));
  });
}
