import { createLogger } from '@podips/shared';
import { afterEach, expect, it, vi } from 'vitest';
import { LedgerWriter } from './ledger-writer.js';

/** How long the writer meant to rest, in milliseconds; it stops after ten times. */
const rests = vi.hoisted((): number[] => []);
const stopping = new AbortController();
vi.mock('@podips/shared', async (importOriginal) => ({
  ...(await importOriginal<typeof import('@podips/shared')>()),
  pause: async (ms: number) => {
    if (rests.push(ms) === 10) stopping.abort();
  },
}));
afterEach(() => {
  rests.length = 0;
});

it('does not rest longer and longer before a ledger is loaded: the first write follows soon', async () => {
  const deps = {
    ledger: { write: async () => undefined },
    durableUpTo: () => 0,
    lastSequence: () => 0,
    openLeases: () => [],
    log: createLogger('test', 'silent'),
    now: () => new Date(0),
    onWritten: () => undefined,
    onFailed: () => undefined,
    onTaken: () => undefined,
  };
  const writer = new LedgerWriter(deps, { maxLeases: 1, intervalMs: 1_000 });
  await writer.run(stopping.signal);
  expect(rests).toEqual(Array(10).fill(1_000));
});
