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
