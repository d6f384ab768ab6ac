import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { fastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { installCompression } from './compression.js';

const LONG = 'a pod had this address. '.repeat(100);
const BROWSER = 'gzip, deflate, br, zstd';

async function openAnswers() {
  const app = fastify();
  onTestFinished(() => app.close());
  installCompression(app);
  const page = Buffer.from(LONG);
  app.get('/page', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get('/json', async () => ({ text: LONG }));
  app.get('/short', async () => ({ text: 'short' }));
  app.get('/picture', async (_request, reply) => reply.type('image/png').send(page));
  app.get('/stream', async (_request, reply) => reply.type('text/csv').send(Readable.from([LONG])));
  return app;
}

const asked = (url: string, encoding = BROWSER, headers = {}) => ({
  url,
  headers: { 'accept-encoding': encoding, host: 'monitor', ...headers },
});

test.each(['/page', '/json'])('a long text is compressed for who can read it: %s', async (path) => {
  const app = await openAnswers();
  const { headers, rawPayload } = await app.inject(asked(path));
  expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
  expect(headers['content-length']).toBe(String(rawPayload.length));
  expect(rawPayload.length).toBeLessThan(200);
  expect(gunzipSync(rawPayload).toString()).toContain(LONG);
});

test.each([
  ['a short text', asked('/short')],
  ['what is no text', asked('/picture')],
  ['a stream', asked('/stream')],
  ['what a page of another site asks for', asked('/page', BROWSER, { 'sec-fetch-site': 'cross-site' })],
  [
    'what a page of another site asks a monitor without TLS for',
    asked('/page', BROWSER, { referer: 'http://a/' }),
  ],
  ['a text for a client that names no encoding', asked('/page', '')],
  ['a text for a client that has no gzip', asked('/page', 'br, x-gzip')],
  ['a text for a client that refuses gzip', asked('/page', 'br, gzip;q=0.0, deflate')],
])('%s is sent as it is', async (_what, request) => {
  const { headers } = await (await openAnswers()).inject(request);
  expect(headers['content-encoding']).toBeUndefined();
});

test.each(['gzip', 'br;q=1.0, gzip;q=0.8, *;q=0.1', 'GZIP ; q=1'])('%s allows gzip', async (encoding) => {
  const { headers } = await (await openAnswers()).inject(asked('/page', encoding));
  expect(headers['content-encoding']).toBe('gzip');
});

test('caches are told that a text depends on the encoding, also where it is sent as it is', async () => {
  const { headers, body } = await (await openAnswers()).inject(asked('/page', 'identity'));
  expect([headers.vary, body]).toEqual(['accept-encoding', LONG]);
});
