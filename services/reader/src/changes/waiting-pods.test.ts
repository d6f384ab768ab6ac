import { expect, it } from 'vitest';
import { pod } from './pod-changes.test.helpers.js';
import { compress, WaitingPods } from './waiting-pods.js';

it('pods that wait are taken out as they were added', () => {
  const waiting = new WaitingPods();
  const parts = [[pod(1), pod(2)], [], [pod(3)]];
  for (const part of parts) waiting.add(part);
  expect([...waiting.take()]).toEqual([parts[0], parts[2]]);
  expect([...waiting.take()]).toEqual([]);
});

it.each([1, 100])('%i pods that wait keep the bytes of their compressed form, and no more', (count) => {
  const compressed = compress(Array.from({ length: count }, (_, index) => pod(index)));
  expect(compressed.buffer.byteLength).toBe(compressed.byteLength);
  expect(compressed.byteLength).toBeLessThan(500 + 40 * count);
});
