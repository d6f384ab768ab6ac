import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createMonitorClient } from './monitor-client.js';

test('Ctrl-C ends the wait for a monitor that is busy, also of a command that has a signal of its own', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(503, { 'retry-after': '15' }).end();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  // A server that listens on a port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const stopped = new AbortController();
  const url = new URL(`http://127.0.0.1:${port}`);
  const client = createMonitorClient(
    { url, user: undefined, password: undefined, caFile: undefined },
    stopped.signal,
  );
  onTestFinished(() => client.close());
  const own = new AbortController();
  const answer = client.postLines('/api/v1/lookup', {}, '{}\n', own.signal);
  await once(server, 'request');
  stopped.abort();
  await expect(answer).rejects.toThrow('aborted');
}, 5_000);
