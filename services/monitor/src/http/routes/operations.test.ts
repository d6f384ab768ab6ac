import { expect, onTestFinished, test, vi } from 'vitest';
import { heartbeat, memoryStore, NOW_MS, openApp } from '../app.test.helpers.js';

test('the monitor lives and is ready, also when it cannot save', async () => {
  const app = await openApp(memoryStore([], 'the last heartbeats cannot be saved'));
  expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
  const ready = await app.inject('/readyz');
  expect(ready.statusCode).toBe(200);
  expect(ready.json()).toEqual({ status: 'ready' });
});

test('metrics have the light and the age of each operation', async () => {
  const app = await openApp(
    memoryStore([heartbeat('kubernetes', { receivedAtMs: NOW_MS - 1_500 }), heartbeat('log', { code: 500 })]),
  );
  const { body, headers } = await app.inject('/metrics');
  expect(headers['content-type']).toContain('text/plain');
  expect(body).toContain('podips_operation_light{operation="kubernetes",light="green"} 1');
  expect(body).toContain('podips_operation_light{operation="kubernetes",light="red"} 0');
  expect(body).toContain('podips_operation_light{operation="log",light="red"} 1');
  expect(body).toContain('podips_operation_light{operation="queue/read",light="grey"} 1');
  expect(body).toContain('podips_operation_age_seconds{operation="kubernetes"} 1.5');
  expect(body).not.toContain('podips_operation_age_seconds{operation="queue/read"}');
  expect(body).toContain('podips_statuses_saved 1');
});

test('metrics count heartbeats and show when they cannot be saved', async () => {
  const app = await openApp(memoryStore([], 'disk full'));
  for (const url of ['/log/200/OK', '/log/200/OK', '/log/503/no', '/log/20/wrong']) await app.inject(url);
  const { body } = await app.inject('/metrics');
  expect(body).toContain('podips_heartbeats_received_total{operation="log",outcome="ok"} 2');
  expect(body).toContain('podips_heartbeats_received_total{operation="log",outcome="failed"} 1');
  expect(body).toContain('podips_statuses_saved 0');
});

test('metrics count incidents, and show alerts, streams, the history and the version', async () => {
  const app = await openApp(memoryStore());
  for (const code of [200, 500, 501, 200, 500]) await app.inject(`/log/${code}/said`);
  const { body } = await app.inject('/metrics');
  expect(body).toContain('podips_incidents_total{operation="log"} 2');
  expect(body).toContain('podips_incidents_total{operation="queue/write"} 0');
  for (const outcome of ['sent', 'failed', 'held_back'])
    expect(body).toContain(`podips_alerts_total{outcome="${outcome}"} 0`);
  expect(body).toContain('podips_event_streams 0');
  expect(body).toContain('podips_history_intact 1');
  expect(body).toMatch(/^podips_build_info\{version="\d+\.\d+\.\d+"\} 1$/m);
});

test('metrics are collected once a second at most', async () => {
  const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
  onTestFinished(() => clock.mockRestore());
  const app = await openApp(memoryStore());
  const counted = async () => (await app.inject('/metrics')).body.match(/received_total\{.*\} \d+/g);
  await app.inject('/log/200/OK');
  const before = await counted();
  await app.inject('/log/200/OK');
  clock.mockReturnValue(999);
  expect(await counted()).toEqual(before);
  clock.mockReturnValue(1_000);
  expect(await counted()).not.toEqual(before);
});
