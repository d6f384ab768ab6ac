import { DEFAULT_QUEUE_NAME, type PodIpMessage } from '@podips/shared';
import {
  type ActiveMq,
  type ChildProgram,
  type Sink,
  startActiveMq,
  startChildProgram,
  startSink,
} from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { countLeft, enqueue, podMessages, takeAll, textOf } from '../support/pod-queue.js';
import { startTestWriter, type WriterUnderTest, writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 3_000;

let broker: ActiveMq;
let sink: Sink;
let writers: WriterUnderTest[];
let processes: ChildProgram[];
beforeAll(async () => {
  broker = await startActiveMq();
});
afterAll(() => broker?.destroy());
beforeEach(async () => {
  writers = [];
  processes = [];
  sink = await startSink();
});
afterEach(async () => {
  await Promise.all([...writers, ...processes].map((running) => running.stop()));
  await sink.stop();
  await takeAll(broker.port, DEFAULT_QUEUE_NAME);
});

async function start(): Promise<WriterUnderTest> {
  const writer = await startTestWriter(writerEnvironment(broker.port, sink.port));
  writers.push(writer);
  return writer;
}

function startProcess(): ChildProgram {
  const child = startChildProgram({
    name: 'writer',
    program: 'services/writer/dist/main.js',
    env: { ...writerEnvironment(broker.port, sink.port), STATUS_DIR: '/nonexistent' },
  });
  processes.push(child);
  return child;
}

const arrived = (count: number) =>
  vi.waitFor(() => expect(sink.distinct).toBeGreaterThanOrEqual(count), PATIENCE);
const deliveredIds = () => new Set(sink.records.map(({ record }) => String(record.event_id)));

/** The `event_id`s of what is left on the queue. */
async function leftIds(): Promise<string[]> {
  const left = await takeAll(broker.port, DEFAULT_QUEUE_NAME);
  return left.map((message) => {
    // What this test put there, or a copy of it.
    const { event_id } = JSON.parse(textOf(message)) as PodIpMessage;
    return event_id;
  });
}

describe('writers that share a queue', () => {
  it.each([2, 3])('deliver every message once, and %i of them take part', async (count) => {
    for (let index = 0; index < count; index += 1) await start();
    await Promise.all(
      writers.map((writer) =>
        vi.waitFor(async () => expect((await writer.readiness()).status).toBe(200), PATIENCE),
      ),
    );
    sink.faults.ackDelayMs = 1;
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(MESSAGES);
    const written = () => Promise.all(writers.map((writer) => writer.metric('written_total')));
    const sum = (counts: readonly number[]) => counts.reduce((total, next) => total + next, 0);
    await vi.waitFor(async () => expect(sum(await written())).toBe(MESSAGES), PATIENCE);
    for (const share of await written()) expect(share).toBeGreaterThan(0);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await countLeft(broker.port)).toBe(0);
    expect(sink.duplicates).toBe(0);
  });

  it('take over from one that stops in the middle of a burst, without a copy', async () => {
    const [first] = [await start(), await start()];
    sink.faults.ackDelayMs = 10;
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(300);
    await first.stop();
    sink.faults.ackDelayMs = 0;
    await arrived(MESSAGES);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await countLeft(broker.port)).toBe(0);
    expect([sink.distinct, sink.duplicates]).toEqual([MESSAGES, 0]);
  });
});

describe('a writer that ends in the middle of a burst', () => {
  it('by a stop: each message is either at Fluentd or on the queue, and in one place only', async () => {
    const writer = await start();
    sink.faults.ackDelayMs = 10;
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(300);
    await writer.stop();
    const left = await leftIds();
    expect(left.length).toBeGreaterThan(0);
    expect(sink.duplicates).toBe(0);
    expect(left.filter((id) => deliveredIds().has(id))).toEqual([]);
    expect(left.length + sink.distinct).toBe(MESSAGES);
    expect(new Set(left).size).toBe(left.length);
  });

  it('by a stop while Fluentd does not answer: it waits for a while, then leaves all to the next one', async () => {
    const writer = await start();
    sink.faults.neverAck(true);
    await enqueue(broker.port, podMessages(200));
    await vi.waitFor(async () => expect(await writer.metric('held_messages')).toBe(100), PATIENCE);
    await writer.stop();
    expect(new Set(await leftIds()).size).toBe(200);
  });

  it('by SIGTERM, as a process: exit code 0, and each message is in one place only', async () => {
    const child = startProcess();
    sink.faults.ackDelayMs = 10;
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(300);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    const left = await leftIds();
    expect(left.filter((id) => deliveredIds().has(id))).toEqual([]);
    expect(left.length + sink.distinct).toBe(MESSAGES);
    expect(sink.duplicates).toBe(0);
  });

  it('by SIGKILL, as a process: nothing is lost, and copies have the same event_id', async () => {
    const child = startProcess();
    sink.faults.ackDelayMs = 10;
    await enqueue(broker.port, podMessages(MESSAGES));
    await arrived(300);
    child.kill('SIGKILL');
    expect(await child.exited).toBe('SIGKILL');
    sink.faults.ackDelayMs = 0;
    const next = startProcess();
    await arrived(MESSAGES);
    await next.stop();
    expect(await countLeft(broker.port)).toBe(0);
    const sent = new Map(podMessages(MESSAGES).map((message) => [message.event_id, message]));
    expect(deliveredIds()).toEqual(new Set(sent.keys()));
    for (const { record } of sink.records) expect(record).toEqual(sent.get(String(record.event_id)));
    expect(sink.duplicates).toBeLessThanOrEqual(100);
  });
});
