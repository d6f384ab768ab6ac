import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, OPERATIONS } from '@podips/shared';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NOW_MS } from '../http/app.test.helpers.js';
import { HISTORY_FILE, openHistory } from './history.js';
import {
  dirWithHistory,
  MINUTE_MS,
  messagesOf,
  newDir,
  open,
  readText,
  someTransitions,
  transition,
} from './history.test.helpers.js';

const log = createLogger('monitor', 'silent');
const DAY_MS = 86_400_000;

test('incidents are there after a restart, and one that lasts goes on', async () => {
  const dir = await dirWithHistory();
  const history = await open(dir);
  expect(history.incidents(10)).toMatchObject([
    { operation: 'kubernetes', endedAt: null, code: 503, message: '<b>no</b> \u0000 \u202e "😀"\n' },
    { operation: 'log', durationMs: 1_000, message: 'refused' },
  ]);
  expect(history.last('kubernetes')).toMatchObject({ light: 'red', sinceMs: NOW_MS - 1_000 });
  expect(history.last('log')).toMatchObject({ light: 'green', sinceMs: NOW_MS - 2_000 });
  expect(history.last('queue/read')).toBeUndefined();
  expect(history.problem).toBeUndefined();
});

test('a change is on disk soon, not only at the stop', async () => {
  const dir = await newDir();
  const history = await open(dir);
  history.record(transition('log', 'red', NOW_MS, 'the disk is full'));
  await vi.waitFor(async () => expect(await readText(dir)).toContain('the disk is full'));
});

test('whatever the lights did is read as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(someTransitions, async (transitions) => {
      const dir = await mkdtemp(join(tmpdir(), 'podips-history-'));
      const now = () => Date.UTC(2026, 0, 10);
      const first = await openHistory({ dir, now, log, keepDays: 90 });
      for (const one of transitions) first.record(one);
      await first.close();
      const second = await openHistory({ dir, now, log, keepDays: 90 });
      expect(second.incidents(100)).toEqual(first.incidents(100));
      for (const operation of OPERATIONS) {
        expect(second.strip(operation, now())).toEqual(first.strip(operation, now()));
        expect(second.last(operation)).toEqual(first.last(operation));
      }
      expect(second.problem).toBeUndefined();
      await second.close();
      await rm(dir, { recursive: true });
    }),
    { numRuns: 30 },
  );
});

test('times in which the monitor was not running are unknown', async () => {
  const dir = await newDir();
  const first = await open(dir, { now: () => NOW_MS - 2 * 3_600_000 });
  first.record(transition('log', 'green', NOW_MS - 2 * 3_600_000));
  await first.close();
  const second = await open(dir);
  const slots = second.strip('log', NOW_MS).slice(-10);
  expect(slots.map(({ light }) => light)).toEqual(['unknown', 'green', ...Array(7).fill('unknown'), 'green']);
});

test('a silence from before the start is no part of a failure soon after it', async () => {
  const dir = await newDir();
  const first = await open(dir);
  first.record(transition('log', 'green', NOW_MS - 3_600_000));
  await first.close();
  const second = await open(dir);
  second.record(transition('log', 'yellow', NOW_MS - 3_000_000));
  second.record(transition('log', 'red', NOW_MS + 1_000));
  expect(second.incidents(10)).toMatchObject([
    { light: 'red', startedAt: new Date(NOW_MS + 1_000).toISOString() },
  ]);
});

/** A clock, a clock that nobody can set, and pulses that come as both go on. */
function useClocks() {
  const offset = { ms: 0 };
  vi.useFakeTimers({
    now: NOW_MS,
    toFake: ['setInterval', 'clearInterval', 'Date'],
  });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return { offset, clocks: { now: () => Date.now() + offset.ms, monotonicMs: () => Date.now() } };
}

