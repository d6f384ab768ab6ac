import { expect, test } from 'vitest';
import { memoryStore, openApp } from '../app.test.helpers.js';

const READER = { service: 'reader', run: '0123abcd', published: 7, buffered: 1, outbox: 2, ledger: null };
const WRITER = {
  service: 'writer',
  run: '4567abcd',
  delivered: [{ run: '0123abcd', number: 5 }],
  received: 6,
  written: 5,
  inFlight: 1,
  lagMs: 12,
};
const URL = '/api/v1/reports';

test('reports of reader and writer together say what waits, for people and for programs', async () => {
  const app = await openApp(memoryStore());
  expect((await app.inject('/api/v1/status')).json()).toMatchObject({ flow: null });
  for (const payload of [{ ...READER, published: 5 }, WRITER, READER])
    expect((await app.inject({ method: 'POST', url: URL, payload })).statusCode).toBe(204);
  const { flow } = (await app.inject('/api/v1/status')).json();
  expect(flow).toMatchObject({ state: 'in time', queued: 2, outbox: 2, buffered: 1, lagMs: 12 });
  expect((await app.inject('/')).body).toContain('2 on the queue, 2 in the outbox, 1 in the reader');
});

test.each([
  ['another service', { ...READER, service: 'cronjob' }],
  ['a count below zero', { ...READER, published: -1 }],
  ['a run with markup', { ...WRITER, run: '<b>12345' }],
  ['no counts', { service: 'writer', run: '4567abcd' }],
])('a report of %s is refused', async (_what, payload) => {
  const app = await openApp(memoryStore());
  const reply = await app.inject({ method: 'POST', url: URL, payload });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toEqual({ error: expect.any(String), field: expect.any(String) });
  expect((await app.inject('/api/v1/status')).json()).toMatchObject({ flow: null });
});

test('reports need the token of heartbeats, and come from no other site', async () => {
  const heartbeatToken = 'a-token-of-heartbeats';
  const app = await openApp(memoryStore(), { heartbeatToken });
  const send = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: URL, payload: READER, headers });
  const authorization = `Bearer ${heartbeatToken}`;
  expect((await send({})).statusCode).toBe(401);
  expect((await send({ authorization })).statusCode).toBe(204);
  expect((await send({ authorization, origin: 'https://evil.example' })).statusCode).toBe(403);
});
