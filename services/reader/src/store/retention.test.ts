import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Ledger } from './ledger.js';
import { pruneRegularly } from './retention.js';

const log = createLogger('test', 'silent');

beforeEach(() => {
  vi.setSystemTime(new Date('2026-11-20T14:00:00.000Z'));
});
afterEach(() => {
  vi.useRealTimers();
});

/** Prunes until it was asked once. */
async function pruneOnce(answer: () => Promise<number>, days: number): Promise<readonly Date[]> {
  const stopping = new AbortController();
  const asked: Date[] = [];
  const prune: Ledger['prune'] = async (endedBefore) => {
    asked.push(endedBefore);
    stopping.abort();
    return answer();
  };
  await pruneRegularly({ prune }, days, () => new Date(), log, stopping.signal);
  return asked;
}

it('deletes at its start what is older than so many days', async () => {
  expect(await pruneOnce(async () => 7, 30)).toEqual([new Date('2026-10-21T14:00:00.000Z')]);
});

it('outlives a database that is unavailable', async () => {
  const unavailable = () => Promise.reject(new Error('the database is unavailable'));
  expect(await pruneOnce(unavailable, 1)).toEqual([new Date('2026-11-19T14:00:00.000Z')]);
});
