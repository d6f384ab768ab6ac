import { createLogger } from '@podips/shared';
import { expect, test, vi } from 'vitest';
import { createLatestWriter } from './latest-writer.js';

const log = createLogger('monitor', 'silent');

/** A write that ends when the test says so. */
function manualWrite() {
  const ends: PromiseWithResolvers<void>[] = [];
  const write = vi.fn(() => {
    const end = Promise.withResolvers<void>();
    ends.push(end);
    return end.promise;
  });
  return { write, end: () => ends.shift()?.resolve() };
}

test('a burst of changes makes one write that is under way and one that follows', async () => {
  const { write, end } = manualWrite();
  const writer = createLatestWriter({ write, what: 'the notes', log, intervalMs: 0 });
  for (let change = 0; change < 2_000; change += 1) writer.changed();
  expect(write).toHaveBeenCalledTimes(1);
  end();
  await vi.waitFor(() => expect(write).toHaveBeenCalledTimes(2));
  end();
  await writer.close();
  expect(write).toHaveBeenCalledTimes(2);
});

test('changes during the rest after a write wait for one next write, which closing does not wait for', async () => {
  const write = vi.fn(async () => undefined);
  const writer = createLatestWriter({ write, what: 'the notes', log, intervalMs: 3_600_000 });
  writer.changed();
  await vi.waitFor(() => expect(write).toHaveBeenCalledTimes(1));
  for (let change = 0; change < 2_000; change += 1) writer.changed();
  expect(write).toHaveBeenCalledTimes(1);
  await writer.close();
  expect(write).toHaveBeenCalledTimes(2);
});

test('a failed write is tried again without a new change, and logged once', async () => {
  const error = vi.spyOn(log, 'error');
  const full = Object.assign(new Error('no space left on /secret/path'), { code: 'ENOSPC' });
  let diskFull = true;
  const write = vi.fn(async () => {
    if (diskFull) throw full;
  });
  const writer = createLatestWriter({ write, what: 'the notes', log, intervalMs: 0, retryMs: 1 });
  writer.changed();
  await vi.waitFor(() => expect(write.mock.calls.length).toBeGreaterThan(2));
  expect(writer.problem).toContain('ENOSPC');
  expect(writer.problem).not.toContain('/secret/path');
  diskFull = false;
  await vi.waitFor(() => expect(writer.problem).toBeUndefined());
  expect(error).toHaveBeenCalledTimes(1);
  await writer.close();
});

test('closing does not write when there is nothing new', async () => {
  const write = vi.fn(async () => undefined);
  const writer = createLatestWriter({ write, what: 'the notes', log });
  await writer.close();
  expect(write).not.toHaveBeenCalled();
});

test('closing ends although the disk still fails', async () => {
  const write = vi.fn(() => Promise.reject(new Error('broken')));
  const writer = createLatestWriter({ write, what: 'the notes', log });
  writer.changed();
  await writer.close();
  expect(writer.problem).toContain('unknown error');
});

test('a disk that does not answer shows, until it does', async () => {
  const { write, end } = manualWrite();
  const writer = createLatestWriter({ write, what: 'the notes', log, hangMs: 1 });
  writer.changed();
  await vi.waitFor(() => expect(writer.problem).toMatch(/^the notes have not been saved for .*: the disk/));
  end();
  await vi.waitFor(() => expect(writer.problem).toBeUndefined());
  await writer.close();
});

test('closing does not wait for ever for a disk that does not answer', async () => {
  const writer = createLatestWriter({ ...manualWrite(), what: 'the notes', log, closeMs: 1 });
  writer.changed();
  await expect(writer.close()).rejects.toMatchObject({ code: 'DISK_HANGS' });
});
