import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { heartbeat, NOW_MS } from '../http/app.test.helpers.js';
import { openStatusStore, STATUS_FILE } from './status-store.js';
import type { StatusStore } from './statuses.js';

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-monitor-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function open(dir: string, log = createLogger('monitor', 'silent')): Promise<StatusStore> {
  const store = await openStatusStore({ dir, log, now: () => NOW_MS });
  onTestFinished(() => store.close());
  return store;
}

const NOTHING = { kubernetes: undefined, 'queue/write': undefined, 'queue/read': undefined, log: undefined };

test('a store starts with nothing and makes its folder', async () => {
  const dir = join(await newDir(), 'deep', 'folder');
  const store = await open(dir);
  expect(store.latest()).toEqual(NOTHING);
  await vi.waitFor(async () => expect(await readdir(dir)).toEqual([STATUS_FILE]));
});

test('the last heartbeat of each operation is there after a restart', async () => {
  const dir = await newDir();
  const first = await open(dir);
  first.record(heartbeat('log', { message: 'older' }));
  first.record(heartbeat('log', { code: 503, message: '<b>newer</b> \u0000 \u202e "😀"', host: 'node-7' }));
  first.record(heartbeat('queue/read'));
  await first.close();
  const second = await open(dir);
  expect(second.latest()).toEqual(first.latest());
});

test('a heartbeat is on disk soon, not only at the stop', async () => {
  const dir = await newDir();
  const store = await open(dir);
  store.record(heartbeat('kubernetes', { message: 'listed 7 pods' }));
  await vi.waitFor(async () =>
    expect(await readFile(join(dir, STATUS_FILE), 'utf8')).toContain('listed 7 pods'),
  );
});

test.each([
  ['is cut off', '{"version":1,"heartbeats":[{"operation":"lo'],
  ['is empty', ''],
  ['is not an object', '[]'],
  ['has another version', '{"version":2,"heartbeats":[]}'],
  ['has an unknown operation', saved({ operation: 'nonsense' })],
  ['has a code that is none', saved({ code: '200' })],
  ['has a time that is none', saved({ receivedAt: 'yesterday' })],
])('a file that %s is quarantined with a warning, and reported', async (_what, text) => {
  const dir = await newDir();
  await writeFile(join(dir, STATUS_FILE), text);
  const log = createLogger('monitor', 'silent');
  const warn = vi.spyOn(log, 'warn');
  const store = await open(dir, log);
  expect(store.latest()).toEqual(NOTHING);
  expect(warn).toHaveBeenCalledTimes(1);
  expect(store.damage).toBe(
    'the last heartbeats could not be read and start empty; the damaged file is quarantined',
  );
  const quarantined = `${STATUS_FILE}.damaged-2026-01-31T12-00-00.000Z`;
  expect(await readFile(join(dir, quarantined), 'utf8')).toBe(text);
});

function saved(changes: object): string {
  const good = {
    operation: 'log',
    code: 200,
    message: 'OK',
    remoteAddress: '10.0.0.1',
    host: 'node-1',
    receivedAt: '2026-01-31T12:00:00.000Z',
  };
  return JSON.stringify({ version: 1, heartbeats: [{ ...good, ...changes }] });
}

test('a folder that cannot be written fails no heartbeat and shows as a problem', async () => {
  const file = join(await newDir(), 'file');
  await writeFile(file, '');
  const log = createLogger('monitor', 'silent');
  const error = vi.spyOn(log, 'error');
  const store = await open(join(file, 'folder'), log);
  for (let count = 0; count < 100; count += 1) store.record(heartbeat('log', { message: `${count}` }));
  expect(store.latest().log?.message).toBe('99');
  await vi.waitFor(() => expect(store.problem).toMatch(/cannot be saved \((ENOTDIR|EEXIST)\)/));
  await store.close();
  expect(error).toHaveBeenCalledTimes(1);
});

test('a folder that stands where the file belongs is quarantined like a damaged file', async () => {
  const dir = await newDir();
  await mkdir(join(dir, STATUS_FILE));
  const store = await open(dir);
  store.record(heartbeat('log'));
  await store.close();
  expect(store.problem).toBeUndefined();
  expect(store.damage).toContain('start empty');
  expect((await open(dir)).damage).toBeUndefined();
});
