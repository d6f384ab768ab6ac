import { once } from 'node:events';
import { connect } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../logger.js';
import { type OpsServer, startOpsServer } from './ops-server.js';

const log = createLogger('test', 'silent');
let registry: Registry;
let problems: Record<string, string | undefined>;
let server: OpsServer;
let url: string;

const start = (port = 0) =>
  startOpsServer({ host: '127.0.0.1', port, registry, readiness: () => problems, log });

beforeEach(async () => {
  registry = new Registry();
  problems = { queue: undefined, fluentd: undefined };
  server = await start();
  url = `http://127.0.0.1:${server.port}`;
});
afterEach(() => server.stop());

async function get(path: string, init: RequestInit = {}) {
  const response = await fetch(`${url}${path}`, init);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('the operations server', () => {
  it('answers /healthz as long as the process lives', async () => {
    problems = { queue: 'down' };
    expect(await get('/healthz')).toEqual({
      status: 200,
      type: 'application/json',
      text: '{"status":"ok"}\n',
    });
  });

  it('answers /readyz with 200 while all parts work', async () => {
    expect(await get('/readyz?verbose')).toMatchObject({ status: 200, text: '{"status":"ready"}\n' });
  });

  it('answers /readyz with 503 and what is wrong with each broken part', async () => {
    problems = { queue: undefined, fluentd: 'refused', other: 'gone' };
    const { status, text } = await get('/readyz');
    expect(status).toBe(503);
    expect(JSON.parse(text)).toEqual({
      status: 'not ready',
      problems: { fluentd: 'refused', other: 'gone' },
    });
  });

  it('answers /metrics in the format of Prometheus', async () => {
    new Counter({ name: 'podips_things_total', help: 'Things', registers: [registry] }).inc(3);
    const { status, type, text } = await get('/metrics');
    expect(status).toBe(200);
    expect(type).toBe(registry.contentType);
    expect(text).toContain('\npodips_things_total 3\n');
  });

  it('answers /metrics with 500 when they cannot be collected, logs why, and continues', async () => {
    const error = vi.spyOn(log, 'error');
    const fail = () => {
      throw new Error('no value');
    };
    new Gauge({ name: 'podips_broken', help: 'Broken', registers: [registry], collect: fail });
    expect(await get('/metrics')).toMatchObject({ status: 500 });
    expect(error).toHaveBeenCalledTimes(1);
    expect(await get('/healthz')).toMatchObject({ status: 200 });
  });

  it('answers HEAD as GET, without a body', async () => {
    expect(await get('/healthz', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });

  it.each([
    ['POST', '/healthz', 405],
    ['DELETE', '/metrics', 405],
    ['GET', '/', 404],
    ['GET', '/healthz/', 404],
    ['GET', '//', 404],
  ])('refuses %s %s with %i', async (method, path, status) => {
    expect(await get(path, { method })).toMatchObject({ status, type: 'application/json' });
  });

  it('survives a client that speaks no HTTP', async () => {
    const socket = connect(server.port, '127.0.0.1');
    socket.resume().write('\0garbage\r\n\r\n');
    await once(socket, 'close');
    expect(await get('/healthz')).toMatchObject({ status: 200 });
  });

  it('cannot start on a port in use, and says so', async () => {
    await expect(start(server.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('stops while a client keeps its connection open', async () => {
    const idle = connect(server.port, '127.0.0.1');
    await once(idle, 'connect');
    const closed = once(idle, 'close');
    await server.stop();
    await closed;
    await expect(get('/healthz')).rejects.toThrow();
    server = await start(server.port);
  });
});
