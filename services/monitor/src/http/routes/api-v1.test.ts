import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { StatusView } from '../../view/status-view.js';
import { heartbeat, memoryStore, openApp } from '../app.test.helpers.js';

test('GET /api/v1/status answers everything that the page shows', async () => {
  const app = await openApp(memoryStore([heartbeat('kubernetes')]));
  await app.inject('/queue/write/503/no%20link');
  const reply = await app.inject('/api/v1/status');
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['cache-control']).toBe('no-store');
  const status: unknown = reply.json();
  expect(Value.Errors(StatusView, status)).toEqual([]);
  expect(status).toMatchObject({
    worst: 'red',
    likelyCause: 'queue/write',
    incidents: [{ message: 'no link' }],
  });
});

test('what a request brought is answered as it was', async () => {
  const app = await openApp(memoryStore());
  await app.inject('/log/500/%3Cscript%3E%22%00%E2%80%AE');
  const reply = await app.inject('/api/v1/status');
  expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(reply.json().operations[3].heartbeat.message).toBe('<script>"\0\u202e');
});

test('GET /api/v1/incidents answers as many as are wanted', async () => {
  const app = await openApp(memoryStore());
  for (const path of ['log/500/a', 'log/200/b', 'kubernetes/500/c']) await app.inject(`/${path}`);
  const messages = async (query: string) => {
    const reply = await app.inject(`/api/v1/incidents${query}`);
    expect(reply.statusCode).toBe(200);
    return reply.json().incidents.map(({ message }: { message: string }) => message);
  };
  expect(await messages('')).toEqual(['c', 'a']);
  expect(await messages('?limit=500&before=2026-01-31T12:00:00.001Z')).toEqual(['c', 'a']);
  expect(await messages('?before=2026-01-31T12:00:00Z')).toEqual([]);
  expect(await messages('?before=2026-01-31T13:00:00%2B01:00')).toEqual([]);
});

test.each([
  ['limit', '?limit=0'],
  ['limit', '?limit=501'],
  ['limit', '?limit=many'],
  ['limit', '?limit=1&limit=2'],
  ['before', '?before=yesterday'],
  ['before', '?before=2026-02-31T12:00:00Z'],
  ['before', '?before='],
  ['before', '?before=2026-01-31T23:59:60Z'],
])('a wrong %s is named with what would be right: %s', async (field, query) => {
  const app = await openApp(memoryStore());
  const reply = await app.inject(`/api/v1/incidents${query}`);
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ field, error: expect.stringContaining(`${field} must be a`) });
});
