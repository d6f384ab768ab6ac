import { PodipsError } from '@podips/shared';
import { expect, it } from 'vitest';
import { LedgerState } from './ledger-state.js';

const fails = (error: Error) => async () => {
  throw error;
};

it('keeps why a load or a write failed, until one succeeds', async () => {
  const state = new LedgerState();
  const full = new Error('could not extend file: No space left on device');
  await expect(state.watch(fails(full))).rejects.toBe(full);
  expect(state.problem).toBe(full.message);
  expect(await state.watch(async () => 'loaded')).toBe('loaded');
  expect(state.problem).toBeUndefined();
});

it('another reader that has the ledger is no problem of the ledger', async () => {
  const state = new LedgerState();
  const taken = new PodipsError('LEDGER_TAKEN', 'another reader has loaded the ledger');
  await expect(state.watch(fails(taken))).rejects.toBe(taken);
  expect(state.problem).toBeUndefined();
});

it('knows for how long migrations have been running', () => {
  const state = new LedgerState();
  expect(state.migratingMs).toBeUndefined();
  state.migrating(true);
  expect(state.migratingMs).toBeGreaterThanOrEqual(0);
  state.migrating(false);
  expect(state.migratingMs).toBeUndefined();
});
