import { type Sink, startSink } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countLeft, enqueue, newQueue, podMessages, type TestQueue } from '../support/pod-queue.js';
import { QUICK_ACK, startTestWriter, type WriterUnderTest, writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const MESSAGES = 300;
const PREFETCH = 50;

let queue: TestQueue;
let first: Sink;
let second: Sink;
let writer: WriterUnderTest | undefined;
beforeEach(async () => {
  queue = newQueue();
  first = await startSink();
  second = await startSink();
});
afterEach(async () => {
  await writer?.stop();
  await first.stop();
  await second.stop();
});

async function start(env: Record<string, string> = {}): Promise<WriterUnderTest> {
  writer = await startTestWriter({
    ...writerEnvironment(queue, first.port),
    LOG_SERVER: `127.0.0.1,127.0.0.1:${second.port}`,
    QUEUE_PREFETCH: String(PREFETCH),
    ...env,
  });
  return writer;
}

const idsOf = (sink: Sink) => sink.records.map(({ record }) => String(record.event_id));

/** Every message is at one of the servers; those at both were in flight when the first one failed. */
async function expectAllDelivered(mostTwice: number): Promise<void> {
  await vi.waitFor(async () => expect(await writer?.metric('written_total')).toBe(MESSAGES), PATIENCE);
  await writer?.stop();
  expect(await countLeft(queue)).toBe(0);
  expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBe(MESSAGES);
  expect(first.received + second.received - MESSAGES).toBeLessThanOrEqual(mostTwice);
}

describe('a writer with two servers', () => {
  it('sends everything to the first one while that works', async () => {
    await start();
    await enqueue(queue, podMessages(MESSAGES));
    await expectAllDelivered(0);
    expect([first.received, second.received]).toEqual([MESSAGES, 0]);
  });

  it('starts with the second one when the first is away, and sends nothing twice', async () => {
    await first.faults.refuse(true);
    await enqueue(queue, podMessages(MESSAGES));
    await start();
    await expectAllDelivered(0);
    expect(second.received).toBe(MESSAGES);
  });

  it('goes over to the second one when the first hangs up for good, and back when that one does', async () => {
    const { metric } = await start();
    const messages = podMessages(MESSAGES);
    await enqueue(queue, messages.slice(0, MESSAGES / 2));
    await vi.waitFor(() => expect(first.received).toBeGreaterThan(0), PATIENCE);
    await first.faults.refuse(true);
    await vi.waitFor(async () => expect(await metric('fluentd_server')).toBe(1), PATIENCE);
    await first.faults.refuse(false);
    await second.faults.refuse(true);
    await vi.waitFor(async () => expect(await metric('fluentd_server')).toBe(0), PATIENCE);
    await enqueue(queue, messages.slice(MESSAGES / 2));
    await expectAllDelivered(2 * PREFETCH);
  });

  it('goes over to the second one when the first takes everything and acknowledges nothing', async () => {
    first.faults.neverAck(true);
    await start(QUICK_ACK);
    await enqueue(queue, podMessages(MESSAGES));
    // A busy machine may let the second one acknowledge late as well.
    await expectAllDelivered(Number.POSITIVE_INFINITY);
    expect(second.distinct).toBe(MESSAGES);
  });
});

describe('a writer whose Fluentd answers with', () => {
  /** Far beyond what the systems of both sides keep in their buffers, far below what the server would send. */
  const MOST_BYTES = 64 * 1024 * 1024;

  it.each(['nested arrays', 'a text without end', 'acks without end', 'another protocol'] as const)(
    '%s hangs up, keeps its messages, and delivers them when there are acks again',
    async (answer) => {
      first.faults.badAnswer = answer;
      const { metric, readiness } = await start({ LOG_SERVER: '127.0.0.1' });
      await enqueue(queue, podMessages(MESSAGES));
      await vi.waitFor(
        async () => expect(await metric('requeued_total')).toBeGreaterThan(PREFETCH),
        PATIENCE,
      );
      expect((await readiness()).problems.fluentd).toMatch(/^Fluentd at .*: its answer /);
      const attempts = first.connections;
      expect(first.faults.badBytes / attempts).toBeLessThan(MOST_BYTES);
      first.faults.badAnswer = undefined;
      await vi.waitFor(async () => expect(await metric('written_total')).toBe(MESSAGES), PATIENCE);
      await writer?.stop();
      expect(await countLeft(queue)).toBe(0);
      expect(new Set(idsOf(first)).size).toBe(MESSAGES);
    },
  );
});
