import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodies, createDelivery, refused, turn } from './delivery.test.helpers.js';

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('delivery', () => {
  it('sends in batches, at most two at a time, in order', async () => {
    const { changes, publish, queue, setLink, events } = createDelivery();
    setLink('up');
    queue.set('wait');
    publish(bodies(1_700));
    expect(queue.waiting).toHaveLength(2);
    expect(changes.undelivered).toBe(1_700);
    queue.set('accept');
    for (const { finish } of queue.waiting) finish();
    await turn();
    expect(queue.accepted).toEqual(bodies(1_700));
    expect(changes.undelivered).toBe(0);
    expect(events.onPublished.mock.calls.flat()).toEqual([500, 500, 500, 200]);
  });

  it('joins small entries to large batches', async () => {
    const { publish, queue, setLink, events } = createDelivery();
    for (const body of bodies(600)) publish([body]);
    setLink('up');
    await turn();
    expect(queue.accepted).toEqual(bodies(600));
    expect(events.onPublished.mock.calls.flat()).toEqual([500, 100]);
  });

  it('waits for the first attempt to connect before it falls back on the outbox', async () => {
    const { publish, database, setLink } = createDelivery();
    publish(['a']);
    await turn();
    expect(database.accepted).toEqual([]);
    setLink('down');
    await turn();
    expect(database.accepted).toEqual(['a']);
  });

  it('stores what the broker refuses, and reports both', async () => {
    const { publish, changes, queue, database, setLink, events } = createDelivery();
    queue.set('refuse');
    setLink('up');
    publish(bodies(3));
    await turn();
    expect(database.accepted).toEqual(bodies(3));
    expect(events.onPublishFailed).toHaveBeenCalledWith(refused);
    expect(events.onStored).toHaveBeenCalledWith(3);
    expect(changes.undelivered).toBe(0);
  });

  it('does not report the failure of a session that is no longer the newest', async () => {
    const { publish, queue, database, setLink, events } = createDelivery();
    queue.set('wait');
    setLink('up');
    publish(['a']);
    await turn();
    setLink('up');
    queue.waiting[0]?.fail();
    await turn();
    expect(events.onPublishFailed).not.toHaveBeenCalled();
    expect(database.accepted).toEqual(['a']);
  });

  it('keeps messages in memory, in order, while neither queue nor outbox accepts them', async () => {
    const { publish, changes, queue, database, setLink } = createDelivery();
    queue.set('refuse');
    database.set('refuse');
    setLink('up');
    publish(bodies(1_200));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(changes.undelivered).toBe(1_200);
    queue.set('accept');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.accepted).toEqual(bodies(1_200));
  });

  it('tries again at once when the link changes', async () => {
    const { publish, changes, queue, database, setLink } = createDelivery();
    database.set('refuse');
    setLink('down');
    publish(bodies(3));
    await turn();
    expect(changes.undelivered).toBe(3);
    setLink('up');
    await turn();
    expect(queue.accepted).toEqual(bodies(3));
  });

  it('leaves messages in memory without an outbox until the broker is back', async () => {
    const { publish, changes, queue, setLink } = createDelivery({ withOutbox: false });
    setLink('down');
    publish(bodies(3));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(changes.undelivered).toBe(3);
    setLink('up');
    await turn();
    expect(queue.accepted).toEqual(bodies(3));
  });

  it('passes an entry when every message up to it is durable, whichever batch came first', async () => {
    const { publish, changes, queue, setLink } = createDelivery({ withOutbox: false });
    setLink('up');
    queue.set('wait');
    publish(bodies(1_200));
    queue.waiting[1]?.finish();
    await turn();
    expect(changes.undelivered).toBe(1_200);
    queue.waiting[0]?.finish();
    await turn();
    expect(changes.undelivered).toBe(200);
    queue.waiting[2]?.fail();
    await turn();
    expect(changes.undelivered).toBe(200);
    queue.set('accept');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(changes.undelivered).toBe(0);
  });
});

describe('no message is durable before which one is not', () => {
  /** Two full batches, both sent, and neither queue nor outbox has answered. */
  async function sendTwo() {
    const parts = createDelivery();
    parts.queue.set('wait');
    parts.database.set('wait');
    parts.setLink('up');
    parts.publish(bodies(1_000));
    await turn();
    expect(parts.queue.waiting).toHaveLength(2);
    return parts;
  }

  it('when the queue is back while the outbox still stores an earlier one', async () => {
    const { publish, queue, database, setLink } = createDelivery();
    database.set('wait');
    setLink('down');
    publish(['a']);
    await turn();
    expect(database.waiting).toHaveLength(1);
    setLink('up');
    publish(['b']);
    await turn();
    expect(queue.accepted).toEqual([]);
    database.waiting[0]?.finish();
    await turn();
    expect(database.accepted).toEqual(['a']);
    expect(queue.accepted).toEqual(['b']);
  });

  it('when the queue refuses two at once: the outbox gets them in order', async () => {
    const { changes, queue, database } = await sendTwo();
    queue.waiting[1]?.fail();
    await turn();
    expect(database.waiting).toHaveLength(0);
    queue.waiting[0]?.fail();
    await turn();
    expect(database.waiting).toHaveLength(1);
    database.waiting[0]?.finish();
    await turn();
    expect(database.waiting).toHaveLength(2);
    database.waiting[1]?.finish();
    await turn();
    expect(changes.undelivered).toBe(0);
    expect(database.accepted).toEqual(bodies(1_000));
  });

  it('when the outbox fails with the earlier of two: the later is not even tried', async () => {
    const { changes, queue, database } = await sendTwo();
    for (const sent of queue.waiting) sent.fail();
    await turn();
    expect(database.waiting).toHaveLength(1);
    queue.set('accept');
    database.waiting[0]?.fail();
    await vi.runAllTimersAsync();
    expect(changes.undelivered).toBe(0);
    expect(database.waiting).toHaveLength(1);
    expect(queue.accepted).toEqual(bodies(1_000));
  });
});

describe('settling', () => {
  it('waits for all receipts', async () => {
    const { delivery, publish, queue, setLink } = createDelivery();
    queue.set('wait');
    setLink('up');
    publish(bodies(600));
    const settled = vi.fn();
    void delivery.settle(never).then(settled);
    for (const { finish } of queue.waiting) {
      await turn();
      expect(settled).not.toHaveBeenCalled();
      finish();
    }
    await turn();
    expect(settled).toHaveBeenCalledWith(0);
  });

  it('goes to the outbox when the broker has not answered yet', async () => {
    const { delivery, publish, database } = createDelivery();
    publish(['a']);
    expect(await delivery.settle(never)).toBe(0);
    expect(database.accepted).toEqual(['a']);
  });

  it('ends at its deadline with the number of messages that nothing accepted', async () => {
    const { delivery, publish, setLink } = createDelivery({ withOutbox: false });
    setLink('down');
    publish(bodies(3));
    const deadline = new AbortController();
    const left = delivery.settle(deadline.signal);
    deadline.abort();
    expect(await left).toBe(3);
    delivery.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is the last thing it does: after its end nothing is sent or stored, whatever comes back', async () => {
    const { delivery, publish, queue, database, setLink } = createDelivery();
    database.set('refuse');
    setLink('down');
    publish(bodies(3));
    const deadline = new AbortController();
    const left = delivery.settle(deadline.signal);
    deadline.abort();
    expect(await left).toBe(3);
    delivery.close();
    database.set('accept');
    setLink('up');
    publish(bodies(3, 3));
    await vi.advanceTimersByTimeAsync(60_000);
    expect([queue.accepted, database.accepted]).toEqual([[], []]);
  });
});
