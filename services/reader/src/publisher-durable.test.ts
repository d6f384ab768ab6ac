import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPublisher } from './publisher.test.helpers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const publications = (texts: readonly string[]) => texts.map((body) => ({ body }));
const bodies = (count: number) => Array.from({ length: count }, (_, index) => `${index}`);
/** Lets everything happen that needs no time. */
const turn = () => vi.advanceTimersByTimeAsync(0);

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
  const messages = (...bodies: string[]) => bodies.map((body) => ({ body }));
  const batch = (name: string) => messages(...Array.from({ length: 500 }, (_, n) => `${name}${n}`));

  it('when the queue is back while the outbox still holds an earlier one', async () => {
    const { publisher, queue, database, setLink } = createPublisher();
    database.set('wait');
    setLink('down');
    publisher.publish(messages('a'));
    await vi.waitFor(() => expect(database.waiting).toHaveLength(1));
    setLink('up');
    publisher.publish(messages('b'));
    expect(queue.taken).toEqual([]);
    database.waiting[0]?.finish();
    await vi.waitFor(() => expect(queue.taken).toEqual(['b']));
    expect(database.taken).toEqual(['a']);
  });

  it('when the queue refuses two at once: the outbox gets them in order', async () => {
    const { publisher, queue, database, setLink } = createPublisher();
    queue.set('wait');
    database.set('wait');
    setLink('up');
    publisher.publish([...batch('a'), ...batch('b')]);
    await vi.waitFor(() => expect(queue.waiting).toHaveLength(2));
    queue.waiting[1]?.fail();
    queue.waiting[0]?.fail();
    await vi.waitFor(() => expect(database.waiting).toHaveLength(1));
    database.waiting[0]?.finish();
    await vi.waitFor(() => expect(database.waiting).toHaveLength(2));
    database.waiting[1]?.finish();
    await vi.waitFor(() => expect(publisher.buffered).toBe(0));
    expect(database.taken).toEqual([...batch('a'), ...batch('b')].map(({ body }) => body));
  });

  it('when the outbox fails with the earlier of two: the later is not even tried', async () => {
    const { publisher, queue, database, setLink } = createPublisher();
    queue.set('wait');
    database.set('wait');
    setLink('up');
    publisher.publish([...batch('a'), ...batch('b')]);
    await vi.waitFor(() => expect(queue.waiting).toHaveLength(2));
    for (const sent of queue.waiting) sent.fail();
    await vi.waitFor(() => expect(database.waiting).toHaveLength(1));
    queue.set('take');
    database.waiting[0]?.fail();
    await vi.waitFor(() => expect(publisher.buffered).toBe(0), { timeout: 5_000 });
    expect(database.waiting).toHaveLength(1);
    expect(queue.taken).toEqual([...batch('a'), ...batch('b')].map(({ body }) => body));
  });
});
