import { mkdir, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { NO_DISK, NOW_MS } from '../http/app.test.helpers.js';
import { HISTORY_FILE } from './history.js';
import { dirWithHistory, messagesOf, newDir, open, readText, transition } from './history.test.helpers.js';

test('a journal that was cut anywhere loses at most its last line', async () => {
  const dir = await dirWithHistory();
  const whole = await readFile(join(dir, HISTORY_FILE));
  for (let size = 0; size <= whole.length; size += 1) {
    await writeFile(join(dir, HISTORY_FILE), whole.subarray(0, size));
    const history = await open(dir, { files: NO_DISK });
    const complete = whole.subarray(0, size).toString().split('\n').slice(0, -1);
    for (const line of complete.filter((text) => text.includes('"light"'))) {
      const { operation, at } = JSON.parse(line);
      const times = history
        .incidents(10)
        .filter((incident) => incident.operation === operation)
        .flatMap(({ startedAt, endedAt }) => [startedAt, endedAt]);
      expect(times).toContain(at);
    }
    expect(history.problem).toBeUndefined();
    await history.close();
  }
  expect((await readdir(dir)).filter((name) => name.includes('damaged'))).toEqual([]);
});

test.each([
  ['is no JSON', '{"at":"2026-01-31T11:59:58.000Z","opera'],
  ['is of another kind', '{"at":"2026-01-31T11:59:58.000Z"}'],
  ['has an unknown light', '{"at":"2026-01-31T11:59:58.000Z","operation":"log","light":"pink","message":""}'],
  ['has a time that is none', '{"at":"yesterday","operation":"log","light":"green","message":""}'],
  ['is empty', ''],
  ['is null bytes, as a power cut leaves them', '\u0000\u0000\u0000\u0000'],
])('a line that %s is quarantined and reported, and the rest is served', async (_what, damaged) => {
  const dir = await dirWithHistory();
  const lines = (await readText(dir)).trimEnd().split('\n');
  const [first = '', ...rest] = lines;
  await writeFile(join(dir, HISTORY_FILE), `${[first, damaged, ...rest].join('\n')}\n`);
  const history = await open(dir);
  expect(messagesOf(history)).toEqual(['<b>no</b> \u0000 \u202e "😀"\n', 'refused']);
  expect(history.problem).toBe('1 line of the history was damaged and is quarantined');
  const quarantine = `${HISTORY_FILE}.damaged-2026-01-31T12-00-00.000Z`;
  expect(await readFile(join(dir, quarantine), 'utf8')).toBe(`${damaged}\n`);
  await history.close();
  const healed = await open(dir);
  expect(healed.problem).toBeUndefined();
  expect(messagesOf(healed)).toHaveLength(2);
});

test('a damaged line that cannot be quarantined stays in the file until it can', async () => {
  const dir = await dirWithHistory();
  await writeFile(join(dir, HISTORY_FILE), `damaged\n${await readText(dir)}`);
  const quarantine = join(dir, `${HISTORY_FILE}.damaged-2026-01-31T12-00-00.000Z`);
  await symlink('/dev/full', `${quarantine}.new`);
  const history = await open(dir);
  history.record(transition('log', 'red', NOW_MS, 'full'));
  expect(history.problem).toContain('damaged and could not be quarantined at the start');
  await vi.waitFor(() => expect(history.problem).toContain('(ENOSPC)'));
  expect(await readText(dir)).toMatch(/^damaged\n/);
  await rm(`${quarantine}.new`);
  await history.close();
  expect(await readFile(quarantine, 'utf8')).toBe('damaged\n');
  expect(await readText(dir)).not.toContain('damaged');
  expect(messagesOf(await open(dir))).toContain('full');
});

test('a file that can be neither read nor quarantined is not replaced', async () => {
  const dir = await newDir();
  const tooLarge = 65 * 1_024 * 1_024;
  await writeFile(join(dir, HISTORY_FILE), '');
  await truncate(join(dir, HISTORY_FILE), tooLarge);
  const quarantine = join(dir, `${HISTORY_FILE}.damaged-2026-01-31T12-00-00.000Z`);
  await mkdir(quarantine);
  const history = await open(dir);
  expect(history.problem).toContain('starts empty; at the start, it could not be quarantined');
  await vi.waitFor(() => expect(history.problem).toContain('cannot be saved'));
  expect((await stat(join(dir, HISTORY_FILE))).size).toBe(tooLarge);
  await rm(quarantine, { recursive: true });
  await history.close();
  expect((await stat(quarantine)).size).toBe(tooLarge);
});

test('a file that cannot be read is quarantined, and the history starts empty', async () => {
  const dir = await newDir();
  await mkdir(join(dir, HISTORY_FILE));
  const history = await open(dir);
  history.record(transition('log', 'red', NOW_MS, 'refused'));
  expect(history.problem).toContain('starts empty');
  await history.close();
  expect(await readText(dir)).toContain('refused');
  expect((await readdir(dir)).filter((name) => name.includes('damaged'))).toHaveLength(1);
});

test('a device that stands where the file belongs is not read', async () => {
  const dir = await newDir();
  await symlink('/dev/zero', join(dir, HISTORY_FILE));
  const history = await open(dir);
  expect(history.problem).toContain('starts empty');
});

test('a full disk shows as a problem, and nothing is missing when there is space again', async () => {
  const dir = await dirWithHistory();
  const path = join(dir, HISTORY_FILE);
  const history = await open(dir);
  await rename(path, `${path}.moved`);
  for (const full of [path, `${path}.new`]) await symlink('/dev/full', full);
  for (let count = 0; count < 50; count += 1) {
    history.record(transition('log', 'red', NOW_MS + count, `failure ${count}`));
    history.record(transition('log', 'green', NOW_MS + count, 'OK'));
  }
  await vi.waitFor(() => expect(history.problem).toContain('(ENOSPC)'));
  expect(history.incidents(100)).toHaveLength(52);
  await rm(`${path}.new`);
  await history.close();
  expect(history.problem).toBeUndefined();
  expect((await open(dir)).incidents(100)).toHaveLength(52);
});

test('a folder that cannot be made shows at start, and nothing fails', async () => {
  const file = join(await newDir(), 'file');
  await writeFile(file, '');
  const history = await open(join(file, 'folder'));
  history.record(transition('log', 'red', NOW_MS, 'refused'));
  await vi.waitFor(() => expect(history.problem).toMatch(/cannot be saved \((ENOTDIR|EEXIST)\)/));
  expect(messagesOf(history)).toEqual(['refused']);
});
