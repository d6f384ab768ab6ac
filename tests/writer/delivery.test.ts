import { invalidQueueOf } from '@podips/shared';
import { type Sink, startSink } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  countLeft,
  enqueue,
  newQueue,
  podMessage,
  podMessages,
  type TestQueue,
  takeAll,
  textOf,
} from '../support/pod-queue.js';
import { startTestWriter, type WriterUnderTest, writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 30_000, interval: 20 };
const MEGABYTES_5 = 5 * 1024 * 1024;

let queue: TestQueue;
let sink: Sink;
let writer: WriterUnderTest;
beforeEach(async () => {
  queue = newQueue();
  sink = await startSink();
  writer = await startTestWriter(writerEnvironment(queue, sink.port));
});
afterEach(async () => {
  await writer.stop();
  await sink.stop();
});

describe('a message', () => {
  it('arrives at Fluentd with all its fields in their order, its tag and its own time', async () => {
    const message = podMessage(1);
    await enqueue(queue, [message]);
    await vi.waitFor(() => expect(sink.received).toBe(1), PATIENCE);
    const [delivered] = sink.records;
    expect(delivered).toEqual({
      tag: 'audit.pod_ip',
      time: '2026-11-20T14:05:00.123Z',
      record: message,
    });
    expect(Object.keys(delivered?.record ?? {})).toEqual(Object.keys(message));
    expect(Object.keys(message)).toHaveLength(25);
  });

  it('of podips 1.1 arrives unchanged, with the time of its Go timestamp', async () => {
    const message = podMessage11();
    await enqueue(queue, [message]);
    await vi.waitFor(() => expect(sink.received).toBe(1), PATIENCE);
    expect(sink.records).toEqual([
      { tag: 'audit.pod_ip', time: '2021-03-04T10:11:12.123Z', record: message },
    ]);
    expect(Object.keys(message)).toHaveLength(13);
  });

  it('gets the tag that LOG_TAG asks for', async () => {
    await writer.stop();
    writer = await startTestWriter({ ...writerEnvironment(queue, sink.port), LOG_TAG: 'k8s.audit' });
    await enqueue(queue, [podMessage(1)]);
    await vi.waitFor(
      () => expect(sink.records.map(({ tag }) => tag)).toEqual(['k8s.audit.pod_ip']),
      PATIENCE,
    );
  });

  it('about a restart gets a tag of its own, also among others', async () => {
    const restart = { ...podMessage(2), subclass: 'pod_restart' };
    await enqueue(queue, [podMessage(1), restart, podMessage(3)]);
    await vi.waitFor(() => expect(sink.distinct).toBe(3), PATIENCE);
    expect(sink.records.map(({ tag }) => tag).sort()).toEqual([
      'audit.pod_ip',
      'audit.pod_ip',
      'audit.pod_restart',
    ]);
    // Both chunks were acknowledged: nothing goes back to the queue.
    await writer.stop();
    expect(await countLeft(queue)).toBe(0);
    writer = await startTestWriter(writerEnvironment(queue, sink.port));
  });

  it('of 5 MB is delivered like any other', async () => {
    const large = { ...podMessage(1), full_message: 'x'.repeat(MEGABYTES_5) };
    await enqueue(queue, [large, podMessage(2)]);
    await vi.waitFor(() => expect(sink.distinct).toBe(2), PATIENCE);
    expect(sink.records.find(({ record }) => record.event_id === large.event_id)?.record).toEqual(large);
  });

  it.each([
    ['a hundred headers', Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'y']))],
    ['a header of 9 kB', { 'x-long': 'y'.repeat(9_000) }],
    ['headers with the names of methods', { hasOwnProperty: 'x', toString: 'y', __proto__x: 'z' }],
  ])('with %s is delivered like any other', async (_what, headers) => {
    await enqueue(queue, [podMessage(1)], headers);
    await enqueue(queue, [podMessage(2)]);
    await vi.waitFor(() => expect(sink.distinct).toBe(2), PATIENCE);
  });

  it('is acknowledged to the broker once Fluentd has it, so that nothing is delivered twice', async () => {
    await enqueue(queue, podMessages(1_000));
    await vi.waitFor(() => expect(sink.received).toBe(1_000), PATIENCE);
    await writer.stop();
    expect(await countLeft(queue)).toBe(0);
    expect([sink.distinct, sink.duplicates]).toEqual([1_000, 0]);
  });

  it('stays on the queue while Fluentd has not acknowledged it', async () => {
    sink.faults.neverAck(true);
    await enqueue(queue, [podMessage(1)]);
    await vi.waitFor(() => expect(sink.received).toBe(1), PATIENCE);
    expect(await writer.metric('written_total')).toBe(0);
    await writer.stop();
    expect((await takeAll(queue)).map(textOf)).toEqual([JSON.stringify(podMessage(1))]);
  });
});

