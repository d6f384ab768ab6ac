import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPublisher, publications, turn } from './publisher.test.helpers.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what an earlier reader left in the outbox', () => {
  const left = () => {
    const parts = createPublisher({ outboxFirst: true });
    parts.rows.push('left');
    parts.publisher.publish(publications(['new']));
    return parts;
  };

  it('goes before anything else', async () => {
    const { queue, events, setLink } = left();
    queue.set('wait');
    setLink('up');
    await turn();
    expect(queue.waiting).toHaveLength(1);
    queue.waiting[0]?.finish();
    queue.set('take');
    await turn();
    expect(queue.taken).toEqual(['left', 'new']);
    expect(events.onOvertaking).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(events.onOvertaking).not.toHaveBeenCalled();
  });

  it('goes first over the next session when the first one breaks', async () => {
    const { queue, database, setLink } = left();
    queue.set('wait');
    setLink('up');
    await turn();
    setLink('connecting');
    queue.waiting[0]?.fail();
    queue.set('take');
    await turn();
    expect(queue.taken).toEqual([]);
    setLink('up');
    await turn();
    expect(queue.taken).toEqual(['left', 'new']);
    expect(database.taken).toEqual([]);
  });

  it('stays before what comes while the queue is away', async () => {
    const { database, setLink } = left();
    setLink('down');
    await turn();
    expect(database.taken).toEqual(['new']);
  });

  it('is overtaken when it cannot be sent for long, which is said', async () => {
    const { queue, events, setLink } = left();
    queue.set('wait');
    setLink('up');
    await vi.advanceTimersByTimeAsync(14_000);
    expect(queue.waiting).toHaveLength(1);
    expect(events.onOvertaking).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(events.onOvertaking).toHaveBeenCalledOnce();
    expect(queue.waiting).toHaveLength(2);
  });

  it.each(['skip', 'fail'] as const)('is tried again soon when a drain leaves it: %s', async (mode) => {
    const { queue, drains, events, setLink } = left();
    drains.mode = mode;
    setLink('up');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.taken).toEqual([]);
    drains.mode = 'send';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.taken).toEqual(['left', 'new']);
    expect(events.onOvertaking).not.toHaveBeenCalled();
  });

  it('is waited for while the database is still storing it', async () => {
    const { queue, rows, drains, events, setLink } = left();
    drains.mode = 'more under way';
    setLink('up');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.taken).toEqual(['left']);
    rows.push('stored at last');
    await vi.advanceTimersByTimeAsync(1_000);
    drains.mode = 'send';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.taken).toEqual(['left', 'stored at last', 'new']);
    expect(events.onOvertaking).not.toHaveBeenCalled();
  });

  it('is not overtaken while the queue is away', async () => {
    const { publisher, queue, database, events, setLink } = left();
    queue.set('wait');
    setLink('up');
    await turn();
    setLink('down');
    queue.waiting[0]?.fail();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(database.taken).toEqual(['new']);
    queue.set('take');
    setLink('up');
    publisher.publish(publications(['newer']));
    await turn();
    expect(queue.taken).toEqual(['left', 'newer']);
    expect(events.onOvertaking).not.toHaveBeenCalled();
  });

  it('is not overtaken right after a session that has ended', async () => {
    const { queue, drains, events, setLink } = left();
    drains.mode = 'fail';
    setLink('up');
    await vi.advanceTimersByTimeAsync(1_000);
    setLink('connecting');
    await vi.advanceTimersByTimeAsync(13_500);
    setLink('up');
    await vi.advanceTimersByTimeAsync(1_000);
    drains.mode = 'send';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.taken).toEqual(['left', 'new']);
    expect(events.onOvertaking).not.toHaveBeenCalled();
  });

  it('is overtaken when a row of it ends every session', async () => {
    const { publisher, queue, drains, events, setLink } = left();
    drains.mode = 'fail';
    for (let session = 1; session <= 20; session += 1) {
      setLink('up');
      await vi.advanceTimersByTimeAsync(100);
      setLink('connecting');
    }
    expect(events.onOvertaking).toHaveBeenCalledOnce();
    expect(queue.taken).toEqual(['new']);
    expect(publisher.buffered).toBe(0);
  });

  it('is overtaken when it is sent again and again because the rows cannot be deleted', async () => {
    const { queue, drains, events, setLink } = left();
    drains.mode = 'send, then fail';
    setLink('up');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(events.onOvertaking).toHaveBeenCalledOnce();
    expect(queue.taken).toContain('new');
  });

  it('is not overtaken while it makes progress', async () => {
    const { queue, rows, events, setLink } = left();
    queue.set('wait');
    setLink('up');
    for (const row of ['second', 'third']) {
      await vi.advanceTimersByTimeAsync(10_000);
      rows.push(row);
      queue.waiting.at(-1)?.finish();
    }
    expect(events.onOvertaking).not.toHaveBeenCalled();
    queue.waiting.at(-1)?.finish();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(events.onOvertaking).not.toHaveBeenCalled();
  });

  it('is followed by the outbox when the reader stops before it is sent', async () => {
    const { publisher, queue, database, setLink } = left();
    queue.set('wait');
    setLink('up');
    await turn();
    const settled = publisher.settle(new AbortController().signal);
    await turn();
    expect(database.taken).toEqual(['new']);
    queue.waiting[0]?.finish();
    expect(await settled).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer, however often it was tried', async () => {
    const { publisher, drains, setLink } = left();
    drains.mode = 'skip';
    setLink('up');
    for (let n = 0; n < 3; n += 1) {
      await turn();
      publisher.drainOutbox();
    }
    await turn();
    await publisher.settle(new AbortController().signal);
    publisher.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
