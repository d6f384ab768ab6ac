import { OPERATIONS } from '@podips/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Light } from '../status/lights.js';
import { MINUTE_MS, someTransitions, span, timelineOf } from './history.test.helpers.js';
import { createTimeline, plausibleSpans, type Span } from './timeline.js';

const BADNESS: Readonly<Record<Light, number>> = { grey: 0, green: 0, yellow: 1, red: 2 };

function lightAt(spans: readonly Span[], atMs: number): Light {
  return spans.findLast(({ sinceMs }) => sinceMs <= atMs)?.light ?? 'grey';
}

test('a light that stays as it is begins no span', () => {
  const { spans, version } = timelineOf([span('red', 1), span('red', 2), span('green', 3)]);
  expect(spans('log').map(({ sinceMs }) => sinceMs)).toEqual([1, 3]);
  expect(version).toBe(2);
});

test('what a clock that was ahead dated in the future ends when it is set back', () => {
  const { spans } = timelineOf([
    span('green', 10),
    span('red', 5_000),
    span('yellow', 6_000),
    span('green', 100),
  ]);
  expect(spans('log').map(({ light, sinceMs }) => [light, sinceMs])).toEqual([
    ['green', 10],
    ['red', 100],
    ['yellow', 100],
    ['green', 100],
  ]);
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
  expect(timeline.runs[0]).toEqual({ fromMs: nowMs - 5_000, toMs: nowMs });
});

const DAY_MS = 86_400_000;

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

test('times that only go forward are all believed, whatever the lights did', () => {
  fc.assert(
    fc.property(someTransitions, (transitions) => {
      const timeline = createTimeline(1_000);
      for (const { operation, to, atMs } of transitions) timeline.add(operation, span(to, atMs));
      for (const operation of OPERATIONS)
        expect(plausibleSpans(timeline.spans(operation), Date.UTC(2026, 1, 1))).toEqual(
          timeline.spans(operation),
        );
    }),
  );
});

test('a light that is on since the future is on since now', () => {
  const { spans } = timelineOf([span('green', 10), span('red', 10 * DAY_MS)]);
  expect(plausibleSpans(spans('log'), 20).map(({ light, sinceMs }) => [light, sinceMs])).toEqual([
    ['green', 10],
    ['red', 20],
  ]);
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

test('a run in the future ends when the clock is set back', () => {
  const timeline = createTimeline(10);
  for (const minute of [0, 1, 60, 61, 2])
    timeline.addRun({ fromMs: minute * MINUTE_MS, toMs: minute * MINUTE_MS });
  expect(timeline.runs).toEqual([{ fromMs: 0, toMs: 2 * MINUTE_MS }]);
});

test('at the bound the oldest runs are dropped', () => {
  const timeline = createTimeline(10);
  for (let hour = 1; hour <= 1_001; hour += 1)
    timeline.addRun({ fromMs: hour * 60 * MINUTE_MS, toMs: hour * 60 * MINUTE_MS });
  expect(timeline.runs).toHaveLength(1_000);
  expect(timeline.runs[0]?.fromMs).toBe(2 * 60 * MINUTE_MS);
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
});

test('folding keeps the bound and hides no outage, whatever the lights did', () => {
  fc.assert(
    fc.property(someTransitions, fc.integer({ min: 8, max: 20 }), (transitions, maxSpans) => {
      const [all, bounded] = [createTimeline(1_000), createTimeline(maxSpans)];
      for (const { operation, to, atMs } of transitions) {
        all.add(operation, span(to, atMs));
        bounded.add(operation, span(to, atMs));
        const kept = OPERATIONS.flatMap((one) => bounded.spans(one));
        expect(kept.length).toBeLessThanOrEqual(maxSpans);
        expect(bounded.spans(operation).at(-1)?.light).toBe(to);
      }
      for (const operation of OPERATIONS) {
        const oldestMs = bounded.spans(operation)[0]?.sinceMs ?? 0;
        for (const { sinceMs, light } of all.spans(operation).filter((one) => one.sinceMs >= oldestMs)) {
          // The last one of several at one time was on.
          if (lightAt(all.spans(operation), sinceMs) !== light) continue;
          expect(BADNESS[lightAt(bounded.spans(operation), sinceMs)]).toBeGreaterThanOrEqual(BADNESS[light]);
        }
      }
    }),
  );
});

test('lights that only get better and worse by steps are dropped from the oldest at the bound', () => {
  const timeline = createTimeline(8);
  for (const [index, operation] of OPERATIONS.entries())
    for (const [step, light] of (['red', 'yellow', 'green'] as const).entries())
      timeline.add(operation, span(light, index * 100 + step));
  expect(OPERATIONS.flatMap((operation) => timeline.spans(operation))).toHaveLength(8);
  for (const operation of OPERATIONS) expect(timeline.spans(operation).at(-1)?.light).toBe('green');
});
