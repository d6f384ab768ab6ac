import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { closeServer, listen } from './listen.js';
import { freePort } from './ports.js';

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>();
  return { ...crypto, randomInt: vi.fn(crypto.randomInt) };
});

/** The next ports that chance picks. */
function pick(...ports: readonly number[]): void {
  for (const port of ports) vi.mocked(randomInt).mockImplementationOnce(() => port);
}

it('a port is assigned once, also while it is not in use', async () => {
  const first = await freePort();
  const second = await freePort();
  pick(first, second);
  expect([first, second]).not.toContain(await freePort());
  const server = createServer();
  await listen(server, '127.0.0.1', first);
  await closeServer(server);
});

it('a port that another process was given, or listens on, is not given out', async () => {
  const given = createSocket('udp4');
  onTestFinished(() => void given.close());
  given.bind(0, '127.0.0.1');
  await once(given, 'listening');
  const server = createServer();
  onTestFinished(() => closeServer(server));
  const listening = await listen(server, '127.0.0.1', 0);
  pick(given.address().port, listening);
  expect([given.address().port, listening]).not.toContain(await freePort());
});
