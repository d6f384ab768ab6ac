import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test } from 'vitest';
import { NO_ALERTS } from './alerts/alerts.test.helpers.js';
import { OPEN_ACCESS } from './http/access/access.test.helpers.js';
import { type Monitor, startMonitor } from './monitor.js';
import { NO_PROXIES } from './proxy.js';
import { STATUS_FILE } from './status/status-store.js';
import { DEFAULT_LIMITS } from './workloads/unstable.js';

const NO_PEERS = { peers: [], intervalMs: 10_000 };
const log = createLogger('monitor', 'silent');

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-monitor-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function start(dataDir: string): Promise<Monitor> {
  return startMonitor(
    {
      logLevel: 'silent',
      httpHost: '127.0.0.1',
      httpPort: 0,
      dataDir,
      ageLimitMs: 300_000,
      cluster: 'default',
      historyDays: 90,
      announcementsFile: undefined,
      basePath: '',
      access: OPEN_ACCESS,
      peers: NO_PEERS,
      proxies: NO_PROXIES,
      alerts: NO_ALERTS,
      database: undefined,
      unstable: { limits: DEFAULT_LIMITS, alerts: true, muted: [] },
    },
    log,
  );
}

async function status(monitor: Monitor, scope: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${monitor.port}/podips/${scope}`);
  return response.json();
}

/** A connection that has sent the given bytes. */
function send(monitor: Monitor, bytes: string): Socket {
  const socket = connect(monitor.port, '127.0.0.1');
  // The monitor may cut the connection: the tests look at what was received before.
  socket.on('error', () => socket.destroy());
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(bytes);
  return socket;
}

test('heartbeats are answered for, and outlive an orderly stop', async () => {
  const dir = await newDir();
  const first = await start(dir);
  for (const path of ['kubernetes', 'queue/write', 'queue/read', 'log'])
    await fetch(`http://127.0.0.1:${first.port}/${path}/200/OK`, { method: 'POST' });
  expect(await status(first, 'all')).toEqual({ status: 'success' });
  await first.stop();
  const second = await start(dir);
  expect(await status(second, 'all')).toEqual({ status: 'success' });
  await second.stop();
});

test('last heartbeats that are damaged are reported', async () => {
  const dir = await newDir();
  await writeFile(join(dir, STATUS_FILE), '{"version":1,"heart');
  const monitor = await start(dir);
  const response = await fetch(`http://127.0.0.1:${monitor.port}/api/v1/status`);
  expect(await response.json()).toMatchObject({
    problems: ['the last heartbeats could not be read and start empty; the damaged file is quarantined'],
  });
  await monitor.stop();
});

test('an incident that lasts continues after a restart', async () => {
  const dir = await newDir();
  const incidents = async (monitor: Monitor) => {
    const response = await fetch(`http://127.0.0.1:${monitor.port}/api/v1/incidents`);
    const answer: { incidents: { startedAt: string; endedAt: string | null }[] } = JSON.parse(
      await response.text(),
    );
    return answer.incidents.map(({ startedAt, endedAt }) => ({ startedAt, endedAt }));
  };
  const first = await start(dir);
  await fetch(`http://127.0.0.1:${first.port}/log/503/no%20link`, { method: 'POST' });
  const before = await incidents(first);
  await first.stop();
  const second = await start(dir);
  expect(await incidents(second)).toEqual(before);
  expect(before).toEqual([{ startedAt: expect.any(String), endedAt: null }]);
  await fetch(`http://127.0.0.1:${second.port}/log/200/OK`, { method: 'POST' });
  expect(await incidents(second)).toEqual([{ startedAt: before[0]?.startedAt, endedAt: expect.any(String) }]);
  await second.stop();
});

test('a path that is too long for a header is refused with JSON', async () => {
  const monitor = await start(await newDir());
  const socket = send(monitor, `GET /log/200/${'x'.repeat(20_000)} HTTP/1.1\r\nhost: monitor\r\n\r\n`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 .*"error"/s);
  await monitor.stop();
});

test('a path of a megabyte ends its connection, and the monitor continues', async () => {
  const monitor = await start(await newDir());
  const socket = send(monitor, `GET /log/200/${'x'.repeat(1_000_000)} HTTP/1.1\r\nhost: monitor\r\n\r\n`);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(await status(monitor, 'read')).toEqual({ status: 'no logs for more than 5 minutes' });
  await monitor.stop();
});

test('steps in a path that a client does not resolve lead nowhere', async () => {
  const monitor = await start(await newDir());
  const socket = send(
    monitor,
    'GET /assets/../../package.json HTTP/1.1\r\nhost: monitor\r\nconnection: close\r\n\r\n',
  );
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 404 /);
  await monitor.stop();
});

test('a stop closes idle connections and requests that never end', async () => {
  const monitor = await start(await newDir());
  const idle = send(monitor, 'GET /api/ping HTTP/1.1\r\nhost: monitor\r\n\r\n');
  const unfinished = send(
    monitor,
    'POST /log/200/OK HTTP/1.1\r\nhost: monitor\r\ncontent-length: 5\r\n\r\nx',
  );
  await new Promise((resolve) => idle.once('data', resolve));
  expect(await status(monitor, 'read')).toBeDefined();
  const closed = Promise.all(
    [idle, unfinished].map((socket) => new Promise((done) => socket.once('close', done))),
  );
  await monitor.stop();
  await closed;
});

test('an address in use fails the start', async () => {
  const dir = await newDir();
  const first = await start(dir);
  const second = startMonitor(
    {
      logLevel: 'silent',
      httpHost: '127.0.0.1',
      httpPort: first.port,
      dataDir: dir,
      ageLimitMs: 300_000,
      cluster: 'default',
      historyDays: 90,
      announcementsFile: undefined,
      basePath: '',
      access: OPEN_ACCESS,
      peers: NO_PEERS,
      proxies: NO_PROXIES,
      alerts: NO_ALERTS,
      database: undefined,
      unstable: { limits: DEFAULT_LIMITS, alerts: true, muted: [] },
    },
    log,
  );
  await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await first.stop();
});
