import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Sink, startProxy, startSink, type TcpProxy } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeMonitor, startFakeMonitor } from '../support/fake-monitor.js';
import { enqueue, newQueue, podMessages, type TestQueue } from '../support/pod-queue.js';
import { QUICK_ACK, startTestWriter, type WriterUnderTest, writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 30_000, interval: 20 };

let queue: TestQueue;
let brokerProxy: TcpProxy;
let sink: Sink;
let monitor: FakeMonitor;
let fluentProxy: TcpProxy;
let writer: WriterUnderTest;
beforeEach(async () => {
  queue = newQueue();
  brokerProxy = await startProxy({ host: '127.0.0.1', port: queue.port });
  sink = await startSink();
  monitor = await startFakeMonitor();
  fluentProxy = await startProxy({ host: '127.0.0.1', port: sink.port });
  await start();
});
afterEach(async () => {
  await writer.stop();
  await brokerProxy.stop();
  await fluentProxy.stop();
  await monitor.stop();
  await sink.stop();
});

async function start(env: Record<string, string> = {}): Promise<void> {
  const usual = {
    ...writerEnvironment({ ...queue, port: brokerProxy.port }, fluentProxy.port),
    PODIPS_HOST: monitor.url,
  };
  writer = await startTestWriter({ ...usual, ...env });
}

const path = (name: 'queue_status' | 'log_status') => join(writer.statusDir, name);
const ready = () =>
  vi.waitFor(async () => expect(await writer.readiness()).toEqual({ status: 200, problems: {} }), PATIENCE);
/** Waits until a status file was touched once more. */
const touched = async (name: 'queue_status' | 'log_status') => {
  const before = statSync(path(name)).mtimeMs;
  await vi.waitFor(() => expect(statSync(path(name)).mtimeMs).toBeGreaterThan(before), PATIENCE);
};

describe('while nothing happens', () => {
  it('both status files stay fresh as long as both links live', async () => {
    await ready();
    for (let times = 0; times < 2; times += 1)
      await Promise.all([touched('queue_status'), touched('log_status')]);
    expect(await writer.metric('received_total')).toBe(0);
  });

  it('the loss of Fluentd shows in the file, in /readyz and at the monitor, and so does its return', async () => {
    await ready();
    await fluentProxy.refuse(true);
    fluentProxy.cut();
    await vi.waitFor(() => expect(existsSync(path('log_status'))).toBe(false), PATIENCE);
    const { status, problems } = await writer.readiness();
    expect(status).toBe(503);
    expect(problems).toEqual({ fluentd: expect.stringContaining('Fluentd at 127.0.0.1') });
    expect(existsSync(path('queue_status'))).toBe(true);
    await vi.waitFor(() => expect(monitor.heartbeats('log').at(-1)).toMatch(/^503\/Fluentd at/), PATIENCE);
    await fluentProxy.refuse(false);
    await ready();
    expect(existsSync(path('log_status'))).toBe(true);
    await vi.waitFor(() => expect(monitor.heartbeats('log').at(-1)).toBe('200/connected'), PATIENCE);
  });

  it('a Fluentd whose open connection stays, but whose port is closed, counts as gone', async () => {
    await ready();
    await fluentProxy.refuse(true);
    await vi.waitFor(
      async () => expect((await writer.readiness()).problems.fluentd).toMatch(/ECONNREFUSED/),
      PATIENCE,
    );
    expect(existsSync(path('log_status'))).toBe(false);
  });

  it('a broker that does not answer shows in the file, in /readyz and at the monitor, and so does its return', async () => {
    await writer.stop();
    await start({ QUEUE_HEARTBEAT_MS: '2000' });
    await ready();
    brokerProxy.halfOpen(true);
    await vi.waitFor(() => expect(existsSync(path('queue_status'))).toBe(false), PATIENCE);
    expect((await writer.readiness()).status).toBe(503);
    expect(existsSync(path('log_status'))).toBe(true);
    await vi.waitFor(() => expect(monitor.heartbeats('queue/read').at(-1)).toMatch(/^503\//), PATIENCE);
    brokerProxy.halfOpen(false);
    brokerProxy.cut();
    await ready();
    expect(existsSync(path('queue_status'))).toBe(true);
    await vi.waitFor(() => expect(monitor.heartbeats('queue/read').at(-1)).toBe('200/connected'), PATIENCE);
  });
});

describe('the writer', () => {
  it('is not ready, and has no status file, before a link is up for the first time', async () => {
    await writer.stop();
    await fluentProxy.refuse(true);
    brokerProxy.halfOpen(true);
    await start();
    const { status, problems } = await writer.readiness();
    expect(status).toBe(503);
    expect(Object.keys(problems)).toEqual(['queue', 'fluentd']);
    expect([existsSync(path('queue_status')), existsSync(path('log_status'))]).toEqual([false, false]);
    brokerProxy.halfOpen(false);
    brokerProxy.cut();
  });

  it('is alive for /healthz whatever its links do', async () => {
    await fluentProxy.refuse(true);
    fluentProxy.cut();
    await vi.waitFor(async () => expect((await writer.readiness()).status).toBe(503), PATIENCE);
    const response = await fetch(`${writer.url}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('reports to the monitor what it reads and writes', async () => {
    await enqueue(queue, podMessages(10));
    await vi.waitFor(() => expect(sink.received).toBe(10), PATIENCE);
    await vi.waitFor(() => expect(monitor.heartbeats('queue/read').at(-1)).toBe('200/receiving'), PATIENCE);
    await vi.waitFor(() => expect(monitor.heartbeats('log').at(-1)).toMatch(/^200\/\d+ written$/), PATIENCE);
  });

  it('reports a Fluentd that acknowledges nothing as a timeout', async () => {
    await writer.stop();
    await start(QUICK_ACK);
    sink.faults.neverAck(true);
    await enqueue(queue, podMessages(1));
    await vi.waitFor(
      () => expect(monitor.heartbeats('log')).toContainEqual(expect.stringMatching(/^504\/.*no ack within/)),
      PATIENCE,
    );
  });

  it('counts what it does for Prometheus', async () => {
    await enqueue(queue, [...podMessages(20), '[]']);
    await vi.waitFor(() => expect(sink.received).toBe(20), PATIENCE);
    await vi.waitFor(async () => expect(await writer.metric('written_total')).toBe(20), PATIENCE);
    await vi.waitFor(
      async () => expect(await writer.metric('invalid_total{reason="MESSAGE_NOT_OBJECT"}')).toBe(1),
      PATIENCE,
    );
    expect(await writer.metric('received_total')).toBe(21);
    await vi.waitFor(async () => expect(await writer.metric('held_messages')).toBe(0), PATIENCE);
    const response = await fetch(`${writer.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toContain('process_cpu_seconds_total');
  });
});
