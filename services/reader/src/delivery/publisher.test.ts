import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodies, createPublisher, publications, refused, turn } from './publisher.test.helpers.js';

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('publishing', () => {
  it('sends in batches, at most two at a time, in order', async () => {
    const { publisher, queue, setLink, events } = createPublisher();
    setLink('up');
    queue.set('wait');
    publisher.publish(publications(bodies(1_700)));
    expect(queue.waiting).toHaveLength(2);
    expect(publisher.buffered).toBe(1_700);
    queue.set('take');
    for (const { finish } of queue.waiting) finish();
    await turn();
    expect(queue.taken).toEqual(bodies(1_700));
    expect(publisher.buffered).toBe(0);
    expect(events.onPublished.mock.calls.flat()).toEqual([500, 500, 500, 200]);
  });

  it('waits for the first attempt to connect before it falls back on the outbox', async () => {
    const { publisher, database, setLink } = createPublisher();
    publisher.publish(publications(['a']));
    await turn();
    expect(database.taken).toEqual([]);
    setLink('down');
    await turn();
    expect(database.taken).toEqual(['a']);
  });

  it('stores what the broker refuses, and says both', async () => {
    const { publisher, queue, database, setLink, events } = createPublisher();
    setLink('up');
    queue.set('refuse');
    publisher.publish(publications(bodies(3)));
    await turn();
    expect(database.taken).toEqual(bodies(3));
    expect(events.onPublishFailed).toHaveBeenCalledWith(refused);
    expect(events.onStored).toHaveBeenCalledWith(3);
    expect(publisher.buffered).toBe(0);
  });

  it('holds messages in order when nothing takes them, and tries again after a while', async () => {
    const { publisher, queue, database, setLink, events } = createPublisher();
    setLink('up');
    queue.set('refuse');
    database.set('refuse');
    publisher.publish(publications(bodies(1_700)));
    await turn();
    expect(publisher.buffered).toBe(1_700);
    const attempts = events.onStoreFailed.mock.calls.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events.onStoreFailed.mock.calls.length).toBeGreaterThan(attempts);
    queue.set('take');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.taken).toEqual(bodies(1_700));
    expect(publisher.buffered).toBe(0);
  });

  it('keeps the order whichever of two batches fails first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { publisher, queue, setLink } = createPublisher({ withOutbox: false });
      setLink('up');
      queue.set('wait');
      publisher.publish(publications(bodies(1_200)));
      for (const index of order) {
        queue.waiting[index]?.fail();
        await turn();
      }
      queue.set('take');
      setLink('up');
      await turn();
      expect(queue.taken).toEqual(bodies(1_200));
    }
  });

  it('tries again at once when the link changes', async () => {
    const { publisher, queue, database, setLink } = createPublisher();
    database.set('refuse');
    setLink('down');
    publisher.publish(publications(bodies(3)));
    await turn();
    expect(publisher.buffered).toBe(3);
    setLink('up');
    await turn();
    expect(queue.taken).toEqual(bodies(3));
  });

  it('leaves messages in memory without an outbox until the broker is back', async () => {
    const { publisher, queue, setLink } = createPublisher({ withOutbox: false });
    setLink('down');
    publisher.publish(publications(bodies(3)));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(publisher.buffered).toBe(3);
    setLink('up');
    await turn();
    expect(queue.taken).toEqual(bodies(3));
  });
});

describe('room', () => {
  it('is bounded, and taking more than it is a mistake that changes nothing', () => {
    const { publisher } = createPublisher({ maxMessages: 10 });
    publisher.publish(publications(bodies(7)));
    expect(publisher.room).toBe(3);
    expect(() => publisher.publish(publications(bodies(4)))).toThrow(RangeError);
    publisher.publish(publications(bodies(3)));
    expect(publisher.room).toBe(0);
  });

  it('is there for as many messages as the bound says, at once', () => {
    const { publisher } = createPublisher({ maxMessages: 1_000_000 });
    publisher.publish(publications(bodies(1_000_000)));
    expect(publisher.room).toBe(0);
  });

  it('is announced when the buffer is half empty, not before', async () => {
    const { publisher, queue, setLink } = createPublisher({ maxMessages: 1_000 });
    queue.set('wait');
    setLink('up');
    publisher.publish(publications(bodies(1_000)));
    const announced = vi.fn();
    void publisher.roomAvailable(never).then(announced);
    await turn();
    expect(announced).not.toHaveBeenCalled();
    queue.waiting[0]?.finish();
    await turn();
    expect(announced).toHaveBeenCalled();
  });

  it('is not waited for after an abort', async () => {
    const { publisher } = createPublisher({ maxMessages: 10 });
    publisher.publish(publications(bodies(10)));
    const stopping = new AbortController();
    const waiting = expect(publisher.roomAvailable(stopping.signal)).rejects.toThrow('stopped');
    stopping.abort(new Error('stopped'));
    await waiting;
    await expect(publisher.roomAvailable(stopping.signal)).rejects.toThrow('stopped');
  });
});

describe('the outbox', () => {
  it('is drained when the link comes up, one drain at a time', async () => {
    const { publisher, queue, rows, setLink } = createPublisher();
    rows.push(...bodies(3));
    queue.set('wait');
    setLink('up');
    publisher.drainOutbox();
    publisher.drainOutbox();
    await turn();
    expect(queue.waiting).toHaveLength(1);
    queue.waiting[0]?.finish();
    await turn();
    expect(queue.taken).toEqual(bodies(3));
  });

  it('is not touched while the link is down', async () => {
    const { publisher, rows, events } = createPublisher();
    rows.push('a');
    publisher.drainOutbox();
    await turn();
    expect(rows).toEqual(['a']);
    expect(events.onPublished).not.toHaveBeenCalled();
  });

  it('tells whether a drain failed at the broker or at the database', async () => {
    const { publisher, queue, rows, events, setLink } = createPublisher();
    rows.push('a');
    queue.set('refuse');
    setLink('up');
    await turn();
    expect(events.onPublishFailed).toHaveBeenCalledWith(refused);
    expect(events.onStoreFailed).not.toHaveBeenCalled();
    queue.set('take');
    publisher.drainOutbox();
    await turn();
    expect(queue.taken).toEqual(['a']);
  });
});

describe('settling', () => {
  it('waits for all receipts and for the drain under way', async () => {
    const { publisher, queue, rows, setLink } = createPublisher();
    rows.push('stored');
    queue.set('wait');
    setLink('up');
    publisher.publish(publications(bodies(2)));
    const settled = vi.fn();
    void publisher.settle(never).then(settled);
    for (const { finish } of queue.waiting) {
      await turn();
      expect(settled).not.toHaveBeenCalled();
      finish();
    }
    await turn();
    expect(settled).toHaveBeenCalledWith(0);
  });

  it('does not wait beyond its deadline for a drain that has no end', async () => {
    const { publisher, queue, rows, setLink } = createPublisher();
    rows.push('stored');
    queue.set('wait');
    setLink('up');
    await turn();
    const deadline = new AbortController();
    const left = publisher.settle(deadline.signal);
    await turn();
    deadline.abort();
    expect(await left).toBe(0);
  });

  it('ends at its deadline with the number of messages that nothing took', async () => {
    const { publisher, setLink } = createPublisher({ withOutbox: false });
    setLink('down');
    publisher.publish(publications(bodies(3)));
    const deadline = new AbortController();
    const left = publisher.settle(deadline.signal);
    deadline.abort();
    expect(await left).toBe(3);
    expect(vi.getTimerCount()).toBe(0);
  });
});
