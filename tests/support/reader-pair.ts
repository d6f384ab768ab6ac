import type { Environment } from '@podips/shared';
import { expect, vi } from 'vitest';
import { check } from '../faults/check.js';
import { COMPLETE, PATIENCE, type ReaderCase, untilArrived } from './reader-case.js';
import { type ReaderProcess, startReaderProcess } from './reader-process.js';

/** Two readers of one cluster: one leads, the other stands by. */
export interface ReaderPair {
  readonly leader: ReaderProcess;
  readonly standby: ReaderProcess;
}

/** A leader that dies is succeeded soon, and one that is only slow may be, too. */
export const SHORT_LEASE: Environment = { LEASE_DURATION_S: '2', STANDBY_INTERVAL_MS: '200' };
/** A leader that is only slow is not succeeded, not on a busy machine either; one that dies is. */
export const STEADY_LEASE: Environment = { LEASE_DURATION_S: '6', STANDBY_INTERVAL_MS: '200' };
/** So many failures, at least 200 ms apart, take longer than that Lease lasts. */
export const FAILURES_OF_STEADY_LEASE = 31;
/** A leader is succeeded in no test, however slow the machine is, unless it gives the Lease up. */
export const LONG_LEASE: Environment = { LEASE_DURATION_S: '600', STANDBY_INTERVAL_MS: '200' };

export const leads = async (reader: ReaderProcess) => (await reader.metric('leads')) === 1;
export const standsBy = async (reader: ReaderProcess) =>
  (await reader.metric('leads')) === 0 && (await reader.readiness()) === 200;

export const until = (condition: () => Promise<boolean>) =>
  vi.waitFor(async () => expect(await condition()).toBe(true), PATIENCE);

/** Starts two readers, one after the other. */
export async function startPair(
  test: ReaderCase,
  owner: AsyncDisposableStack,
  env: Environment,
  leaderEnv: Environment = {},
): Promise<ReaderPair> {
  const leader = await startReaderProcess(test, owner, 'first', { ...env, ...leaderEnv });
  await until(() => leads(leader));
  const standby = await startReaderProcess(test, owner, 'second', env);
  await until(() => standsBy(standby));
  return { leader, standby };
}

/** Waits until all that happened was delivered and is in the ledger, but for what lies in gaps. */
export async function untilAllArrived(test: ReaderCase) {
  return untilArrived(test, async () => {
    const verdict = await check(test.cluster, test.records, test.pool);
    expect(verdict).toMatchObject({ ...COMPLETE, ledger: [] });
    return verdict;
  });
}
