import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QueueDefinitions } from './queue-definitions.js';
import { closedByUs } from './queue-errors.js';

const DELAY_MS = 4_000;
const open = new Promise<never>(() => undefined);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Whether it is over after so many milliseconds. */
async function isOver(promise: Promise<void>, ms: number): Promise<boolean> {
  let over = false;
  void promise.then(() => {
    over = true;
  });
  await vi.advanceTimersByTimeAsync(ms);
  return over;
}

describe('the definition of a queue', () => {
  it('is on disk some time after the first receipt, and from then on', async () => {
    const definitions = new QueueDefinitions(DELAY_MS);
    const first = definitions.onDisk(['a'], open);
    expect(await isOver(first, DELAY_MS - 1)).toBe(false);
    expect(await isOver(definitions.onDisk(['a'], open), 1)).toBe(true);
    expect(await isOver(definitions.onDisk(['a'], open), 0)).toBe(true);
    expect(await isOver(definitions.onDisk(['a', 'b'], open), DELAY_MS - 1)).toBe(false);
  });

  it('is not waited for where a receipt covers it', async () => {
    expect(await isOver(new QueueDefinitions(0).onDisk(['a'], open), 0)).toBe(true);
  });

  it('may be lost with the broker before that: what was sent counts as not durable', async () => {
    await expect(
      new QueueDefinitions(DELAY_MS).onDisk(['a'], Promise.resolve(closedByUs())),
    ).rejects.toMatchObject({ code: 'QUEUE_CLOSED' });
  });
});
