import { expect, test } from 'vitest';
import { createRateLimit } from './rate-limit.js';

function startAt(nowMs: number, perSecond: number) {
  const clock = { nowMs };
  return { clock, limit: createRateLimit({ perSecond, monotonicMs: () => clock.nowMs }) };
}

test('each client has its own count, and a new one each second', () => {
  const { clock, limit } = startAt(5_000, 2);
  expect(['a', 'a', 'a', 'b'].map((client) => limit.allows(client))).toEqual([true, true, false, true]);
  clock.nowMs = 5_999;
  expect(limit.allows('a')).toBe(false);
  clock.nowMs = 6_000;
  expect(limit.allows('a')).toBe(true);
});

test('more clients than it remembers share what one may, and harm none of the others', () => {
  const { limit } = startAt(0, 2);
  for (let n = 0; n < 10_000; n += 1) expect(limit.allows(`client ${n}`)).toBe(true);
  expect(['x', 'y', 'z'].map((client) => limit.allows(client))).toEqual([true, true, false]);
  expect(limit.allows('client 0')).toBe(true);
  expect(limit.allows('client 0')).toBe(false);
});
