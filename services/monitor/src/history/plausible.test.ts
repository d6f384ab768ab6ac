import { expect, test } from 'vitest';
import { MINUTE_MS, span, timelineOf } from './history.test.helpers.js';
import { plausibleRuns, plausibleSpans } from './plausible.js';
import { createTimeline } from './timeline.js';

const DAY_MS = 86_400_000;

test('what a clock that was ahead dated in the future ends when it is set back, and is kept as recorded', () => {
  const timeline = timelineOf([
    span('green', 10),
    span('red', 5_000),
    span('yellow', 6_000),
    span('green', 100),
  ]);
  expect(plausibleSpans(timeline.spans('log'), 150).map(({ light, sinceMs }) => [light, sinceMs])).toEqual([
    ['green', 10],
    ['red', 100],
    ['yellow', 100],
    ['green', 100],
  ]);
  expect(timeline.spans('log').map(({ sinceMs }) => sinceMs)).toEqual([10, 5_000, 6_000, 100]);
});

test('a clock that is wrong by years for a while spoils nothing', () => {
  const nowMs = Date.UTC(2026, 0, 31);
  const timeline = timelineOf([span('red', nowMs - 2_000), span('green', nowMs)]);
  timeline.addRun({ fromMs: nowMs - 5_000, toMs: nowMs });
  timeline.add('log', span('yellow', 10));
  timeline.addRun({ fromMs: 10, toMs: 10 });
  timeline.add('log', span('green', nowMs + 1_000));
  const shown = plausibleSpans(timeline.spans('log'), nowMs + 2_000);
  expect(shown.map(({ light, sinceMs }) => [light, sinceMs - nowMs])).toEqual([
    ['red', -2_000],
    ['green', 0],
    ['yellow', 0],
    ['green', 1_000],
  ]);
  expect(plausibleRuns(timeline.runs)[0]).toEqual({ fromMs: nowMs - 5_000, toMs: nowMs });
});

test('a clock that is days ahead for a while spoils nothing, also when those days come', () => {
  const nowMs = Date.UTC(2026, 0, 31);
  const timeline = timelineOf([
    span('green', nowMs),
    span('red', nowMs + 100 * DAY_MS),
    span('green', nowMs + 5_000),
    span('red', nowMs + 6_000),
    span('green', nowMs + 8_000),
  ]);
  const right = [
    ['green', 0],
    ['red', 6_000],
    ['green', 8_000],
  ];
  for (const laterMs of [9_000, 50 * DAY_MS, 100 * DAY_MS, 101 * DAY_MS]) {
    const shown = plausibleSpans(timeline.spans('log'), nowMs + laterMs);
    expect(shown.map(({ light, sinceMs }) => [light, sinceMs - nowMs])).toEqual(right);
  }
  expect(timeline.spans('log')).toHaveLength(5);
});

test('a light that is on since the future is on since now', () => {
  const { spans } = timelineOf([span('green', 10), span('red', 10 * DAY_MS)]);
  expect(plausibleSpans(spans('log'), 20).map(({ light, sinceMs }) => [light, sinceMs])).toEqual([
    ['green', 10],
    ['red', 20],
  ]);
});

test('a run in the future ends when the clock is set back, and is kept as recorded', () => {
  const timeline = createTimeline(10);
  for (const minute of [0, 1, 60, 61, 2])
    timeline.addRun({ fromMs: minute * MINUTE_MS, toMs: minute * MINUTE_MS });
  expect(plausibleRuns(timeline.runs)).toEqual([{ fromMs: 0, toMs: 2 * MINUTE_MS }]);
  expect(timeline.runs.map(({ toMs }) => toMs / MINUTE_MS)).toEqual([1, 61, 2]);
});
