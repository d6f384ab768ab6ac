import { DEFAULT_QUEUE_NAME, invalidQueueOf } from '@podips/shared';
import { type Broker, type Sink, startBroker, startSink } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { enqueue, podMessages, type TestQueue } from '../support/pod-queue.js';
import { QUICK_ACK, startTestWriter, type WriterUnderTest, writerEnvironment } from '../support/writer.js';

const INVALID_QUEUE_NAME = invalidQueueOf(DEFAULT_QUEUE_NAME);
const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 500;

let sink: Sink;
let writer: WriterUnderTest;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  await writer.stop();
  await sink.stop();
});

const arrived = (count: number) =>
  vi.waitFor(() => expect(sink.distinct).toBeGreaterThanOrEqual(count), PATIENCE);
const ready = () =>
  vi.waitFor(async () => expect(await writer.readiness()).toEqual({ status: 200, problems: {} }), PATIENCE);

/** Copies of a message are copies of that message. */
function expectTrueRecords(): void {
  const sent = new Map(podMessages(MESSAGES).map((message) => [message.event_id, message]));
  for (const { record } of sink.records) expect(record).toEqual(sent.get(String(record.event_id)));
}

describe('a broker that answers with ERROR', () => {
  let broker: Broker;
  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(async () => {
    await writer.stop();
    await broker.stop();
  });
  const queue = (): TestQueue => ({ port: broker.port, name: DEFAULT_QUEUE_NAME });
  const start = async (env: Record<string, string> = {}) => {
    writer = await startTestWriter({ ...writerEnvironment(queue(), sink.port), ...env });
    await ready();
  };
  const failedQueue = () =>
    vi.waitFor(async () => expect(await writer.metric('queue_failures_total')).toBeGreaterThan(0), PATIENCE);
  const queueEmpty = () => vi.waitFor(() => expect(broker.depth(DEFAULT_QUEUE_NAME)).toBe(0), PATIENCE);

  it('to an acknowledgement gets it for the second delivery; only copies come again', async () => {
    await start();
    broker.faults.failNext('ACK');
    await enqueue(queue(), podMessages(MESSAGES));
    await arrived(MESSAGES);
    await queueEmpty();
    expectTrueRecords();
    expect(sink.duplicates).toBeGreaterThan(0);
    expect(sink.duplicates).toBeLessThanOrEqual(100);
    expect(await writer.metric('queue_failures_total')).toBe(1);
  });

  it.each(['SEND', 'ACK', 'COMMIT'] as const)(
    'to %s while a message is dead-lettered leaves it in exactly one place',
    async (command) => {
      await enqueue(queue(), ['not JSON']);
      broker.faults.failNext(command);
      await start();
      await failedQueue();
      await vi.waitFor(() => expect(broker.depth(INVALID_QUEUE_NAME)).toBe(1), PATIENCE);
      await queueEmpty();
    },
  );

  it.each(['SEND', 'ACK', 'COMMIT'] as const)(
    'to %s while messages are requeued loses none and adds none',
    async (command) => {
      await start(QUICK_ACK);
      sink.faults.neverAck(true);
      await enqueue(queue(), podMessages(50));
      await vi.waitFor(async () => expect(await writer.metric('held_messages')).toBe(50), PATIENCE);
      broker.faults.failNext(command);
      await failedQueue();
      expect(broker.depth(DEFAULT_QUEUE_NAME)).toBe(50);
      sink.faults.neverAck(false);
      await queueEmpty();
      expect(sink.distinct).toBe(50);
      expectTrueRecords();
    },
  );
});