describe('a message that can never succeed', () => {
  it.each([
    ['an empty one', '', 'MESSAGE_EMPTY'],
    ['a binary one', Uint8Array.from([0xff, 0xfe, 0, 0x0a, 0x80]), 'MESSAGE_NOT_UTF8'],
    ['an array', '[{"class":"audit"}]', 'MESSAGE_NOT_OBJECT'],
    ['text that is not JSON', 'pod up: \0 ☸ \n:\\', 'MESSAGE_NOT_JSON'],
    ['a Python dictionary', "{'class': 'audit'}", 'MESSAGE_NOT_JSON'],
    ['an object that nests too deep', `{"a":${'['.repeat(100)}${']'.repeat(100)}}`, 'MESSAGE_TOO_DEEP'],
    ['5 MB of garbage', Buffer.alloc(MEGABYTES_5, 0xfa), 'MESSAGE_NOT_UTF8'],
  ])(
    'is dead-lettered with its bytes and the reason, and the others are delivered: %s',
    async (_what, body, code) => {
      const warn = vi.spyOn(writer.log, 'warn');
      await enqueue(queue, [podMessage(1), body, podMessage(2)], { 'x-origin': 'legacy:reader' });
      await vi.waitFor(() => expect(sink.distinct).toBe(2), PATIENCE);
      await vi.waitFor(
        async () => expect(await writer.metric(`invalid_total{reason="${code}"}`)).toBe(1),
        PATIENCE,
      );
      await writer.stop();
      expect(await countLeft(queue)).toBe(0);
      const [aside, ...others] = await takeAll({ ...queue, name: invalidQueueOf(queue.name) });
      expect(others).toEqual([]);
      expect(Buffer.from(aside?.body ?? []).equals(Buffer.from(body))).toBe(true);
      expect(aside?.headers).toMatchObject({ 'podips-error': code, 'x-origin': 'legacy:reader' });
      expect(aside?.headers['podips-reason']).toMatch(/^the body /);
      expect(warn).toHaveBeenCalledTimes(1);
    },
  );

  it('takes no other with it when hundreds come at once', async () => {
    const bodies = podMessages(300).flatMap((message) => [message, '[]', 'not JSON']);
    await enqueue(queue, bodies);
    await vi.waitFor(() => expect(sink.distinct).toBe(300), PATIENCE);
    for (const code of ['MESSAGE_NOT_OBJECT', 'MESSAGE_NOT_JSON'])
      await vi.waitFor(
        async () => expect(await writer.metric(`invalid_total{reason="${code}"}`)).toBe(300),
        PATIENCE,
      );
    await writer.stop();
    expect(await countLeft(queue)).toBe(0);
    expect(await takeAll({ ...queue, name: invalidQueueOf(queue.name) })).toHaveLength(600);
    expect(sink.duplicates).toBe(0);
  });
});

/** The message of podips 1.1 for a pod that waits for its address. */
function podMessage11(): Record<string, string> {
  const timestamp = '2021-03-04 10:11:12.123456789 +0000 UTC m=+0.001';
  return {
    class: 'audit',
    subclass: 'pod_ip',
    origin: 'reader-0',
    host: 'reader-0',
    dc: 'unknown',
    pod_namespace: 'shop',
    pod: 'cart-1',
    pod_ip: '',
    pod_ip_status: 'allocated',
    short_message: 'shop/cart-1:',
    full_message: `shop/cart-1::allocated:${timestamp}`,
    timestamp,
    logtype: 'kube-api-server',
  };
}
