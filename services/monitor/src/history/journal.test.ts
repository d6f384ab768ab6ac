import { createLogger } from '@podips/shared';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createJournal, type JournalFiles, MAX_WAITING_LINES } from './journal.js';

const PATH = '/data/history.jsonl';
const log = createLogger('monitor', 'silent');

/** A disk that holds one file, and fails or stalls when the test says so. */
function fakeDisk() {
  let text: string | undefined;
  let fault: 'none' | 'full' | 'half' = 'none';
  let stalled: PromiseWithResolvers<void> | undefined;
  const pass = async () => {
    await stalled?.promise;
    if (fault !== 'none') throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
  };
  const files = {
    append: vi.fn(async (_path: string, added: string) => {
      if (text === undefined) throw Object.assign(new Error('no file'), { code: 'ENOENT' });
      if (fault === 'half') text += added.slice(0, added.length / 2);
      await pass();
      text += added;
    }),
    replace: vi.fn(async (_path: string, whole: string) => {
      await pass();
      text = whole;
    }),
  } satisfies JournalFiles;
  return {
    files,
    lines: () => text?.split('\n').filter((line) => line !== ''),
    fault: (next: typeof fault) => {
      fault = next;
    },
    vanish: () => {
      text = undefined;
    },
    stall: () => {
      stalled = Promise.withResolvers();
      return stalled.resolve;
    },
  };
}

/** A journal whose lines are all wanted, on a disk with a fresh file. */
async function openJournal() {
  const disk = fakeDisk();
  const wanted: string[] = [];
  const journal = createJournal({
    path: PATH,
    log,
    snapshot: () => [...wanted],
    goodLines: undefined,
    files: disk.files,
    rests: { intervalMs: 0, retryMs: 1 },
  });
  onTestFinished(() => journal.close());
  await vi.waitFor(() => expect(disk.lines()).toEqual([]));
  disk.files.replace.mockClear();
  const add = (line: string) => {
    wanted.push(`${line}\n`);
    journal.append(`${line}\n`);
  };
  const saved = (lines: string[]) => vi.waitFor(() => expect(disk.lines()).toEqual(lines));
  return { disk, journal, add, saved, wanted };
}

test('lines are added, and those that come during a write together after it', async () => {
  const { disk, add, saved } = await openJournal();
  const goOn = disk.stall();
  add('a');
  await vi.waitFor(() => expect(disk.files.append).toHaveBeenCalledTimes(1));
  add('b');
  add('c');
  goOn();
  await saved(['a', 'b', 'c']);
  expect(disk.files.append.mock.calls.map(([, text]) => text)).toEqual(['a\n', 'b\nc\n']);
  expect(disk.files.replace).not.toHaveBeenCalled();
});

test.each(['full', 'half'] as const)('after a disk that was %s nothing is missing', async (fault) => {
  const { disk, journal, add, saved } = await openJournal();
  add('a');
  await saved(['a']);
  disk.fault(fault);
  add('b');
  await vi.waitFor(() =>
    expect(journal.problem).toBe(
      'transitions of the lights cannot be saved (ENOSPC); they are kept in memory only',
    ),
  );
  add('c');
  disk.fault('none');
  await saved(['a', 'b', 'c']);
  await vi.waitFor(() => expect(journal.problem).toBeUndefined());
});

test('a file that vanished comes back whole', async () => {
  const { disk, add, saved } = await openJournal();
  add('a');
  await saved(['a']);
  disk.vanish();
  add('b');
  await saved(['a', 'b']);
});

test('a disk that stalls delays nothing, and the lines that wait are bounded', async () => {
  const { disk, add, saved, wanted } = await openJournal();
  const goOn = disk.stall();
  for (let count = 0; count < MAX_WAITING_LINES + 5; count += 1) add(`${count}`);
  goOn();
  await saved(wanted.map((line) => line.trimEnd()));
  for (const [, text] of disk.files.append.mock.calls)
    expect(text.split('\n').length).toBeLessThan(MAX_WAITING_LINES);
  expect(disk.files.replace).toHaveBeenCalledTimes(1);
});

test('a file with too many obsolete lines is rewritten', async () => {
  const { disk, journal, wanted } = await openJournal();
  wanted.push('wanted\n');
  for (let round = 1; disk.files.replace.mock.calls.length === 0; round += 1) {
    for (let count = 0; count < 500; count += 1) journal.append('unwanted\n');
    await vi.waitFor(() => {
      const written = disk.files.append.mock.calls.length + disk.files.replace.mock.calls.length;
      expect(written).toBeGreaterThanOrEqual(round);
    });
    expect(disk.lines()?.length).toBeLessThanOrEqual(2_500);
  }
  await vi.waitFor(() => expect(disk.lines()).toContain('wanted'));
});

test('closing saves what waits', async () => {
  const { disk, journal, add } = await openJournal();
  add('a');
  add('b');
  await journal.close();
  expect(disk.lines()).toEqual(['a', 'b']);
});
