import { once } from 'node:events';
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createUploads, requirePace } from './uploads.js';

/** A server that gives requests a short time, and answers what came when they have ended. */
async function serve(
  onRequest: (response: ServerResponse) => void,
  onClientError: Parameters<typeof createUploads>[0],
) {
  const limits = { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10 };
  const server = createServer(limits, async (incoming, response) => {
    onRequest(response);
    try {
      response.end(await text(incoming));
    } catch {
      response.destroy(); // the server has closed the connection
    }
  });
  server.on('clientError', onClientError).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', method: 'POST' });
  sent.on('error', () => undefined);
  sent.write('first ');
  return sent;
}

test('an upload may take longer than other requests, which are handed on as errors', async () => {
  const otherwise = vi.fn((_err: Error, socket: { destroy(): void }) => socket.destroy());
  const uploads = createUploads(otherwise);
  const seen = vi.fn(uploads.onClientError);
  const long = await serve((response) => uploads.begin(response), seen);
  await vi.waitFor(() => expect(seen).toHaveBeenCalled());
  long.end('last');
  const [answer] = await once(long, 'response');
  expect(await text(answer)).toBe('first last');
  expect(otherwise).not.toHaveBeenCalled();
  const other = await serve(() => undefined, seen);
  await new Promise((resolve) => other.on('close', resolve));
  expect(otherwise).toHaveBeenCalledOnce();
});

test('an upload that hardly goes on is ended, and one that goes on is not', async () => {
  const ended = vi.fn();
  const pace = (bytes: number) => (response: ServerResponse) => {
    const stop = requirePace(response.req.socket, { bytes, intervalMs: 20 });
    response.on('close', stop);
  };
  const uploads = createUploads(() => undefined);
  const slow = await serve(pace(1_000_000), uploads.onClientError);
  slow.on('close', ended);
  await vi.waitFor(() => expect(ended).toHaveBeenCalled());
  const steady = await serve(pace(0), uploads.onClientError);
  await once(steady, 'socket');
  steady.end('last');
  const [answer] = await once(steady, 'response');
  expect(await text(answer)).toBe('first last');
});
