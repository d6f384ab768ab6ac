import { type Sink, startProxy, startSink, type TcpProxy } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  countLeft,
  enqueue,
  newQueue,
  podMessages,
  type TestQueue,
  takeAll,
  textOf,
} from '../support/pod-queue.js';
import {
  QUICK_ACK,
  startTestWriter,
  type WriterUnderTest,
  watchHeld,
  writerEnvironment,
} from '../support/writer.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 1_000;
const PREFETCH = 50;

let queue: TestQueue;
let sink: Sink;
let proxy: TcpProxy;
let writers: WriterUnderTest[];
beforeEach(async () => {
  writers = [];
  queue = newQueue();
  sink = await startSink();
  proxy = await startProxy({ host: '127.0.0.1', port: sink.port });
});
afterEach(async () => {
  await Promise.all(writers.map((writer) => writer.stop()));
  await proxy.stop();
  await sink.stop();
});

async function start(env: Record<string, string> = {}): Promise<WriterUnderTest> {
  const usual = { ...writerEnvironment(queue, proxy.port), QUEUE_PREFETCH: String(PREFETCH) };
  const writer = await startTestWriter({ ...usual, ...env });
  writers.push(writer);
  return writer;
}

const arrived = (count: number) =>
  vi.waitFor(() => expect(sink.distinct).toBeGreaterThanOrEqual(count), PATIENCE);
const failed = (writer: WriterUnderTest) =>
  vi.waitFor(
    async () => expect((await writer.readiness()).problems.fluentd).toMatch(/^Fluentd at 127/),
    PATIENCE,
  );
const requeued = (writer: WriterUnderTest, count: number) =>
  vi.waitFor(
    async () => expect(await writer.metric('requeued_total')).toBeGreaterThanOrEqual(count),
    PATIENCE,
  );

/** Records that Fluentd has acknowledged to any of the writers. */
async function written(): Promise<number> {
  const counts = await Promise.all(writers.map((writer) => writer.metric('written_total')));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Everything is at the sink, copies of a message are copies of that message, and nothing is left on the queue. */
async function expectAllDelivered(): Promise<void> {
  await vi.waitFor(async () => expect(await written()).toBeGreaterThanOrEqual(MESSAGES), PATIENCE);
  await Promise.all(writers.map((writer) => writer.stop()));
  expect(await countLeft(queue)).toBe(0);
  const sent = new Map(podMessages(MESSAGES).map((message) => [message.event_id, message]));
  expect(new Set(sink.records.map(({ record }) => record.event_id)).size).toBe(MESSAGES);
  for (const { record } of sink.records) expect(record).toEqual(sent.get(String(record.event_id)));
}

describe('every message ends up at Fluentd', () => {
  it('that is down when the writer starts; the writer receives no message before it is there', async () => {
    // Not the sink behind the proxy: that would take a connection and close it again.
    await proxy.refuse(true);
    const writer = await start();
    const mostHeld = watchHeld(writer);
    await enqueue(queue, podMessages(MESSAGES));
    await failed(writer);
    expect(await writer.metric('received_total')).toBe(0);
    await proxy.refuse(false);
    await arrived(MESSAGES);
    const most = await mostHeld();
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(PREFETCH);
    await expectAllDelivered();
    expect(sink.duplicates).toBe(0);
  });

  it('that acknowledges late, but in time: each of them once', async () => {
    sink.faults.ackDelayMs = 200;
    await start();
    await enqueue(queue, podMessages(MESSAGES / 5));
    await arrived(MESSAGES / 5);
    sink.faults.ackDelayMs = 0;
    await enqueue(queue, podMessages(MESSAGES).slice(MESSAGES / 5));
    await expectAllDelivered();
    expect(sink.duplicates).toBe(0);
  });
});

describe('a writer whose Fluentd fails', () => {
  it('leaves all messages to a second writer whose Fluentd works, those that it holds included', async () => {
    sink.faults.neverAck(true);
    const stranded = await start();
    await enqueue(queue, podMessages(MESSAGES));
    await vi.waitFor(async () => expect(await stranded.metric('held_messages')).toBe(PREFETCH), PATIENCE);
    await proxy.refuse(true);
    proxy.cut();
    await requeued(stranded, PREFETCH);
    sink.faults.neverAck(false);
    await start({ LOG_SERVER_PORT: String(sink.port) });
    await expectAllDelivered();
    expect(sink.duplicates).toBeLessThanOrEqual(PREFETCH);
  });

  it('puts messages back as they were, custom headers included', async () => {
    sink.faults.neverAck(true);
    const writer = await start(QUICK_ACK);
    const headers = { 'x-trace': 'a:b\\c\nd', 'content-type': 'application/json' };
    await enqueue(queue, podMessages(PREFETCH * 2), headers);
    await requeued(writer, PREFETCH * 3);
    await writer.stop();
    const left = await takeAll(queue);
    const sent = podMessages(PREFETCH * 2).map((message) => JSON.stringify(message));
    expect(left.map(textOf).sort()).toEqual(sent.sort());
    for (const message of left) expect(message.headers).toMatchObject({ ...headers, persistent: 'true' });
  });
});
