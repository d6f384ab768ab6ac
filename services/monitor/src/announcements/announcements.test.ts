import { execFile } from 'node:child_process';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type AnnouncementsOptions, openAnnouncements } from './announcements.js';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2026, 0, 31, 12);

/** A folder with a file, which can be replaced as at a time. */
async function newFile() {
  const dir = await mkdtemp(join(tmpdir(), 'podips-announcements-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'announcements.yaml');
  return {
    path,
    async write(text: string, atMs: number) {
      const next = `${path}.next`;
      await writeFile(next, text);
      await utimes(next, new Date(atMs), new Date(atMs));
      await rename(next, path);
    },
    remove: () => rm(path),
    async open(some: Partial<AnnouncementsOptions> = {}) {
      const log = createLogger('monitor', 'silent');
      const opened = await openAnnouncements({ path, dir, now: () => NOW_MS, log, pollMs: 5, ...some });
      onTestFinished(() => opened.stop());
      return opened;
    },
  };
}

const ONE = 'announcements: [{id: a, title: First}]';
const TWO = 'announcements: [{id: a, title: First}, {id: b, title: Second}]';

test('a file that changes is read again, and listeners are called', async () => {
  const file = await newFile();
  await file.write(ONE, NOW_MS - 3 * HOUR_MS);
  const opened = await file.open();
  const listener = vi.fn();
  opened.onNews(listener);
  expect(opened.entries().map(({ title }) => title)).toEqual(['First']);
  await file.write(TWO, NOW_MS - HOUR_MS);
  await vi.waitFor(() => expect(opened.entries()).toHaveLength(2));
  expect(listener).toHaveBeenCalled();
  // What did not change keeps its time.
  expect(opened.updatedMs('a')).toBe(NOW_MS - 3 * HOUR_MS);
  expect(opened.updatedMs('b')).toBe(NOW_MS - HOUR_MS);
});

test.each<[string, (file: Awaited<ReturnType<typeof newFile>>) => Promise<void>, string]>([
  [
    'is wrong',
    (file) => file.write('announcements: [{id: a}]', NOW_MS),
    'is wrong: announcement 1 ("a"): title must be',
  ],
  [
    'is a pipe',
    async (file) => {
      await file.remove();
      await promisify(execFile)('mkfifo', [file.path]);
    },
    'is wrong: it must be a file, not a folder',
  ],
  [
    'is too long',
    (file) => file.write('#'.repeat(262_145), NOW_MS),
    'is wrong: the file must have at most 262144 bytes',
  ],
  ['is gone', (file) => file.remove(), 'cannot be read (ENOENT)'],
])(
  'while the file %s, the last good content stays, also after a restart, and this is said',
  async (_what, break_, said) => {
    const file = await newFile();
    await file.write(TWO, NOW_MS - HOUR_MS);
    const first = await file.open();
    await break_(file);
    await vi.waitFor(() => expect(first.problem).toContain(said));
    expect(first.problem).toContain('The last content that was right stays in use');
    expect(first.entries()).toHaveLength(2);
    await first.stop();
    const second = await file.open();
    expect(second.problem).toContain(said);
    expect(second.entries()).toHaveLength(2);
    expect(second.updatedMs('b')).toBe(NOW_MS - HOUR_MS);
    await file.write(ONE, NOW_MS);
    await vi.waitFor(() => expect(second.problem).toBeUndefined());
    expect(second.entries()).toHaveLength(1);
  },
);

test('a file that was never right announces nothing, and this is said', async () => {
  const file = await newFile();
  const opened = await file.open();
  expect(opened.entries()).toEqual([]);
  expect(opened.problem).toContain('cannot be read (ENOENT). Nothing is announced');
});

test('a file system that stops to answer is a problem, which listeners hear of, and so is its end', async () => {
  const file = await newFile();
  const listener = vi.fn();
  let answer: ReturnType<typeof Promise.withResolvers<void>> | undefined;
  const opened = await file.open({
    deadlineMs: 5,
    readText: async () => {
      await answer?.promise;
      return { text: ONE, modifiedMs: NOW_MS };
    },
  });
  opened.onNews(listener);
  expect(opened.isCurrent).toBe(true);
  answer = Promise.withResolvers<void>();
  await vi.waitFor(() => expect(opened.problem).toContain('does not answer within 5 ms. The last content'));
  expect([opened.isCurrent, listener.mock.calls.length]).toEqual([false, 1]);
  expect(opened.entries()).toHaveLength(1);
  answer.resolve();
  await vi.waitFor(() => expect(opened.isCurrent).toBe(true));
  expect(listener).toHaveBeenCalledTimes(2);
});
