import { describe, expect, it } from 'vitest';
import { createChanges, gone, NOW, pod, seen } from './pod-changes.test.helpers.js';

describe('an event', () => {
  it('becomes a message with its origin and the moment of observation', () => {
    const { changes, told, noted } = createChanges();
    expect(changes.apply(seen(pod(1)))).toBe(true);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      origin: 'reader-1',
      dc: 'dc-1',
      pod_ip: '10.0.0.1',
      pod_ip_status: 'alreadyRunning',
      timestamp: NOW.toISOString(),
    });
    expect(noted).toEqual(told);
    expect(changes.knownPods).toBe(1);
  });

  it('says nothing when it changes no address, or is about no pod', () => {
    const { changes, told } = createChanges();
    changes.apply(seen(pod(1)));
    expect(changes.apply(seen(pod(1, { node: 'node-2' })))).toBe(true);
    expect(changes.apply({ type: 'bookmark', resourceVersion: '9' })).toBe(true);
    expect(told).toHaveLength(1);
  });

  it('is not taken, not even in part, when there is no room for all that it means', () => {
    const { changes, outlet, told, noted } = createChanges();
    changes.apply(seen(pod(1)));
    outlet.room = 1;
    const moved = seen(pod(1, { ips: ['10.0.0.99'] }));
    expect(changes.apply(moved)).toBe(false);
    expect([told.length, noted.length, outlet.room]).toEqual([1, 1, 1]);
    outlet.room = 2;
    expect(changes.apply(moved)).toBe(true);
    expect(told.slice(1).map((message) => message.pod_ip)).toEqual(['10.0.0.1', '10.0.0.99']);
  });

  it('is taken without any room when it means no message', () => {
    const { changes, outlet } = createChanges();
    outlet.room = 0;
    expect(changes.apply(seen(pod(1, { ips: [] })))).toBe(true);
    expect(changes.apply(gone(pod(1, { ips: [] })))).toBe(true);
    expect(changes.knownPods).toBe(0);
  });

  it('is forgotten with its pod once that holds nothing any more', () => {
    const { changes, short } = createChanges();
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(1)));
    changes.apply(gone(pod(1)));
    expect(short()).toEqual(['alreadyRunning cart-1 false', 'deallocated cart-1 false']);
    expect(changes.knownPods).toBe(0);
  });
});

describe('a list', () => {
  it('is what is there the first time, and what was missed from then on', async () => {
    const { changes, short } = createChanges();
    await changes.replaceAll([pod(1), pod(2)], '1', 'start');
    await changes.replaceAll([pod(2), pod(3)], '2', 'start');
    expect(short()).toEqual([
      'alreadyRunning cart-1 false',
      'alreadyRunning cart-2 false',
      'deallocated cart-1 true',
      'alreadyRunning cart-3 true',
    ]);
    expect(changes.knownPods).toBe(2);
  });

  it('may mean more messages than there is room for, and waits for room in between', async () => {
    const { changes, outlet, told } = createChanges(10);
    const pods = Array.from({ length: 35 }, (_, index) => pod(index));
    await changes.replaceAll(pods, '1', 'start');
    expect(told.map((message) => message.pod)).toEqual(pods.map(({ name }) => name));
    expect(outlet.room).toBe(5);
  });

  it('is given up when the reader stops while it waits for room', async () => {
    const { changes, told, stopping } = createChanges(10);
    stopping.abort(new Error('stopped'));
    await expect(changes.replaceAll([pod(1)], '1', 'start')).rejects.toThrow('stopped');
    expect(told).toEqual([]);
  });
});
