import { expect, test } from 'vitest';
import { heartbeat, LIMIT_MS, memoryStore, NOW_MS, openApp } from '../app.test.helpers.js';

const old = { receivedAtMs: NOW_MS - LIMIT_MS - 1 };

test.each([
  ['read', 'success'],
  ['write', 'no logs for more than 5 minutes'],
  ['all', 'fail'],
  ['delete', 'invalid operation'],
  ['__proto__', 'invalid operation'],
])('GET /podips/%s answers %s', async (scope, status) => {
  const app = await openApp(
    memoryStore([heartbeat('queue/write'), heartbeat('queue/read', { code: 500 }), heartbeat('log', old)]),
  );
  const reply = await app.inject(`/podips/${scope}`);
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['cache-control']).toBe('no-store');
  expect(reply.json()).toEqual({ status });
});

test('GET /api/ping answers whole Unix seconds', async () => {
  const app = await openApp(memoryStore());
  const reply = await app.inject('/api/ping');
  expect(reply.json()).toEqual({ ack: Math.floor(NOW_MS / 1_000) });
});
