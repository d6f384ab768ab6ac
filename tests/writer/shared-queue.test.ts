import type { PodIpMessage } from '@podips/shared';
import { type Sink, startSink } from '@podips/simulation';
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
import { startTestWriter, type WriterUnderTest, writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 1_500;

let queue: TestQueue;
let sink: Sink;
let writers: WriterUnderTest[];
beforeEach(async () => {
  writers = [];
  queue = newQueue();
  sink = await startSink();
});
afterEach(async () => {
  await Promise.all(writers.map((writer) => writer.stop()));
  await sink.stop();
});

async function start(): Promise<WriterUnderTest> {
  const writer = await startTestWriter(writerEnvironment(queue, sink.port));
  writers.push(writer);
  return writer;
}

const arrived = (count: number) =>
  vi.waitFor(() => expect(sink.distinct).toBeGreaterThanOrEqual(count), PATIENCE);
const deliveredIds = () => new Set(sink.records.map(({ record }) => String(record.event_id)));

/** The `event_id`s of what is left on the queue. */
async function leftIds(): Promise<string[]> {
  const left = await takeAll(queue);
  return left.map((message) => {
    // Each is a message of this test, or a copy of one.
    const { event_id } = JSON.parse(textOf(message)) as PodIpMessage;
    return event_id;
  });
}

describe('writers that share a queue', () => {
  it('deliver every message once, and all of them take part', async () => {
    for (let index = 0; index < 3; index += 1) await start();
    await Promise.all(
      writers.map((writer) =>
        vi.waitFor(async () => expect((await writer.readiness()).status).toBe(200), PATIENCE),
      ),
    );
    sink.faults.ackDelayMs = 1;
    await enqueue(queue, podMessages(MESSAGES));
    await arrived(MESSAGES);
    const written = () => Promise.all(writers.map((writer) => writer.metric('written_total')));
    const sum = (counts: readonly number[]) => counts.reduce((total, next) => total + next, 0);
    await vi.waitFor(async () => expect(sum(await written())).toBe(MESSAGES), PATIENCE);
    for (const share of await written()) expect(share).toBeGreaterThan(0);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await countLeft(queue)).toBe(0);
    expect(sink.duplicates).toBe(0);
  });

  it('take over from one that stops in the middle of a burst, without a copy', async () => {
    const [first] = [await start(), await start()];
    sink.faults.ackDelayMs = 10;
    await enqueue(queue, podMessages(MESSAGES));
    await arrived(300);
    await first.stop();
    sink.faults.ackDelayMs = 0;
    await arrived(MESSAGES);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await countLeft(queue)).toBe(0);
    expect([sink.distinct, sink.duplicates]).toEqual([MESSAGES, 0]);
  });
});

describe('a writer that is stopped in the middle of a burst', () => {
  it('has left each message either at Fluentd or on the queue, and in one place only', async () => {
    const writer = await start();
    sink.faults.ackDelayMs = 10;
    await enqueue(queue, podMessages(MESSAGES));
    await arrived(300);
    await writer.stop();
    const left = await leftIds();
    expect(left.length).toBeGreaterThan(0);
    expect(sink.duplicates).toBe(0);
    expect(left.filter((id) => deliveredIds().has(id))).toEqual([]);
    expect(left.length + sink.distinct).toBe(MESSAGES);
    expect(new Set(left).size).toBe(left.length);
  });

  it('while Fluentd does not answer waits for a while, then leaves all to the next one', async () => {
    const writer = await start();
    sink.faults.neverAck(true);
    await enqueue(queue, podMessages(200));
    await vi.waitFor(async () => expect(await writer.metric('held_messages')).toBe(100), PATIENCE);
    await writer.stop();
    expect(new Set(await leftIds()).size).toBe(200);
  });
});
