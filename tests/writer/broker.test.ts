import { DEFAULT_QUEUE_NAME, invalidQueueOf } from '@podips/shared';
import {
  type ActiveMq,
  type Broker,
  type Sink,
  startActiveMq,
  startBroker,
  startProxy,
  startSink,
  type TcpProxy,
} from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { countLeft, enqueue, podMessage, podMessages, takeAll } from '../support/pod-queue.js';
import {
  QUICK_ACK,
  QUICK_HEARTBEAT,
  startTestWriter,
  type WriterUnderTest,
  watchHeld,
  writerEnvironment,
} from '../support/writer.js';

const INVALID_QUEUE_NAME = invalidQueueOf(DEFAULT_QUEUE_NAME);
const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 2_000;

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
const queueFailed = () =>
  vi.waitFor(
    async () =>
      expect((await writer.readiness()).problems.queue).toMatch(/^connection to 127|did not answer/),
    PATIENCE,
  );
const ready = () =>
  vi.waitFor(async () => expect(await writer.readiness()).toEqual({ status: 200, problems: {} }), PATIENCE);

/** Copies of a message are copies of that message. */
function expectTrueRecords(): void {
  const sent = new Map(podMessages(MESSAGES + 1).map((message) => [message.event_id, message]));
  for (const { record } of sink.records) expect(record).toEqual(sent.get(String(record.event_id)));
}

describe('every message ends up at Fluentd, over an ActiveMQ', () => {
  let broker: ActiveMq;
  let proxy: TcpProxy;
  beforeAll(async () => {
    broker = await startActiveMq();
  });
  afterAll(() => broker?.destroy());
  const start = async (env: Record<string, string> = {}) => {
    writer = await startTestWriter({ ...writerEnvironment(proxy.port, sink.port), ...env });
  };
  beforeEach(async () => {
    proxy = await startProxy({ host: '127.0.0.1', port: broker.port });
    // Slow enough that the fault comes in the middle.
    sink.faults.ackDelayMs = 20;
  });
  afterEach(async () => {
    await writer.stop();
    await proxy.stop();
    await takeAll(broker.port, DEFAULT_QUEUE_NAME);
  });

  /** Everything is at the sink, and nothing is left on the queue. */
  const expectAllDelivered = async () => {
    sink.faults.ackDelayMs = 0;
    await ready();
    // The last of the queue: when it is here, so is all that came again after the fault.
    await enqueue(broker.port, [podMessage(MESSAGES)]);
    await arrived(MESSAGES + 1);
    await vi.waitFor(async () => expect(await writer.metric('held_messages')).toBe(0), PATIENCE);
    await writer.stop();
    expect(await countLeft(broker.port)).toBe(0);
    expectTrueRecords();
  };

  it.each(['SIGTERM', 'SIGKILL'] as const)('that ends by %s and comes back', async (signal) => {
    await start();
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(100);
    const mostHeld = watchHeld(writer);
    await broker.stop(signal);
    await queueFailed();
    expect(await writer.metric('held_messages')).toBe(0);
    await broker.start();
    await expectAllDelivered();
    expect(await mostHeld()).toBeLessThanOrEqual(100);
  });

  it('that freezes for a while', async () => {
    await start(QUICK_HEARTBEAT);
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(100);
    broker.freeze();
    await queueFailed();
    broker.thaw();
    await expectAllDelivered();
  });

  it('whose connection is cut again and again', async () => {
    await start();
    await enqueue(broker.port, podMessages(MESSAGES));
    for (let cuts = 1; cuts <= 3; cuts += 1) {
      await arrived(cuts * 200);
      proxy.cut();
    }
    await expectAllDelivered();
  });

  it('that vanishes from the network while its connection looks open', async () => {
    await start(QUICK_HEARTBEAT);
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(100);
    proxy.halfOpen(true);
    await queueFailed();
    proxy.halfOpen(false);
    // The broker hears of it, too: what it had lent is on the queue before the last message.
    proxy.cut();
    await expectAllDelivered();
  });

  it('that refuses connections while the writer starts', async () => {
    await proxy.refuse(true);
    await start();
    await vi.waitFor(
      async () => expect((await writer.readiness()).problems.queue).toMatch(/ECONNREFUSED/),
      PATIENCE,
    );
    await enqueue(broker.port, podMessages(MESSAGES));
    await proxy.refuse(false);
    await expectAllDelivered();
    expect(sink.duplicates).toBe(0);
  });
});

describe('a broker that answers with ERROR', () => {
  let broker: Broker;
  beforeEach(async () => {
    broker = await startBroker();
  });
  afterEach(async () => {
    await writer.stop();
    await broker.stop();
  });
  const start = async (env: Record<string, string> = {}) => {
    writer = await startTestWriter({ ...writerEnvironment(broker.port, sink.port), ...env });
    await ready();
  };
  const failedQueue = () =>
    vi.waitFor(async () => expect(await writer.metric('queue_failures_total')).toBeGreaterThan(0), PATIENCE);
  const queueEmpty = () => vi.waitFor(() => expect(broker.depth(DEFAULT_QUEUE_NAME)).toBe(0), PATIENCE);

  it('to an acknowledgement gets it for the second delivery; only copies come again', async () => {
    await start();
    broker.faults.failNext('ACK');
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(MESSAGES);
    await queueEmpty();
    expectTrueRecords();
    expect(sink.duplicates).toBeGreaterThan(0);
    expect(sink.duplicates).toBeLessThanOrEqual(100);
    expect(await writer.metric('queue_failures_total')).toBe(1);
  });

  it.each(['SEND', 'ACK', 'COMMIT'] as const)(
    'to %s while a message is set aside has it in one place in the end',
    async (command) => {
      await enqueue(broker.port, ['not JSON']);
      broker.faults.failNext(command);
      await start();
      await failedQueue();
      await vi.waitFor(() => expect(broker.depth(INVALID_QUEUE_NAME)).toBe(1), PATIENCE);
      await queueEmpty();
    },
  );

  it.each(['SEND', 'ACK', 'COMMIT'] as const)(
    'to %s while messages are put back loses none and adds none',
    async (command) => {
      await start(QUICK_ACK);
      sink.faults.neverAck(true);
      await enqueue(broker.port, podMessages(50));
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
