import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bodies, createDelivery, refused, turn } from './delivery.test.helpers.js';

vi.mock('@podips/shared', async (original) => ({
  ...(await original<object>()),
  ...(await import('../pause.test.helpers.js')),
}));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the outbox', () => {
  it('is drained when the link comes up, one drain at a time', async () => {
    const { drain, queue, rows, setLink } = createDelivery();
    rows.push(...bodies(3));
    queue.set('wait');
    setLink('up');
    drain.start();
    drain.start();
    await turn();
    expect(queue.waiting).toHaveLength(1);
    queue.waiting[0]?.finish();
    await turn();
    expect(queue.accepted).toEqual(bodies(3));
  });

  it('is drained again over the next session, without waiting for an earlier one', async () => {
    const { queue, rows, setLink } = createDelivery();
    rows.push('a');
    queue.set('wait');
    setLink('up');
    await turn();
    setLink('up');
    queue.set('accept');
    queue.waiting[0]?.fail();
    await turn();
    expect(queue.accepted).toEqual(['a']);
  });

  it('is not touched while the link is down', async () => {
    const { drain, rows, events } = createDelivery();
    rows.push('a');
    drain.start();
    await turn();
    expect(rows).toEqual(['a']);
    expect(events.onPublished).not.toHaveBeenCalled();
  });

  it('reports whether a drain failed at the broker or at the database', async () => {
    const { drain, drains, queue, rows, events, setLink } = createDelivery();
    rows.push('a');
    queue.set('refuse');
    setLink('up');
    await turn();
    expect(events.onPublishFailed).toHaveBeenCalledWith(refused);
    expect(events.onDrainFailed).not.toHaveBeenCalled();
    drains.mode = 'fail';
    drain.start();
    await turn();
    expect(events.onDrainFailed).toHaveBeenCalledOnce();
  });

  it('is left by a stop when the rows in flight are sent', async () => {
    const { drain, queue, rows, setLink } = createDelivery();
    rows.push('a');
    queue.set('wait');
    setLink('up');
    await turn();
    const stopped = vi.fn();
    void drain.stop().then(stopped);
    await turn();
    expect(stopped).not.toHaveBeenCalled();
    queue.waiting[0]?.finish();
    await turn();
    expect(stopped).toHaveBeenCalled();
    drain.start();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what an earlier reader left in the outbox', () => {
  /** A term begins, sees something new, and an earlier one has left a row. */
  function left() {
    const parts = createDelivery({ gateIsOpen: false });
    const { drain, gate, delivery } = parts;
    parts.rows.push('left');
    parts.publish(['new']);
    const ended = vi.fn((isEmpty: boolean | undefined) => {
      if (isEmpty === undefined) return;
      gate.open();
      delivery.linkChanged();
    });
    return { ...parts, ended, begin: () => void drain.empty().then(ended) };
  }

  it('goes before anything else', async () => {
    const { begin, queue, ended, setLink } = left();
    queue.set('wait');
    begin();
    setLink('up');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.waiting).toHaveLength(1);
    queue.set('accept');
    queue.waiting[0]?.finish();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.accepted).toEqual(['left', 'new']);
    expect(ended).toHaveBeenCalledExactlyOnceWith(true);
  });

  it('holds nothing up when there is nothing', async () => {
    const { begin, rows, queue, setLink } = left();
    rows.pop();
    begin();
    setLink('up');
    await turn();
    expect(queue.accepted).toEqual(['new']);
  });

  it('goes first over the next session when the first one breaks; what comes meanwhile goes behind it', async () => {
    const { begin, publish, queue, database, ended, setLink } = left();
    queue.set('wait');
    begin();
    setLink('up');
    await turn();
    setLink('down');
    queue.waiting[0]?.fail();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(database.accepted).toEqual(['new']);
    queue.set('accept');
    setLink('up');
    publish(['newer']);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.accepted).toEqual(['left', 'newer']);
    expect(ended).toHaveBeenCalledExactlyOnceWith(true);
  });

  it.each(['skip', 'fail'] as const)('is tried again soon when a drain leaves it: %s', async (mode) => {
    const { begin, drains, queue, ended, setLink } = left();
    drains.mode = mode;
    begin();
    setLink('up');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.accepted).toEqual([]);
    drains.mode = 'send';
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.accepted).toEqual(['left', 'new']);
    expect(ended).toHaveBeenCalledExactlyOnceWith(true);
  });

  it('is waited for while the database is still storing it', async () => {
    const { begin, queue, rows, drains, setLink } = left();
    drains.mode = 'more under way';
    begin();
    setLink('up');
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.accepted).toEqual(['left']);
    rows.push('stored at last');
    drains.mode = 'send';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(queue.accepted).toEqual(['left', 'stored at last', 'new']);
  });

  it('is waited for as long as it becomes less, whatever is stored meanwhile', async () => {
    const { begin, queue, rows, drain, drains, ended, setLink } = left();
    rows.push(...bodies(4));
    begin();
    await turn();
    drains.mode = 'skip';
    setLink('up');
    for (let count = 0; count < 5; count += 1) {
      await vi.advanceTimersByTimeAsync(10_000);
      expect(ended).not.toHaveBeenCalled();
      rows.push('of another cluster');
      drains.mode = 'send one';
      drain.start();
      await turn();
      drains.mode = 'skip';
    }
    await vi.advanceTimersByTimeAsync(1_000);
    expect(ended).toHaveBeenCalledExactlyOnceWith(true);
    expect(queue.accepted).toEqual(['left', ...bodies(4), 'new']);
  });

  it.each([
    ['because the broker does not answer', 'wait', 'send'],
    ['because another reader has the rows', 'accept', 'skip'],
    ['because the rows cannot be deleted', 'accept', 'send, then fail'],
  ] as const)('is overtaken after 15 seconds, %s', async (_, answer, mode) => {
    const { begin, queue, drains, ended, setLink } = left();
    queue.set(answer);
    drains.mode = mode;
    setLink('up');
    begin();
    await vi.advanceTimersByTimeAsync(14_000);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(ended).toHaveBeenCalledExactlyOnceWith(false);
  });

  it('is overtaken when a row of it ends every session', async () => {
    const { begin, drains, queue, ended, setLink } = left();
    drains.mode = 'fail';
    begin();
    for (let session = 1; session <= 40; session += 1) {
      setLink('up');
      await vi.advanceTimersByTimeAsync(100);
      setLink('connecting');
      await vi.advanceTimersByTimeAsync(900);
    }
    expect(ended).toHaveBeenCalledExactlyOnceWith(false);
    setLink('up');
    await turn();
    expect(queue.accepted).toEqual(['new']);
  });

  it('is followed by the outbox when the reader stops before it is sent', async () => {
    const { begin, delivery, drain, queue, database, ended, setLink } = left();
    queue.set('wait');
    begin();
    setLink('up');
    await turn();
    const drained = drain.stop();
    const settled = delivery.settle(new AbortController().signal);
    await turn();
    expect(database.accepted).toEqual(['new']);
    queue.waiting[0]?.finish();
    await drained;
    expect(await settled).toBe(0);
    await turn();
    expect(ended).toHaveBeenCalledExactlyOnceWith(undefined);
    expect(vi.getTimerCount()).toBe(0);
  });
});
