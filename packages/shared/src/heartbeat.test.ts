import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Heartbeats, startHeartbeats } from './heartbeat.js';
import { createLogger } from './logger.js';

/** Between two attempts; and whether it was asked for. */
const delay = vi.hoisted(() => ({ ms: 1 }));
const asked = vi.hoisted(() => vi.fn());
vi.mock('./backoff.js', () => ({
  backoffDelayMs: () => {
    asked();
    return delay.ms;
  },
}));

const log = createLogger('test', 'silent');
const LONG_MS = 3_600_000;
let server: Server;
let seen: string[];
let tokens: (string | undefined)[];
let answer: (url: string) => number | 'never';
let heartbeats: Heartbeats;

beforeEach(async () => {
  seen = [];
  tokens = [];
  answer = () => 200;
  delay.ms = 1;
  asked.mockClear();
  server = createServer((request, response) => {
    const url = request.url ?? '';
    seen.push(url);
    tokens.push(request.headers.authorization);
    const status = answer(url);
    if (status !== 'never') response.writeHead(status).end('{"status":"success"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await heartbeats.stop();
  server.closeAllConnections();
  server.close();
});

function start(intervalMs: number, token?: string): void {
  const { port } = server.address() as AddressInfo;
  const monitorUrl = `http://127.0.0.1:${port}`;
  heartbeats = startHeartbeats({ monitorUrl, tlsVerify: true, token, log, intervalMs });
}

describe('heartbeats', () => {
  it('go to the URLs of podips 1.1, with the message escaped', async () => {
    start(LONG_MS);
    heartbeats.report('kubernetes', 200, 'a/b c?d#é');
    heartbeats.report('queue/write', 503, '..');
    heartbeats.report('queue/read', 200, '');
    heartbeats.report('log', 200, '\ud800');
    await vi.waitFor(() => expect(seen).toHaveLength(4));
    expect(seen.sort()).toEqual([
      '/kubernetes/200/a%2Fb%20c%3Fd%23%C3%A9',
      '/log/200/%EF%BF%BD',
      '/queue/read/200/-',
      '/queue/write/503/-',
    ]);
  });

  it('are held back while nothing changes, and only the newest is sent', async () => {
    start(100);
    for (let i = 0; i < 1_000; i += 1) heartbeats.report('log', 200, `n${i}`);
    await vi.waitFor(() => expect(seen.at(-1)).toBe('/log/200/n999'));
    expect(seen.length).toBeLessThanOrEqual(3);
  });

  it('are sent at once when the outcome changes', async () => {
    start(LONG_MS);
    heartbeats.report('log', 200, 'ok');
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    heartbeats.report('log', 200, 'held back');
    heartbeats.report('log', 503, 'down');
    await vi.waitFor(() => expect(seen).toEqual(['/log/200/ok', '/log/503/down']));
  });

  it('are repeated until the monitor has accepted them', async () => {
    start(1);
    let failures = 0;
    answer = () => (failures++ === 0 ? 500 : 200);
    heartbeats.report('log', 503, 'down');
    await vi.waitFor(() => expect(seen).toEqual(['/log/503/down', '/log/503/down']));
  });

  it('of an operation do not wait for their next attempt when the monitor has accepted those of another', async () => {
    start(1);
    delay.ms = LONG_MS;
    answer = () => 500;
    heartbeats.report('log', 503, 'down');
    await vi.waitFor(() => expect(asked).toHaveBeenCalled());
    answer = () => 200;
    heartbeats.report('queue/read', 200, 'x');
    await vi.waitFor(() => expect(seen).toEqual(['/log/503/down', '/queue/read/200/x', '/log/503/down']));
  });

  it('carry the token, when there is one', async () => {
    start(LONG_MS);
    heartbeats.report('log', 200, 'x');
    await vi.waitFor(() => expect(tokens).toEqual([undefined]));
    await heartbeats.stop();
    start(LONG_MS, 'correct-horse-battery-staple');
    heartbeats.report('log', 200, 'x');
    await vi.waitFor(() => expect(tokens).toEqual([undefined, 'Bearer correct-horse-battery-staple']));
  });

  it('with another token than the monitor wants are said to be so, without it', async () => {
    const warn = vi.spyOn(log, 'warn');
    answer = () => 401;
    start(LONG_MS, 'correct-horse-battery-staple');
    heartbeats.report('log', 200, 'x');
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    expect(warn.mock.calls[0]).toMatchObject([
      { err: { message: expect.stringContaining('HEARTBEAT_TOKEN') } },
      {},
    ]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('correct-horse');
    warn.mockRestore();
  });

  it('to a monitor that never answers delay nothing', async () => {
    start(1);
    answer = () => 'never';
    for (let i = 0; i < 10_000; i += 1) heartbeats.report('log', i % 2 ? 200 : 503, 'x');
    await vi.waitFor(() => expect(seen).toHaveLength(1));
  });

  it('without a monitor go nowhere', async () => {
    heartbeats = startHeartbeats({ monitorUrl: undefined, tlsVerify: true, log });
    heartbeats.report('log', 200, 'x');
    expect(seen).toEqual([]);
  });
});
