/// <reference path="./stompit.d.ts" />
import type { Socket } from 'node:net';
import stompit, { type Client, type Message } from 'stompit';
import type { OpeningSocket } from './address-order.js';
import { StompFrameWriter } from './stomp-frame-writer.js';

/** Headers come from any producer; with the library's own bounds one odd message would end every connection. */
const MAX_HEADER_LINE_BYTES = 1_048_576;
const MAX_HEADERS = 10_000;
const MAX_HEARTBEAT_MARGIN_MS = 5_000;
/** Brokers cut a connection as soon as a heart-beat is overdue, and the event loop may be busy when it is due. */
const HEARTBEATS_PER_INTERVAL = 3;
const MAX_ERROR_CHARS = 500;

/** A client of stompit with bounds and margins that brokers need. */
export function createStompClient(socket: Socket, heartbeatMs: number): Client {
  return new stompit.Client(socket, {
    heartbeat: [heartbeatMs, heartbeatMs],
    heartbeatDelayMargin: Math.min(heartbeatMs, MAX_HEARTBEAT_MARGIN_MS),
    heartbeatOutputMargin: heartbeatMs - Math.floor(heartbeatMs / HEARTBEATS_PER_INTERVAL),
    maxLineLength: MAX_HEADER_LINE_BYTES,
    maxHeaders: MAX_HEADERS,
    outgoingFrameStream: new StompFrameWriter(socket),
  });
}

export interface Login {
  readonly vhost: string;
  readonly username: string;
  readonly password: string;
}

/**
 * Sends CONNECT as soon as the connection is open. Resolves at CONNECTED; a failure ends the client, which reports it.
 * @param onRefused called with the reason in an ERROR frame, now and later
 */
export function logIn(
  client: Client,
  { socket, openedEvent }: OpeningSocket,
  { vhost, username, password }: Login,
  onRefused: (reason: string) => void,
): Promise<void> {
  const credentials = username === '' ? {} : { login: username, passcode: password };
  return new Promise((resolve) => {
    socket.once(openedEvent, () => {
      client.connect({ host: vhost, ...credentials }, (err) => {
        if (err) return;
        // CONNECTED has restored the library's own handlers.
        endOnErrorFrame(client, onRefused);
        resolve();
      });
      endOnErrorFrame(client, onRefused);
    });
  });
}

/** Collects a body, which must be read before any later frame. */
export function readBody(message: Message, done: (body: Uint8Array) => void): void {
  const chunks: Uint8Array[] = [];
  message.on('data', (chunk: Uint8Array) => chunks.push(chunk));
  message.on('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
}

/**
 * The library's own handler throws where nothing can catch it, on an ERROR frame with plain text and a length. The
 * reason is in the header of one broker and in the body of another, and the connection may end before the body does.
 */
function endOnErrorFrame(client: Client, onRefused: (reason: string) => void): void {
  client.setCommandHandler('ERROR', (frame) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const report = () => onRefused(describeError(frame.headers.message, Buffer.concat(chunks).toString()));
    const end = () => {
      report();
      client.destroy(new Error('the broker sent an ERROR frame'));
    };
    onRefused(describeError(frame.headers.message, ''));
    frame.on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      chunks.push(chunk);
      report();
      if (bytes > MAX_ERROR_CHARS) end();
    });
    frame.on('end', end);
  });
}

/** The header, and what the body adds to it before its stack trace. */
function describeError(header: string | undefined, body: string): string {
  const [text = ''] = body.split(/\n\s+at /, 1);
  const detail = text.replaceAll(/\s+/g, ' ').trim();
  const parts = header === undefined || detail.includes(header) ? [detail] : [header.trim(), detail];
  const reason = parts.filter((part) => part !== '').join(': ');
  return reason === '' ? 'the broker sent an ERROR frame' : reason.slice(0, MAX_ERROR_CHARS);
}
