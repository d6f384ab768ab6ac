import type { AddressInfo, Server } from 'node:net';

/**
 * Binds a server and waits until it listens.
 * @param port 0 takes a free one
 * @returns the port that it listens on
 * @throws when the address cannot be bound
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  return (server.address() as AddressInfo).port;
}

/** Stops listening; resolves when the last connection has ended too. A server that does not listen is fine. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
