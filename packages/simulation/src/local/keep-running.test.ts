import { pause } from '@podips/shared';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepRunning } from './keep-running.js';

vi.mock('@podips/shared', () => ({ pause: vi.fn() }));

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => {
  vi.useRealTimers();
  vi.resetAllMocks();
});

/** Has a service end after each of these times, then stops during the pause; returns the pauses and what was printed. */
async function endAfter(...livesMs: readonly number[]) {
  const pauses: number[] = [];
  const printed: string[] = [];
  const start = vi.fn(async () => undefined);
  const lives = livesMs.values();
  const child = {
    get exited() {
      return Promise.resolve(1).then((code) => {
        vi.advanceTimersByTime(lives.next().value ?? 0);
        return code;
      });
    },
  };
  vi.mocked(pause).mockImplementation(async (ms) => pauses.push(ms) < livesMs.length);
  const print = (text: string) => printed.push(text);
  await keepRunning({ process: () => child, start }, 'reader', print, new AbortController().signal);
  return { pauses, printed, starts: start.mock.calls.length };
}

test('a service that keeps dying is started again later each time', async () => {
  const { pauses, printed, starts } = await endAfter(0, 0, 0, 0, 0, 0);
  expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  expect(printed[0]).toBe('reader ended with exit code 1; starting it again');
  expect(starts).toBe(5);
});

test('a service that ran well in between is started again soon', async () => {
  expect((await endAfter(0, 0, 61_000, 0)).pauses).toEqual([1_000, 2_000, 1_000, 2_000]);
});

test('a service that is to end is not started again', async () => {
  const start = vi.fn();
  const services = { process: () => ({ exited: Promise.resolve(0) }), start };
  await keepRunning(services, 'reader', () => undefined, AbortSignal.abort());
  expect(start).not.toHaveBeenCalled();
});