test('a start with a clock that is far ahead forgets nothing', async () => {
  const dir = await dirWithHistory();
  const { offset, clocks } = useClocks();
  offset.ms = 100 * DAY_MS;
  const wrong = await open(dir, clocks);
  wrong.record(transition('log', 'red', NOW_MS + offset.ms, 'with a wrong clock'));
  vi.advanceTimersByTime(59 * MINUTE_MS);
  offset.ms = 0;
  vi.advanceTimersByTime(MINUTE_MS);
  wrong.record(transition('log', 'green', NOW_MS + 60 * MINUTE_MS, 'OK'));
  expect(messagesOf(wrong)).toEqual(['<b>no</b> \u0000 \u202e "😀"\n', 'refused']);
  expect(wrong.strip('log', clocks.now()).at(-1)?.light).toBe('green');
  await wrong.close();
  const right = await open(dir, clocks);
  expect(messagesOf(right)).toEqual(['<b>no</b> \u0000 \u202e "😀"\n', 'refused']);
  expect(right.problem).toBeUndefined();
  vi.advanceTimersByTime(61 * MINUTE_MS);
  expect(right.problem).toBe('1 change of a light was dated in the future by a wrong clock and set aside');
  await right.close();
  expect(await readText(dir)).not.toContain('with a wrong clock');
  const aside = (await readdir(dir)).find((name) => name.includes('.damaged-'));
  expect(await readFile(join(dir, aside ?? ''), 'utf8')).toContain('with a wrong clock');
});

test.each([
  ['soon after', NOW_MS + 299_000, 0],
  ['long after', NOW_MS + 301_000, 1],
])(
  'a silence from before the start that ends %s it is an incident or not: %d, %d',
  async (_when, endMs, count) => {
    const dir = await newDir();
    const first = await open(dir);
    first.record(transition('log', 'green', NOW_MS - 3_600_000));
    await first.close();
    const second = await open(dir);
    second.record(transition('log', 'yellow', NOW_MS - 60_000));
    expect(second.incidents(10)).toHaveLength(1);
    second.record(transition('log', 'green', endMs));
    expect(second.incidents(10)).toHaveLength(count);
    await second.close();
    const third = await open(dir);
    expect(third.incidents(10)).toHaveLength(count);
    expect(third.last('log')?.light).toBe('green');
  },
);

test('a silence that an earlier run saw is an incident, whenever it ends', async () => {
  const dir = await newDir();
  const first = await open(dir);
  first.record(transition('log', 'yellow', NOW_MS));
  await first.close();
  const second = await open(dir);
  second.record(transition('log', 'green', NOW_MS + 1));
  expect(second.incidents(10)).toHaveLength(1);
});

test('a silence that began while somebody listened is an incident, however short', async () => {
  const history = await open(await newDir());
  history.record(transition('log', 'yellow', NOW_MS + 1));
  history.record(transition('log', 'green', NOW_MS + 2));
  expect(history.incidents(10)).toHaveLength(1);
});

test('a kill loses no more than a minute of the time in which the monitor was running', async () => {
  vi.useFakeTimers({ now: NOW_MS - 3_600_000, toFake: ['setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  const dir = await newDir();
  const killed = await open(dir, { now: Date.now });
  killed.record(transition('log', 'green', Date.now()));
  for (let minute = 0; minute < 30; minute += 1) vi.advanceTimersByTime(MINUTE_MS);
  await vi.waitFor(async () => expect(await readText(dir)).toContain('11:30:00'));
  const copy = await newDir();
  await writeFile(join(copy, HISTORY_FILE), await readText(dir));
  const next = await open(copy);
  const slots = next.strip('log', NOW_MS).slice(-6);
  expect(slots.map(({ light }) => light)).toEqual(['unknown', 'green', 'green', 'green', 'unknown', 'green']);
});

test('what is older than the history keeps is deleted, also from the disk', async () => {
  const dir = await newDir();
  const { clocks } = useClocks();
  const first = await open(dir, clocks);
  first.record(transition('log', 'red', NOW_MS - 92 * DAY_MS, 'ancient'));
  first.record(transition('log', 'green', NOW_MS - 91 * DAY_MS, 'OK'));
  first.record(transition('log', 'red', NOW_MS - 89 * DAY_MS, 'old'));
  vi.advanceTimersByTime(61 * MINUTE_MS);
  await first.close();
  expect(await readText(dir)).not.toContain('ancient');
  const second = await open(dir);
  expect(messagesOf(second)).toEqual(['old']);
});

test('a light that flaps without end fills neither memory nor disk, and that is said', async () => {
  const dir = await newDir();
  const history = await open(dir, { maxSpans: 100 });
  for (let count = 0; count < 20_000; count += 1)
    history.record(transition('log', count % 2 === 0 ? 'red' : 'green', NOW_MS + count, `${count}`));
  expect(history.incidents(1_000).length).toBeLessThanOrEqual(50);
  expect(history.problem).toBe(
    'more than 100 changes of lights: the shortest recoveries are no longer shown',
  );
  await history.close();
  expect((await readText(dir)).split('\n').length).toBeLessThan(120);
});
