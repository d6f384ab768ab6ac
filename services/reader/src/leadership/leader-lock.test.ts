import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openMarkers } from '../store/marker-file.js';
import { type LockOptions, tryLock } from './leader-lock.js';
import { awaitLeadership, type Leadership } from './leadership.js';
import { type FakeDatabase, startFakeDatabase } from './leadership.test.helpers.js';

const LOCK = 'pg_try_advisory_lock';
const END_GHOSTS = 'pg_terminate_backend';
const mine = [{ recovering: false, held: true }];
const taken = [{ recovering: false, held: false }];
const oneGhost = [{ pg_terminate_backend: true }];
const refused = { error: '42883' };

const log = createLogger('test', 'silent');
const never = new AbortController().signal;
let database: FakeDatabase;
let dir: string;
let options: LockOptions;

beforeEach(async () => {
  database = await startFakeDatabase();
  dir = mkdtempSync(join(tmpdir(), 'podips-lock-'));
  options = { database: database.settings, cluster: 'default', rival: openMarkers(dir, log).rival };
});
afterEach(async () => {
  await database.stop();
  rmSync(dir, { recursive: true });
});

/** Waits to lead, for as long as it takes to ask so often. */
async function standBy(attempts: number): Promise<Leadership | undefined> {
  const stopping = new AbortController();
  let left = attempts;
  const onStandby = () => {
    left -= 1;
    if (left === 0) stopping.abort();
  };
  const patience = { standbyIntervalMs: 1, databaseWaitMs: 0 };
  return awaitLeadership({ ...options, ...patience }, { onStandby }, log, stopping.signal);
}

it('a reader that was told that the lock is taken never leads, whatever the database answers later', async () => {
  database.plan(LOCK, taken, refused);
  expect(await standBy(3)).toBeUndefined();
  expect(openMarkers(dir, log).rival.since).toBeDefined();
});

it('a reader ends its own dead connection in a way that every server knows, and gets the lock a little later', async () => {
  database.plan(LOCK, taken, taken, taken, mine);
  database.plan(END_GHOSTS, oneGhost);
  const lock = await tryLock(options, 'me', true, never);
  expect(lock).toBeDefined();
  expect(options.rival.since).toBeUndefined();
  expect(database.asked.filter((sql) => sql.includes('pg_terminate_backend(pid)'))).toHaveLength(1);
  await lock?.release();
});

it('a reader does not wait for a lock that none of its own connections can hold', async () => {
  database.plan(LOCK, taken);
  expect(await tryLock(options, 'me', true, never)).toBeUndefined();
  expect(database.asked.filter((sql) => sql.includes(LOCK))).toHaveLength(1);
});

it('a reader whose connection that held the lock was lost steps down when the database then refuses it', async () => {
  database.plan(LOCK, mine, taken);
  database.plan(END_GHOSTS, refused);
  const leadership = await standBy(1);
  expect(leadership?.confirmed).toBe(true);
  database.cut();
  await leadership?.over;
  expect(options.rival.since).toBeDefined();
  await leadership?.release();
});

it('the lock of a standby server counts for nothing', async () => {
  database.plan(LOCK, [{ recovering: true, held: true }]);
  await expect(tryLock(options, 'me', true, never)).rejects.toMatchObject({
    code: 'DATABASE_STANDBY',
    retryable: true,
  });
  expect(options.rival.since).toBeUndefined();
});

describe('a stop waits for no database', () => {
  it.each(['connect', 'set_config', LOCK, END_GHOSTS])('that says nothing to %s', async (text) => {
    database.plan(LOCK, taken);
    database.plan(text, 'silence');
    const stopping = new AbortController();
    const attempt = tryLock(options, 'me', true, stopping.signal);
    await vi.waitFor(() => expect(database.asked.join()).toContain(text));
    stopping.abort(new Error('stopped'));
    await expect(attempt).rejects.toThrow('stopped');
  });

  it('and does not make a reader lead that could not ask yet', async () => {
    database.plan('connect', 'silence');
    const stopping = new AbortController();
    const patience = { standbyIntervalMs: 1, databaseWaitMs: 0 };
    const leadership = awaitLeadership(
      { ...options, ...patience },
      { onStandby: vi.fn() },
      log,
      stopping.signal,
    );
    await vi.waitFor(() => expect(database.asked).toEqual(['connect']));
    stopping.abort();
    expect(await leadership).toBeUndefined();
  });
});
