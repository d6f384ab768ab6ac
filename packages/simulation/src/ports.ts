import { createServer } from 'node:net';
import { closeServer, listen } from './listen.js';

/** A loopback port that was free a moment ago, for servers that must be told one before they start. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server, '127.0.0.1', 0);
  await closeServer(server);
  return port;
}
