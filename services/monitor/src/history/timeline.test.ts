import { OPERATIONS } from '@podips/shared';
import { expect, test } from 'vitest';
import { MINUTE_MS, span, timelineOf } from './history.test.helpers.js';
import { createTimeline } from './timeline.js';

test('a light that stays as it is begins no span', () => {
  const { spans, version } = timelineOf([span('red', 1), span('red', 2), span('green', 3)]);
  expect(spans('log').map(({ sinceMs }) => sinceMs)).toEqual([1, 3]);
  expect(version).toBe(2);
});

test('runs that follow each other closely are one', () => {
  const timeline = createTimeline(10);
  for (const minute of [0, 1, 2, 4, 10, 11])
    timeline.addRun({ fromMs: minute * MINUTE_MS, toMs: minute * MINUTE_MS });
  expect(timeline.runs).toEqual([
    { fromMs: 0, toMs: 4 * MINUTE_MS },
    { fromMs: 10 * MINUTE_MS, toMs: 11 * MINUTE_MS },
  ]);
});

test('at the bound the shortest of the older runs are dropped, and what was watched for long is kept', () => {
  const timeline = createTimeline(10);
  const hours = (hour: number) => hour * 60 * MINUTE_MS;
  timeline.addRun({ fromMs: 0, toMs: hours(100) });
  // Awake for a minute in each hour, a hundred days long.
  for (let hour = 101; hour <= 2_500; hour += 1)
    timeline.addRun({ fromMs: hours(hour), toMs: hours(hour) + MINUTE_MS, isStart: true });
  expect(timeline.runs).toHaveLength(1_000);
  expect(timeline.runs[0]).toEqual({ fromMs: 0, toMs: hours(100) });
  const shown = timeline.runs.map(({ fromMs }) => fromMs);
  expect(shown.slice(1)).toEqual(Array.from({ length: 999 }, (_none, index) => hours(1_502 + index)));
});

test('the newest runs are kept at the bound, however short: from them it is known how long silence was watched', () => {
  const timeline = createTimeline(10);
  for (let hour = 1; hour <= 1_500; hour += 1) {
    const fromMs = hour * 60 * MINUTE_MS;
    timeline.addRun({ fromMs, toMs: fromMs + (hour <= 1_000 ? 2 : 1) * MINUTE_MS, isStart: true });
  }
  const newest = timeline.runs.filter(({ fromMs }) => fromMs > 1_000 * 60 * MINUTE_MS);
  expect([timeline.runs.length, newest.length]).toEqual([1_000, 500]);
});

test('at the bound the shortest recoveries are folded into the outages around them', () => {
  const timeline = createTimeline(20);
  // Ten outages of a minute; the recoveries between them last 1, 2, 3, … minutes.
  let minute = 0;
  for (let count = 1; count <= 10; count += 1) {
    timeline.add('log', span('red', minute * MINUTE_MS));
    timeline.add('log', span('green', (minute + 1) * MINUTE_MS));
    minute += 1 + count;
  }
  expect(timeline.folded).toBe(false);
  timeline.add('log', span('red', minute * MINUTE_MS));
  expect(timeline.folded).toBe(true);
  const shown = timeline.spans('log').map(({ light, sinceMs }) => `${light} ${sinceMs / MINUTE_MS}`);
  // The recoveries of 1, 2 and 3 minutes are gone: the first four outages are one.
  expect(shown.slice(0, 3)).toEqual(['red 0', 'green 10', 'red 14']);
  expect(shown.at(-1)).toBe(`red ${minute}`);
  expect(timeline.spans('log')[0]?.foldedMs).toBe((1 + 2 + 3) * MINUTE_MS);
});

test('a start of the monitor begins a run, however short the pause was', () => {
  const timeline = createTimeline(10);
  timeline.addRun({ fromMs: 0, toMs: MINUTE_MS });
  timeline.addRun({ fromMs: MINUTE_MS + 1_000, toMs: MINUTE_MS + 1_000, isStart: true });
  timeline.addRun({ fromMs: 2 * MINUTE_MS, toMs: 2 * MINUTE_MS });
  expect(timeline.runs).toEqual([
    { fromMs: 0, toMs: MINUTE_MS },
    { fromMs: MINUTE_MS + 1_000, toMs: 2 * MINUTE_MS, isStart: true },
  ]);
});

test('lights that only get better and worse by steps are dropped from the oldest at the bound', () => {
  const timeline = createTimeline(8);
  for (const [index, operation] of OPERATIONS.entries())
    for (const [step, light] of (['red', 'yellow', 'green'] as const).entries())
      timeline.add(operation, span(light, index * 100 + step));
  expect(OPERATIONS.flatMap((operation) => timeline.spans(operation))).toHaveLength(8);
  for (const operation of OPERATIONS) expect(timeline.spans(operation).at(-1)?.light).toBe('green');
});
