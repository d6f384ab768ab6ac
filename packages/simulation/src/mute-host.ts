import type { LookupAddress } from 'node:dns';
import { createServer, type Socket } from 'node:net';
import { AddressOrder, type Running } from '@podips/shared';
import { closeServer, listen } from './listen.js';

/** A host that takes connections and never says a word on them. */
export interface MuteHost extends Running {
  /** Connections ever taken. */
  readonly connections: number;
}

/** @throws when the address cannot be bound */
export async function startMuteHost(host: string, port: number): Promise<MuteHost> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined); // clients give up as they like
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await listen(server, host, port);
  return {
    get connections() {
      return connections;
    },
    async stop() {
      const closed = closeServer(server);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An order for which every name has these IPv4 addresses. */
export function addressOrderOf(addresses: readonly string[]): AddressOrder {
  const found = addresses.map((address) => ({ address, family: 4 }));
  const resolve = (_host: string, _options: object, done: (err: null, found: LookupAddress[]) => void) =>
    done(null, found);
  // The order asks for all addresses alone; the system's resolver has more forms than that.
  return new AddressOrder(resolve as ConstructorParameters<typeof AddressOrder>[0]);
}
