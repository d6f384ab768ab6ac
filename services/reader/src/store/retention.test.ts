import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Ledger } from './ledger.js';
import { pruneRegularly } from './retention.js';

// The one that waits is of node:timers/promises, which has no fake.
vi.mock('@podips/shared', async (importOriginal) => ({
  ...(await importOriginal<typeof import('@podips/shared')>()),
  pause: (ms: number, signal: AbortSignal) =>
    new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(true), ms);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve(false);
      });
    }),
}));

const log = createLogger('test', 'silent');

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-11-20T14:00:00.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const MINUTE_MS = 60_000;

/** What retention does with a ledger in a time, and after how many minutes. */
async function pruneFor(ms: number, days: number, answer = async () => 7): Promise<readonly unknown[]> {
  const stopping = new AbortController();
  const startedMs = Date.now();
  const done: unknown[] = [];
  const minutes = () => (Date.now() - startedMs) / MINUTE_MS;
  const ledger: Pick<Ledger, 'announce' | 'prune'> = {
    announce: async (endedBefore) => void done.push([minutes(), endedBefore.toISOString()]),
    prune: (endedBefore) => {
      done.push([minutes(), 'deletes', endedBefore.toISOString()]);
      return answer();
    },
  };
  const pruning = pruneRegularly(ledger, days, () => new Date(), log, stopping.signal);
  await vi.advanceTimersByTimeAsync(ms);
  stopping.abort();
  await pruning;
  return done;
}

it('deletes what is older than so many days, every hour, and says so two minutes before', async () => {
  expect(await pruneFor(65 * MINUTE_MS, 30)).toEqual([
    [0, '2026-10-21T14:00:00.000Z'],
    [2, 'deletes', '2026-10-21T14:00:00.000Z'],
    [62, '2026-10-21T15:02:00.000Z'],
    [64, 'deletes', '2026-10-21T15:02:00.000Z'],
  ]);
});

it('deletes nothing when it is stopped before', async () => {
  expect(await pruneFor(MINUTE_MS, 30)).toEqual([[0, '2026-10-21T14:00:00.000Z']]);
});

it('outlives a database that is unavailable', async () => {
  const unavailable = () => Promise.reject(new Error('the database is unavailable'));
  expect(await pruneFor(65 * MINUTE_MS, 1, unavailable)).toHaveLength(4);
});
