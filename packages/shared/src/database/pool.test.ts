import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { createLogger } from '../logger.js';
import { openPool } from './pool.js';
import { runStatement } from './transaction.js';

const log = createLogger('test', 'silent');
const settings = {
  host: '127.0.0.1',
  user: 'podips',
  password: '',
  database: 'queue',
  sslMode: 'disable',
} as const;

/** Listens as a database that sends this to every client that has introduced itself. */
async function listen(answer: (socket: Socket, bytes: Buffer) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => answer(socket, bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

it('a pool connects with no parameter that a pooler of connections would refuse', async () => {
  const introduced: string[] = [];
  const server = await listen((socket, bytes) => {
    // Length and version, then names and values in turn, each ended by a zero.
    const words = bytes.subarray(8).toString().split('\0');
    introduced.push(...words.filter((word, n) => n % 2 === 0 && word !== ''));
    socket.destroy();
  });
  const pool = openPool({ ...settings, port: server.port }, log);
  await expect(runStatement(pool, 'SELECT')).rejects.toThrow();
  await pool.end();
  await server.stop();
  expect(new Set(introduced)).toEqual(new Set(['user', 'database', 'client_encoding', 'application_name']));
});

it('a pool gives up a server that lets it in and then says nothing, however long a statement may take', async () => {
  // AuthenticationOk and ReadyForQuery.
  const welcome = Buffer.from('R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I');
  const server = await listen((socket) => socket.write(welcome));
  const pool = openPool({ ...settings, port: server.port }, log, {
    connectTimeoutMs: 100,
    statementTimeoutMs: 3_600_000,
  });
  await expect(runStatement(pool, 'SELECT')).rejects.toThrow('timeout');
  await pool.end();
  await server.stop();
});
