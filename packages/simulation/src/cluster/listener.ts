import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { bind } from '@podips/shared';
import { freePort } from '../ports.js';
import type { TlsFiles } from '../tls.js';
import { ClusterError } from './cluster-error.js';

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes a free one at the first `open()`, and the same again later. */
  readonly port: number;
  readonly tls: Pick<TlsFiles, 'certPem' | 'keyPem'> | undefined;
  readonly onRequest: RequestListener;
}

/** A port that can be closed and opened again, with or without its open connections. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port: number;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** @throws {ClusterError} LISTEN_FAILED, for example when another program has the port */
  async open(): Promise<void> {
    if (this.#server) return;
    const { tls, host, onRequest } = this.#options;
    const server = tls
      ? createTlsServer({ cert: tls.certPem, key: tls.keyPem }, onRequest)
      : createServer(onRequest);
    server.on('connection', (socket) => this.#track(socket));
    this.#server = server;
    try {
      if (this.#port === 0) this.#port = await freePort();
      await bind(server, host, this.#port);
    } catch (cause) {
      this.#server = undefined;
      throw new ClusterError('LISTEN_FAILED', `cannot listen on ${host}:${this.#port}`, { cause });
    }
    // An error after this can only come from accepting a connection, and the client sees it.
    server.on('error', () => this.dropConnections());
  }

  /** New connections are refused from now on; open ones live on, except idle ones. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Cuts all connections. Returns their number. */
  dropConnections(): number {
    const count = this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
    return count;
  }

  /** Refuses and cuts, and resolves when nothing is open any more. */
  async close(): Promise<void> {
    const open = [...this.#sockets, ...(this.#server ? [this.#server] : [])];
    const closed = open.map((each) => new Promise<void>((resolve) => each.once('close', () => resolve())));
    this.refuse();
    this.dropConnections();
    await Promise.all(closed);
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket));
    // Whatever breaks a connection, the client deals with it; `close` follows.
    socket.on('error', () => socket.destroy());
  }
}
