import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, DEFAULT_QUEUE_NAME, type Running } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Broker, startBroker } from '../broker/index.js';
import { openSession } from '../broker/session.test.helpers.js';
import { startMockConsumer } from '../mock-consumer/mock-consumer.js';
import { readMockProducerSettings } from '../mock-settings.js';
import { startProxy } from '../proxy.js';
import { buildMockMessage } from './mock-message.js';
import { type MockProducer, startMockProducer } from './mock-producer.js';

const log = createLogger('test', 'silent');
let broker: Broker;
let statusDir: string;
const running: Running[] = [];
beforeEach(async () => {
  statusDir = await mkdtemp(join(tmpdir(), 'podips-mocks-'));
  broker = await startBroker();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
  await broker.stop();
  await rm(statusDir, { recursive: true, force: true });
});

function settings(port: number) {
  return readMockProducerSettings({
    QUEUE_HOST: '127.0.0.1',
    QUEUE_PORT: `${port}`,
    MOCK_INTERVAL_MS: '5',
    STATUS_DIR: statusDir,
  });
}

function produce(port: number): MockProducer {
  const producer = startMockProducer(settings(port), log);
  running.push(producer);
  return producer;
}

function consume(port: number): string[] {
  const lines: string[] = [];
  running.push(startMockConsumer(settings(port), log, (line) => lines.push(line)));
  return lines;
}

const subjects = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).short_message);

describe('mock producer and mock consumer', () => {
  test('a mock message says "mock" wherever it describes something, and has the fields of a real one', () => {
    const message = buildMockMessage(7, 'run', new Date('2026-11-20T00:00:00.123Z'));
    expect(message).toMatchObject({
      short_message: 'mock/mock:7',
      timestamp: '2026-11-20T00:00:00.123Z',
      event_id: 'mock-run-7',
      pod_ip_status: 'mock',
    });
    expect(Object.keys(message).slice(0, 3)).toEqual(['class', 'subclass', 'origin']);
    expect(Object.keys(message)).toHaveLength(25);
  });

  test('what is produced is printed and gone from the queue', async () => {
    const lines = consume(broker.port);
    const producer = produce(broker.port);
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(3));
    await producer.stop();
    await vi.waitFor(() => expect(broker.depth(DEFAULT_QUEUE_NAME)).toBe(0));
    expect(subjects(lines)).toEqual(Array.from({ length: producer.sent }, (_, n) => `mock/mock:${n + 1}`));
  });

  test('both resume after the broker was unavailable, without a gap', async () => {
    const lines = consume(broker.port);
    produce(broker.port);
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(2));
    await broker.stop();
    const before = lines.length;
    broker = await startBroker({ port: broker.port });
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(before + 2));
    const counters = [...new Set(subjects(lines))];
    expect(counters).toEqual(Array.from({ length: counters.length }, (_, n) => `mock/mock:${n + 1}`));
  });

  test('a message whose receipt is lost comes again under its old id', async () => {
    const proxy = await startProxy({ host: '127.0.0.1', port: broker.port });
    running.push(proxy);
    const producer = produce(proxy.port);
    await vi.waitFor(() => expect(producer.sent).toBeGreaterThan(2));
    proxy.cut();
    const before = producer.sent;
    await vi.waitFor(() => expect(producer.sent).toBeGreaterThan(before + 2));
    const lines = consume(broker.port);
    await vi.waitFor(() => expect(lines.length).toBeGreaterThan(before + 2));
    const ids = new Set(lines.map((line) => JSON.parse(line).event_id));
    expect(new Set(subjects(lines)).size).toBe(ids.size);
  });

  test.each([
    ['producer', produce],
    ['consumer', consume],
  ])('the %s has a status file while the broker is there', async (_name, start) => {
    const isThere = () => existsSync(join(statusDir, 'queue_status'));
    start(broker.port);
    await vi.waitFor(() => expect(isThere()).toBe(true));
    await broker.stop();
    await vi.waitFor(() => expect(isThere()).toBe(false));
  });

  test('the consumer says of a bad body that it is bad, and takes it off the queue', async () => {
    const session = await openSession(broker.port);
    await session.send([{ destination: DEFAULT_QUEUE_NAME, body: 'no json' }]);
    await session.close();
    const lines = consume(broker.port);
    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(lines[0]).toMatch(/^bad message .*"no json"$/);
    await vi.waitFor(() => expect(broker.depth(DEFAULT_QUEUE_NAME)).toBe(0));
  });
});
