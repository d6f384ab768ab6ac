import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What may wait. One request of a connection is answered at a time, and a request is at most as long as its head. */
export interface BacklogLimits {
  /** Requests of one connection that wait for the answer to an earlier one. */
  readonly requestsPerConnection: number;
  readonly requests: number;
  /** Bytes of answers that nobody has read yet, at most one of each connection. */
  readonly answerBytes: number;
}

/** No browser, proxy or Prometheus sends a second request before the answer to the first. */
export const BACKLOG_LIMITS: BacklogLimits = {
  requestsPerConnection: 16,
  requests: 1_024,
  answerBytes: 33_554_432,
};

const HEAD_END = '\r\n\r\n';
const TAIL_BYTES = HEAD_END.length - 1;

interface Turn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A connection. */
interface Lane {
  readonly socket: Socket;
  readonly waiting: Turn[];
  isBusy: boolean;
  /** The last bytes that were read, with which the end of a head may begin. A Buffer of them would keep the 64 KiB it is cut from. */
  tail: string;
  /** Of an answer that is complete, and that the client has not read. */
  unreadBytes: number;
}

/**
 * Answers the requests of a connection one after another, each when the client has read the answer to the one before
 * it. Without this, Node answers pipelined requests (RFC 9112, 9.3.2) at once, and keeps the answers in memory for as
 * long as nobody reads them. A connection that makes too many requests wait is closed. When too many bytes of answers
 * wait, those connections are closed whose answer has waited longest.
 * @param server one without a listener for requests
 */
export function boundBacklog(server: Server, listener: RequestListener, limits: BacklogLimits): void {
  const lanes = new WeakMap<Socket, Lane>();
  /** The connections with an unread answer, the oldest first. */
  const unread = new Set<Lane>();
  /** In all; those of a connection that was destroyed, which Node still holds, until it has closed. */
  const total = { waiting: 0, unreadBytes: 0 };

  server.on('connection', (socket) => {
    const lane: Lane = { socket, waiting: [], isBusy: false, tail: '', unreadBytes: 0 };
    lanes.set(socket, lane);
    beforeParser(socket, (chunk) => admits(lane, chunk));
    socket.on('close', () => {
      total.waiting -= lane.waiting.length;
      lane.waiting.length = 0;
      forgetAnswer(lane);
    });
  });

  server.on('request', (request, response) => {
    const lane = lanes.get(request.socket);
    // Nothing is read on a connection that was closed, or that ends with an answer.
    if (lane === undefined || !lane.socket.writable) return;
    if (!lane.isBusy) return answer(lane, { request, response });
    lane.waiting.push({ request, response });
    total.waiting += 1;
    if (lane.waiting.length > limits.requestsPerConnection || total.waiting > limits.requests)
      lane.socket.destroy();
  });

  function admits(lane: Lane, chunk: Buffer): boolean {
    const { waiting, isBusy, tail } = lane;
    // The end of a head that began before this.
    const seam = tail + chunk.toString('latin1', 0, TAIL_BYTES);
    lane.tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - TAIL_BYTES))).slice(-TAIL_BYTES);
    const more = countHeads(seam) + countHeads(chunk) - (isBusy ? 0 : 1);
    if (more <= 0) return true;
    return waiting.length + more <= limits.requestsPerConnection && total.waiting + more <= limits.requests;
  }

  function answer(lane: Lane, { request, response }: Turn): void {
    lane.isBusy = true;
    // Emitted when the last byte was written, before it is known whether it can be sent.
    response.on('prefinish', () => {
      if (!lane.socket.destroyed) rememberAnswer(lane, response.writableLength);
    });
    response.on('close', () => next(lane));
    listener(request, response);
  }

  function next(lane: Lane): void {
    forgetAnswer(lane);
    lane.isBusy = false;
    if (!lane.socket.writable) return;
    const turn = lane.waiting.shift();
    if (turn === undefined) return;
    total.waiting -= 1;
    answer(lane, turn);
  }

  function rememberAnswer(lane: Lane, bytes: number): void {
    lane.unreadBytes = bytes;
    total.unreadBytes += bytes;
    unread.add(lane);
    for (const oldest of unread) {
      if (total.unreadBytes <= limits.answerBytes) return;
      forgetAnswer(oldest);
      oldest.socket.destroy();
    }
  }

  function forgetAnswer(lane: Lane): void {
    total.unreadBytes -= lane.unreadBytes;
    lane.unreadBytes = 0;
    unread.delete(lane);
  }
}

/**
 * Closes a connection instead of parsing what is not admitted: once Node has begun with what it has read at once, up to
 * 64 KiB, it makes all requests that are in it, and keeps them until the connection has closed.
 */
function beforeParser(socket: Socket, admits: (chunk: Buffer) => boolean): void {
  const [parse, ...others] = socket.listeners('data');
  if (parse === undefined || others.length > 0) throw new Error('Node parses HTTP in another way');
  socket.removeAllListeners('data');
  socket.on('data', (chunk) => {
    if (admits(chunk)) parse.call(socket, chunk);
    else socket.destroy();
  });
}

/** At most how many heads end in this. No body that our servers accept has many blank lines. */
function countHeads(bytes: Buffer | string): number {
  let heads = 0;
  for (let end = bytes.indexOf(HEAD_END); end !== -1; end = bytes.indexOf(HEAD_END, end + HEAD_END.length))
    heads += 1;
  return heads;
}
