import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NOW_MS } from '../http/app.test.helpers.js';
import { createAttention } from '../status/attention.js';
import { HISTORY_FILE } from './history.js';
import {
  dirWithHistory,
  MINUTE_MS,
  messagesOf,
  newDir,
  open,
  readText,
  transition,
} from './history.test.helpers.js';

const DAY_MS = 86_400_000;

test('incidents are there after a restart, and one that lasts continues', async () => {
  const dir = await dirWithHistory();
  const history = await open(dir);
  expect(history.incidents(10)).toMatchObject([
    { operation: 'kubernetes', endedAt: null, code: 503, message: '<b>no</b> \u0000 \u202e "😀"\n' },
    { operation: 'log', endedAt: new Date(NOW_MS - 2_000).toISOString(), message: 'refused' },
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

test('times in which the monitor was not running are unknown', async () => {
  const dir = await newDir();
  const first = await open(dir, { now: () => NOW_MS - 2 * 3_600_000 });
  first.record(transition('log', 'green', NOW_MS - 2 * 3_600_000));
  await first.close();
  const second = await open(dir);
  const slots = second.strip('log', NOW_MS).slice(-10);
  expect(slots.map(({ light }) => light)).toEqual(['unknown', 'green', ...Array(7).fill('unknown'), 'green']);
});

test('a pause of the monitor, however short, is unknown, also after one more restart', async () => {
  const dir = await newDir();
  let nowMs = NOW_MS;
  const reopen = () => open(dir, { now: () => nowMs });
  const first = await reopen();
  first.record(transition('log', 'green', nowMs));
  for (const [stopMs, startMs] of [
    [10_000, 13_000],
    [20_000, 20_000],
  ] as const) {
    nowMs = NOW_MS + stopMs;
    await (stopMs === 10_000 ? first : await reopen()).close();
    nowMs = NOW_MS + startMs;
  }
  const last = await reopen();
  nowMs = NOW_MS + 30_000;
  const [day] = last.uptime('log', nowMs);
  expect(day).toMatchObject({ percent: 100, greenMs: 10_000 + 10_000, redMs: 0 });
});

test('a time in which the monitor stood still is not known, however short', async () => {
  const dir = await newDir();
  const clock = { ms: NOW_MS };
  const now = () => clock.ms;
  const attention = createAttention({ now, monotonicMs: now });
  onTestFinished(() => attention.stop());
  const history = await open(dir, { now, attention });
  history.record(transition('log', 'green', NOW_MS));
  clock.ms += 2_000;
  attention.look();
  clock.ms += 60_000;
  attention.look();
  clock.ms += 3_000;
  expect(history.uptime('log', clock.ms)[0]).toMatchObject({ greenMs: 5_000 });
  expect(history.watchedMs(NOW_MS, 60_000)).toBe(5_000);
  expect(history.watchedMs(NOW_MS, 59_999)).toBe(3_000);
  await history.close();
  expect((await open(dir, { now })).uptime('log', clock.ms)[0]).toMatchObject({ greenMs: 5_000 });
});

test('a start with a clock that is far ahead deletes nothing, and shows nothing wrong afterwards', async () => {
  const dir = await dirWithHistory();
  const clock = { ms: NOW_MS + 100 * DAY_MS };
  const now = () => clock.ms;
  const wrong = await open(dir, { now });
  wrong.record(transition('log', 'red', clock.ms, 'with a wrong clock'));
  clock.ms = NOW_MS + MINUTE_MS;
  wrong.record(transition('log', 'green', clock.ms, 'OK'));
  clock.ms += 1;
  wrong.record(transition('log', 'red', clock.ms, 'refused again'));
  const shown = ['refused again', '<b>no</b> \u0000 \u202e "😀"\n', 'refused'];
  expect(messagesOf(wrong)).toEqual(shown);
  await wrong.close();
  const right = await open(dir, { now });
  expect(messagesOf(right)).toEqual(shown);
  expect(right.problem).toBeUndefined();
  expect(right.strip('log', now()).at(-1)?.light).toBe('red');
  clock.ms = NOW_MS + 100 * DAY_MS;
  expect(messagesOf(right)).not.toContain('with a wrong clock');
});

test('a clock that is set back changes and deletes nothing that is recorded', async () => {
  const dir = await newDir();
  const first = await open(dir);
  first.record(transition('log', 'yellow', NOW_MS - 60_000));
  first.record(transition('kubernetes', 'red', NOW_MS + 1_000));
  first.record(transition('kubernetes', 'green', NOW_MS + 5_000));
  first.record(transition('log', 'green', NOW_MS - 30_000));
  first.record(transition('kubernetes', 'yellow', NOW_MS - 20_000));
  expect(first.incidents(10)).toHaveLength(3);
  await first.close();
  // A file whose last line has no end is rewritten from memory.
  const lines = (await readText(dir)).trimEnd();
  await writeFile(join(dir, HISTORY_FILE), lines);
  await (await open(dir)).close();
  const recorded = (text: string) => text.split('\n').filter((line) => line.includes('"light"'));
  expect(recorded(await readText(dir)).toSorted()).toEqual(recorded(lines).toSorted());
});

test('a silence that an earlier run saw is an incident, whenever it ends', async () => {
  const dir = await newDir();
  const first = await open(dir);
  first.record(transition('log', 'yellow', NOW_MS));
  await first.close();
  const second = await open(dir);
  second.record(transition('log', 'green', NOW_MS + 1));
  expect(second.incidents(10)).toHaveLength(1);
});

test('a silence that began while a monitor was running is an incident, however short', async () => {
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

test('an incident is shown for so many days after its end, and stays on the disk', async () => {
  const dir = await newDir();
  const first = await open(dir);
  first.record(transition('log', 'red', NOW_MS - 92 * DAY_MS, 'ancient'));
  first.record(transition('log', 'green', NOW_MS - 91 * DAY_MS, 'OK'));
  first.record(transition('log', 'red', NOW_MS - 90.5 * DAY_MS, 'long'));
  first.record(transition('log', 'green', NOW_MS - 89 * DAY_MS, 'OK'));
  first.record(transition('kubernetes', 'red', NOW_MS - 200 * DAY_MS, 'lasts'));
  expect(messagesOf(first)).toEqual(['long', 'lasts']);
  await first.close();
  expect(messagesOf(await open(dir, { shownDays: 92 }))).toEqual(['long', 'ancient', 'lasts']);
});

test('a light that flaps without end fills neither memory nor disk, and that is said', async () => {
  const dir = await newDir();
  const history = await open(dir, { maxSpans: 100 });
  for (let count = 0; count < 20_000; count += 1)
    history.record(transition('log', count % 2 === 0 ? 'red' : 'green', NOW_MS + count, `${count}`));
  expect(history.incidents(1_000).length).toBeLessThanOrEqual(50);
  expect(history.problem).toBe(
    'more than 100 transitions of lights: the shortest recoveries are no longer shown',
  );
  await history.close();
  expect((await readText(dir)).split('\n').length).toBeLessThan(120);
});
