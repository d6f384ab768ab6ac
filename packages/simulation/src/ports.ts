import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { closeServer, listen } from './listen.js';

/**
 * Systems give outgoing connections their ports from 32768 on, or from above that, and listeners that leave the choice to
 * them too. A port from there may be taken again before whom it is meant for has started.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_767;
const ATTEMPTS = 100;

/** On the UDP side of each port that was given out, until this process ends. */
const claims = new Set<Socket>();

/**
 * A free loopback port, for servers that need one before they start. It is not assigned again while this process
 * lives, so that a server may go and come back on it.
 * @throws the error of the last attempt when none can be listened on
 */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const server = createServer();
    try {
      await claim(port);
      await listen(server, '127.0.0.1', port);
      await closeServer(server);
      return port;
    } catch (err) {
      if (attempt === ATTEMPTS) throw err; // taken: another one
    }
  }
}

/** @throws when another process has claimed the port */
async function claim(port: number): Promise<void> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
  } catch (err) {
    socket.close();
    throw err;
  }
  socket.unref();
  claims.add(socket);
}
