import { DEFAULT_QUEUE_NAME, type Environment, invalidQueueOf, parseMessage } from '@podips/shared';
import { type BrokerUser, type Sink, startSink } from '@podips/simulation';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  countLeft,
  enqueue,
  podMessages,
  queueEnvironment,
  type TestQueue,
  takeAll,
  textOf,
} from '../../support/pod-queue.js';
import {
  QUICK_ACK,
  startTestWriter,
  type WriterUnderTest,
  watchHeld,
  writerEnvironment,
} from '../../support/writer.js';
import { type BrokerCase, READER, RESTRICTED_WRITER, USER, WRITER } from './brokers.js';
import type { Stage } from './stage.js';

const PREFETCH = 100;
/** Where the bound is one of bytes, messages that are shorter than usual are more. */
const MOST_HELD = 2 * PREFETCH;
const INVALID = ['not JSON', '[]', '{"n":'];

/** What the writer does with this broker: each message at Fluentd, whatever fails, and never more than it can hold. */
export function describeWriter(stage: Stage, { waiting }: BrokerCase): void {
  let queue: TestQueue;
  let sink: Sink;
  let writer: WriterUnderTest | undefined;
  beforeEach(async () => {
    queue = stage.newQueue();
    sink = await startSink();
  });
  afterEach(async () => {
    await writer?.stop();
    writer = undefined;
    await sink.stop();
  });
  const start = async (env: Environment = {}): Promise<WriterUnderTest> => {
    writer = await startTestWriter({ ...writerEnvironment(queue, sink.port), ...env });
    return writer;
  };
  const delivered = (count: number) =>
    vi.waitFor(() => expect(sink.distinct).toBe(count), { timeout: 90_000 });

  it(`lets the writer hold no more than its bound while ${waiting} messages wait, and delivers all`, async () => {
    await enqueue(queue, podMessages(waiting));
    sink.faults.ackDelayMs = 500;
    const started = await start();
    const mostHeld = watchHeld(started);
    await vi.waitFor(() => expect(sink.distinct).toBeGreaterThan(PREFETCH));
    sink.faults.ackDelayMs = 0;
    await delivered(waiting);
    expect(await mostHeld()).toBeLessThanOrEqual(MOST_HELD);
    await started.stop();
    expect(await countLeft(queue)).toBe(0);
  });

  it('gets back what Fluentd does not take, and gives it out again until it does', async () => {
    await enqueue(queue, podMessages(300));
    sink.faults.neverAck(true);
    const { metric } = await start(QUICK_ACK);
    await vi.waitFor(async () => expect(await metric('requeued_total')).toBeGreaterThanOrEqual(PREFETCH));
    sink.faults.neverAck(false);
    await delivered(300);
    await writer?.stop();
    // Fluentd may have more than it has acknowledged: of these the queue has copies, of each one at most.
    const left = (await takeAll(queue)).map((message) => parseMessage(message.body).event_id);
    expect(new Set(left).size).toBe(left.length);
    expect(left.length).toBeLessThanOrEqual(2 * PREFETCH);
  });

  /** Of the usual name, with the rights of `user`. */
  const pods = (user: BrokerUser): TestQueue => ({ ...queue, name: DEFAULT_QUEUE_NAME, user });
  const deadLetters = () => takeAll({ ...pods(USER), name: invalidQueueOf(DEFAULT_QUEUE_NAME) });

  it('has what can never be delivered on the dead-letter queue, with no more rights than docs/install.md lists', async () => {
    await enqueue(pods(READER), [...podMessages(50), ...INVALID, ...podMessages(100).slice(50)]);
    const { metric } = await start(queueEnvironment(pods(WRITER)));
    await delivered(100);
    await vi.waitFor(async () => expect(await metric('held_messages')).toBe(0));
    await writer?.stop();
    const dead = await deadLetters();
    expect(dead.map(textOf).sort()).toEqual([...INVALID].sort());
    for (const { headers } of dead) expect(headers['podips-reason']).toBeTruthy();
    expect(await countLeft(pods(USER))).toBe(0);
  });

  it('refuses the dead-letter queue, and the others are delivered: invalid messages stay, and are reported', async () => {
    await enqueue(pods(READER), [...INVALID.slice(0, 1), ...podMessages(200)]);
    const { metric, readiness } = await start(queueEnvironment(pods(RESTRICTED_WRITER)));
    await delivered(200);
    await vi.waitFor(async () => expect(await metric('held_invalid_messages')).toBe(1));
    await enqueue(pods(READER), podMessages(300).slice(200));
    await delivered(300);
    // Held, not tried again and again: each refusal costs a connection.
    expect(await metric('queue_failures_total')).toBeLessThanOrEqual(3);
    expect((await readiness()).status).toBe(200);
    await writer?.stop();
    expect(await countLeft(pods(USER))).toBe(1);
  });
}
