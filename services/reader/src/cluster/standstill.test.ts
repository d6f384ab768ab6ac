import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Standstill } from './standstill.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The process is frozen: time passes, and nothing runs. */
const freeze = (ms: number) => vi.setSystemTime(Date.now() + ms);

it('does not happen to a process that runs, be it late', () => {
  using standstill = new Standstill(10_000);
  vi.advanceTimersByTime(60_000);
  freeze(4_000);
  expect(standstill.happened).toBe(false);
});

it('is noticed before anything else runs', () => {
  using standstill = new Standstill(10_000);
  freeze(60_000);
  expect(standstill.happened).toBe(true);
});

it.each([undefined, 3_600_000])('takes five seconds, however long a Lease lasts: %s', (leaseMs) => {
  using standstill = new Standstill(leaseMs);
  freeze(5_000);
  expect(standstill.happened).toBe(false);
  freeze(5_001);
  expect(standstill.happened).toBe(true);
});

it('takes half of a Lease that is shorter', () => {
  using standstill = new Standstill(2_000);
  vi.advanceTimersByTime(60_000);
  freeze(1_000);
  expect(standstill.happened).toBe(false);
  freeze(1_001);
  expect(standstill.happened).toBe(true);
});

it('is remembered when the timer runs first', () => {
  using standstill = new Standstill(10_000);
  freeze(60_000);
  vi.advanceTimersByTime(60_000);
  expect(standstill.happened).toBe(true);
});

it('is not what a clock means that is set back', () => {
  using standstill = new Standstill(10_000);
  freeze(-60_000);
  vi.advanceTimersByTime(60_000);
  expect(standstill.happened).toBe(false);
});

it('has not happened again after a reset', () => {
  using standstill = new Standstill(10_000);
  freeze(60_000);
  standstill.reset();
  expect(standstill.happened).toBe(false);
  freeze(60_000);
  expect(standstill.happened).toBe(true);
});

it('is new to each view, also when another one was reset', () => {
  using standstill = new Standstill(10_000);
  const [one, other] = [standstill.view(), standstill.view()];
  freeze(60_000);
  expect(one.happened).toBe(true);
  one.reset();
  expect([one.happened, other.happened, standstill.view().happened]).toEqual([false, true, true]);
});

it('leaves no timer behind', () => {
  const standstill = new Standstill(10_000);
  standstill[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});
