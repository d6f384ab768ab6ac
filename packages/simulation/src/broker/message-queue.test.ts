import { describe, expect, test } from 'vitest';
import { MessageQueue } from './message-queue.js';
import type { StoredMessage } from './stored-message.js';

function message(sequence: number): StoredMessage {
  const body = Buffer.alloc(0);
  return {
    id: `m${sequence}`,
    sequence,
    queue: '/queue/q',
    destination: '/queue/q',
    headers: new Map(),
    body,
    attempts: 0,
  };
}

function consumer(prefetch: number) {
  const got: StoredMessage[] = [];
  return {
    got,
    get ready() {
      return got.length < prefetch;
    },
    deliver: (each: StoredMessage) => got.push(each),
  };
}

function queueWith(count: number): MessageQueue {
  const queue = new MessageQueue('/queue/q');
  for (let sequence = 1; sequence <= count; sequence += 1) queue.add(message(sequence));
  return queue;
}

const sequences = (messages: readonly StoredMessage[]) => messages.map(({ sequence }) => sequence);

describe('message queue', () => {
  test('deals messages in turn to the consumers that are ready', () => {
    const queue = queueWith(7);
    const [one, two, full] = [consumer(10), consumer(2), consumer(0)];
    for (const each of [one, two, full]) queue.attach(each);
    queue.dispatch();
    expect(sequences(one.got)).toEqual([1, 3, 5, 6, 7]);
    expect(sequences(two.got)).toEqual([2, 4]);
    expect(full.got).toEqual([]);
  });

  test('gives what comes back to the next consumer in the old order, marked, before what is new', () => {
    const queue = queueWith(5);
    const [one, two] = [consumer(2), consumer(2)];
    queue.attach(one);
    queue.attach(two);
    queue.dispatch();
    for (const each of [two, one]) {
      queue.detach(each);
      queue.takeBack(each.got);
    }
    const next = consumer(10);
    queue.attach(next);
    queue.dispatch();
    expect(sequences(next.got)).toEqual([1, 2, 3, 4, 5]);
  });

  test('counts a message until it is settled', () => {
    const queue = queueWith(3);
    const one = consumer(2);
    queue.attach(one);
    queue.dispatch();
    expect(queue.depth).toBe(3);
    queue.settle();
    expect(queue.depth).toBe(2);
    expect(queue.enqueued).toBe(3);
  });

  test('keeps the order over many messages', () => {
    const queue = queueWith(10_000);
    const all = consumer(Number.POSITIVE_INFINITY);
    queue.attach(all);
    queue.dispatch();
    expect(sequences(all.got)).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
  });
});
