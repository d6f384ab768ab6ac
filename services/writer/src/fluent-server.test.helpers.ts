import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { FluentServer } from '@fluent-org/logger';
import type { ServerAddress } from '@podips/shared';
import type { FluentOptions } from './fluent-session.js';

/** The library's own server for the forward protocol: it acknowledges every chunk. */
export class RecordingServer extends FluentServer {
  readonly entries: { tag: unknown; time: unknown; record: unknown }[] = [];

  protected override onEntry(...[tag, time, record]: Parameters<FluentServer['onEntry']>): void {
    this.entries.push({ tag, time, record });
  }

  static async start(port = 0): Promise<RecordingServer> {
    const server = new RecordingServer({ listenOptions: { host: '127.0.0.1', port } });
    await server.listen();
    return server;
  }
}

/** Takes connections and bytes, and never answers. */
export async function startSilentServer(onData: (socket: Socket) => void = () => undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // a reset is what some tests are about
    socket.on('data', () => onData(socket));
  });
  server.on('error', () => undefined); // a failed bind shows as a missing port below
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    sockets,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

export function serverAt(port: number | undefined): ServerAddress {
  if (port === undefined) throw new Error('the server does not listen');
  return { host: '127.0.0.1', port };
}

export const FLUENT_OPTIONS: FluentOptions = {
  tagPrefix: 'audit',
  tls: undefined,
  login: undefined,
  connectTimeoutMs: 5_000,
  ackTimeoutMs: 10_000,
};
