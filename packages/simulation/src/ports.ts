import { createServer } from 'node:net';
import { PodipsError } from '@podips/shared';
import { closeServer, listen } from './listen.js';

/** A loopback port that was free a moment ago, for servers that must be told one before they start. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, '127.0.0.1', 0);
  await closeServer(server);
  return port;
}

/**
 * For programs whose own servers would only find out when half of them has started.
 * @throws {PodipsError} PORT_TAKEN when nothing can listen on this loopback port
 */
export async function requireFreePort(port: number): Promise<void> {
  const server = createServer();
  try {
    await listen(server, '127.0.0.1', port);
  } catch (cause) {
    throw new PodipsError('PORT_TAKEN', `port ${port} is taken; choose another one`, { cause });
  }
  await closeServer(server);
}
