import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { bind, listenAt, localUrl } from './listen.js';

const failure = (code: string) => Object.assign(new Error(code), { code });

test('all addresses are those of IPv6 and of IPv4', async () => {
  const server = createServer((request, response) => response.end(request.socket.remoteAddress));
  await bind(server, '::', 0);
  onTestFinished(() => void server.close());
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('::ffff:127.0.0.1');
  expect(await (await fetch(`http://[::1]:${port}`)).text()).toBe('::1');
});

test.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])(
  'without IPv6 (%s) all addresses are those of IPv4',
  async (code) => {
    const tried: string[] = [];
    const listen = async (host: string) => {
      tried.push(host);
      if (host.includes(':')) throw failure(code);
    };
    await listenAt('::', listen);
    expect(tried).toEqual(['::', '0.0.0.0']);
    await expect(listenAt('2001:db8::1', listen)).rejects.toThrow(code);
  },
);

test('a port in use is not tried at another address', async () => {
  const tried: string[] = [];
  const listen = async (host: string) => {
    tried.push(host);
    throw failure('EADDRINUSE');
  };
  await expect(listenAt('::', listen)).rejects.toThrow('EADDRINUSE');
  expect(tried).toEqual(['::']);
});

test.each([
  ['::', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::1', 'http://[::1]:80'],
  ['localhost', 'http://localhost:80'],
])('what listens at %s is reached at %s', (host, url) => {
  expect(localUrl('http', host, 80)).toBe(url);
});
