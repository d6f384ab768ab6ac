import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Standstill } from './standstill.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The process is frozen: time passes, and nothing runs. */
const freeze = (ms: number) => vi.setSystemTime(Date.now() + ms);

it('does not happen to a process that runs, be it late', () => {
  using standstill = new Standstill();
  vi.advanceTimersByTime(60_000);
  freeze(4_000);
  expect(standstill.happened).toBe(false);
});

it('is noticed before anything else runs', () => {
  using standstill = new Standstill();
  freeze(60_000);
  expect(standstill.happened).toBe(true);
});

it('is remembered when the timer runs first', () => {
  using standstill = new Standstill();
  freeze(60_000);
  vi.advanceTimersByTime(60_000);
  expect(standstill.happened).toBe(true);
});

it('is not what a clock means that is set back', () => {
  using standstill = new Standstill();
  freeze(-60_000);
  vi.advanceTimersByTime(60_000);
  expect(standstill.happened).toBe(false);
});

it('has not happened again after a reset', () => {
  using standstill = new Standstill();
  freeze(60_000);
  standstill.reset();
  expect(standstill.happened).toBe(false);
  freeze(60_000);
  expect(standstill.happened).toBe(true);
});

it('leaves no timer behind', () => {
  const standstill = new Standstill();
  standstill[Symbol.dispose]();
  expect(vi.getTimerCount()).toBe(0);
});
