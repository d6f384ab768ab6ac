import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { statusView } from '../../view/status-view.test.helpers.js';
import { buildPages, type Pages } from '../pages.test.helpers.js';

const GREEN = statusView(['green', 'green', 'green', 'green']);

async function listen(maxClients?: number, placesPerClient?: number): Promise<{ pages: Pages; url: string }> {
  const pages = await buildPages(GREEN, maxClients, placesPerClient);
  const url = await pages.app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => pages.app.close());
  return { pages, url: `${url}/api/v1/events` };
}

async function openStream(url: string, localAddress = '127.0.0.1'): Promise<IncomingMessage> {
  const request = get(url, { localAddress });
  onTestFinished(() => void request.destroy());
  const [response] = await once(request, 'response');
  return response.setEncoding('utf8');
}

test('the stream begins with the page and continues with its changes', async () => {
  const { pages, url } = await listen();
  const stream = await openStream(url);
  expect(stream.statusCode).toBe(200);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  await expect.poll(() => text).toMatch(/^data: \{.*"light":"green".*\n\n/);
  pages.show(statusView(['red', 'green', 'green', 'green']));
  await expect.poll(() => text).toMatch(/"light":"red".*\n\n/);
});

test('a client that goes makes room', async () => {
  const { pages, url } = await listen(1);
  const stream = await openStream(url);
  const refused = await fetch(url);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('30');
  expect(await refused.json()).toEqual({ error: expect.stringContaining('too many open pages') });
  stream.destroy();
  await expect.poll(() => pages.live.clients).toBe(0);
  expect((await openStream(url)).statusCode).toBe(200);
});

test('a client that has its share leaves room for others', async () => {
  const { pages, url } = await listen(100, 2);
  const streams = [await openStream(url), await openStream(url)];
  expect((await openStream(url)).statusCode).toBe(503);
  expect((await openStream(url, '127.0.0.2')).statusCode).toBe(200);
  streams[0]?.destroy();
  await expect.poll(() => pages.live.clients).toBe(2);
  expect((await openStream(url)).statusCode).toBe(200);
  expect((await openStream(url)).statusCode).toBe(503);
});

test('streams that are asked for on one connection all end with it', async () => {
  const { pages, url } = await listen(100, 3);
  const { port, pathname } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1' });
  onTestFinished(() => void socket.destroy());
  socket.write(`GET ${pathname} HTTP/1.1\r\nhost: monitor\r\n\r\n`.repeat(5));
  await once(socket, 'data');
  expect(pages.live.clients).toBeGreaterThan(0);
  socket.destroy();
  await expect.poll(() => pages.live.clients).toBe(0);
  for (let n = 0; n < 3; n += 1) expect((await openStream(url)).statusCode).toBe(200);
});

test('open streams do not keep the server from closing', async () => {
  const { pages, url } = await listen();
  const streams = await Promise.all([openStream(url), openStream(url), openStream(url)]);
  const ended = Promise.all(streams.map((stream) => once(stream.resume(), 'end')));
  await pages.app.close();
  await ended;
});
