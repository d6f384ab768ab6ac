import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { BACKLOG_LIMITS, type BacklogLimits, boundBacklog } from './backlog.js';
import { createClientPlaces } from './client-places.js';
import type { Networks } from './networks.js';

export interface HttpServerOptions {
  /** Most connections of one client, of an IPv4 address or of an IPv6 /64; more are closed. */
  readonly connectionsPerClient: number;
  /** Addresses that many clients share; their connections are only bounded in all. */
  readonly isShared?: Networks;
  /** Headers of refusals, beside those that they need. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly backlog?: BacklogLimits;
}

/** Path and headers of a request. */
export const MAX_HEADER_BYTES = 16_384;
/** Most connections at a time, a bound for what many clients together can take. */
const MAX_CONNECTIONS = 4_096;
const REQUEST_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 30_000;
/** The interval at which the server looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 2_000;

/** A server that no client can exhaust: connections, requests, their size and time, and what waits are all bounded. */
export function createHttpServer(listener: RequestListener, options: HttpServerOptions): Server {
  const { headers = {}, backlog = BACKLOG_LIMITS } = options;
  const refuse: RequestListener = (request, response) => {
    if (!hasTwoHosts(request)) return listener(request, response);
    const body = JSON.stringify({ error: 'a request has one Host header' });
    response
      .writeHead(400, {
        ...headers,
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
      })
      .end(body);
  };
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: IDLE_TIMEOUT_MS,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  });
  boundBacklog(server, refuse, backlog);
  server.setTimeout(IDLE_TIMEOUT_MS);
  limitConnections(server, options);
  return server;
}

/** No single client can use up all connections, and with them all memory. */
function limitConnections(server: Server, options: HttpServerOptions): void {
  const { connectionsPerClient: perClient, isShared = () => false } = options;
  const places = createClientPlaces({ perClient, isShared });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => {
    const leave = places.take(socket.remoteAddress ?? 'unknown');
    if (leave === undefined) socket.destroy();
    else socket.on('close', leave);
  });
}

/** A proxy may have decided by one of them, and Node shows the first (RFC 9112, 3.2). */
function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.filter((text, n) => n % 2 === 0 && text.toLowerCase() === 'host').length > 1;
}
