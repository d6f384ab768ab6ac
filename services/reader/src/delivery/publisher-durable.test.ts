import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodies, createPublisher, publications, turn } from './publisher.test.helpers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what is durable', () => {
  it('is known up to the first message that is not, whichever batch came first', async () => {
    const { publisher, queue, setLink } = createPublisher({ withOutbox: false });
    expect([publisher.lastSequence, publisher.durableUpTo]).toEqual([0, 0]);
    setLink('up');
    queue.set('wait');
    publisher.publish(publications(bodies(1_200)));
    expect([publisher.lastSequence, publisher.durableUpTo]).toEqual([1_200, 0]);
    queue.waiting[1]?.finish();
    await turn();
    expect(publisher.durableUpTo).toBe(0);
    queue.waiting[0]?.finish();
    await turn();
    expect(publisher.durableUpTo).toBe(1_000);
    queue.waiting[2]?.fail();
    await turn();
    expect(publisher.durableUpTo).toBe(1_000);
    queue.set('take');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(publisher.durableUpTo).toBe(1_200);
  });

  it.each(['queue', 'outbox'] as const)('is told message by message, when the %s has it', async (place) => {
    const { publisher, queue, setLink } = createPublisher();
    setLink(place === 'queue' ? 'up' : 'connecting');
    queue.set('wait');
    const durable: string[] = [];
    publisher.publish(bodies(3).map((body) => ({ body, onDurable: () => durable.push(body) })));
    await turn();
    expect(durable).toEqual([]);
    if (place === 'queue') queue.waiting[0]?.finish();
    else setLink('down');
    await turn();
    expect(durable).toEqual(bodies(3));
  });
});

describe('no message is durable before which one is not', () => {
  /** Two full batches, both sent, and neither queue nor outbox has answered. */
  async function sendTwo() {
    const parts = createPublisher();
    parts.queue.set('wait');
    parts.database.set('wait');
    parts.setLink('up');
    parts.publisher.publish(publications(bodies(1_000)));
    await turn();
    expect(parts.queue.waiting).toHaveLength(2);
    return parts;
  }

  it('when the queue is back while the outbox still holds an earlier one', async () => {
    const { publisher, queue, database, setLink } = createPublisher();
    database.set('wait');
    setLink('down');
    publisher.publish(publications(['a']));
    await turn();
    expect(database.waiting).toHaveLength(1);
    setLink('up');
    publisher.publish(publications(['b']));
    await turn();
    expect(queue.taken).toEqual([]);
    database.waiting[0]?.finish();
    await turn();
    expect(database.taken).toEqual(['a']);
    expect(queue.taken).toEqual(['b']);
  });

  it('when the queue refuses two at once: the outbox gets them in order', async () => {
    const { publisher, queue, database } = await sendTwo();
    queue.waiting[1]?.fail();
    await turn();
    queue.waiting[0]?.fail();
    await turn();
    expect(database.waiting).toHaveLength(1);
    database.waiting[0]?.finish();
    await turn();
    expect(database.waiting).toHaveLength(2);
    database.waiting[1]?.finish();
    await turn();
    expect(publisher.buffered).toBe(0);
    expect(database.taken).toEqual(bodies(1_000));
  });

  it('when the outbox fails with the earlier of two: the later is not even tried', async () => {
    const { publisher, queue, database } = await sendTwo();
    for (const sent of queue.waiting) sent.fail();
    await turn();
    expect(database.waiting).toHaveLength(1);
    queue.set('take');
    database.waiting[0]?.fail();
    await vi.runAllTimersAsync();
    expect(publisher.buffered).toBe(0);
    expect(database.waiting).toHaveLength(1);
    expect(queue.taken).toEqual(bodies(1_000));
  });
});
