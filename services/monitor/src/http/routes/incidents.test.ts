import { expect, test } from 'vitest';
import { heartbeat, memoryStore, openApp } from '../app.test.helpers.js';

test('the page shows each light with its strip, and the incidents', async () => {
  const app = await openApp(memoryStore([heartbeat('kubernetes')]));
  await app.inject('/queue/write/503/no%20link');
  const { statusCode, body } = await app.inject('/incidents?window=90d');
  expect(statusCode).toBe(200);
  expect(body.match(/class="strip"/g)).toHaveLength(4);
  expect(body).toContain('viewBox="0 0 90 8"');
  expect(body).toContain('no link');
  expect(body).toContain('aria-current="page">Incidents</a>');
});

test('the feed has a broker that is down as one entry', async () => {
  const app = await openApp(memoryStore());
  await app.inject('/queue/write/503/no%20link');
  await app.inject('/queue/read/503/no%20link');
  const { body } = await app.inject('/feed.atom');
  expect(body.match(/<entry>/g)).toHaveLength(1);
  expect(body).toContain('<title>Queue write and queue read are failing</title>');
});

test('GET /api/v1/uptime answers windows and strips of each light', async () => {
  const app = await openApp(memoryStore([heartbeat('kubernetes')]));
  const { lights } = (await app.inject('/api/v1/uptime?strip=90d')).json();
  expect(lights).toHaveLength(4);
  expect(lights[0]).toMatchObject({ operation: 'kubernetes', name: 'Kubernetes read', light: 'green' });
  expect(lights[0].uptime.map(({ window }: { window: string }) => window)).toEqual([
    '24h',
    '7d',
    '30d',
    '90d',
  ]);
  expect(lights[0].strip).toHaveLength(90);
});

test.each([
  ['/incidents?window=30d', 'window', 'window must be 24h, 7d or 90d'],
  ['/incidents?before=2026-01-31T23:59:60Z', 'before', 'before must be a time'],
  ['/incidents?page=2', 'page', 'there is no parameter "page" here'],
  ['/api/v1/uptime?strip=1h', 'strip', 'strip must be 24h, 7d or 90d'],
  ['/badge/uptime/1h/log.svg', 'window', 'window must be 24h, 7d, 30d or 90d'],
])('%s is refused with what would be right', async (path, field, error) => {
  const app = await openApp(memoryStore());
  const reply = await app.inject(path);
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ field, error: expect.stringContaining(error) });
});
