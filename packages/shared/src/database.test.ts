import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { openPool } from './database.js';
import { createLogger } from './logger.js';

it('a pool connects with no parameter that a pooler of connections would refuse', async () => {
  const introduced: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      // Length and version, then names and values in turn, each ended by a zero.
      const words = bytes.subarray(8).toString().split('\0');
      introduced.push(...words.filter((word, n) => n % 2 === 0 && word !== ''));
      socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const settings = { host: '127.0.0.1', port, user: 'podips', password: '', database: 'queue' };
  const pool = openPool(settings, createLogger('test', 'silent'), { readOnly: true });
  await expect(pool.query('SELECT')).rejects.toThrow();
  await pool.end();
  server.close();
  await once(server, 'close');
  expect(new Set(introduced)).toEqual(new Set(['user', 'database', 'client_encoding', 'application_name']));
});
