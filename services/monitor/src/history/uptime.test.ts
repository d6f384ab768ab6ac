import { expect, test } from 'vitest';
import { span } from './history.test.helpers.js';
import type { Run, Span } from './timeline.js';
import { amountsIn, knownPieces, uptimesOf } from './uptime.js';

const NOW_MS = Date.UTC(2026, 3, 1, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ago = (hours: number) => NOW_MS - hours * HOUR_MS;
const run = (from: number, to: number): Run => ({ fromMs: ago(from), toMs: ago(to) });
const ALWAYS = [run(100 * 24, 0)];

/** The percentages of 24 hours, 7, 30 and 90 days, and the days of each of which nothing is known. */
function said(spans: readonly Span[], runs: readonly Run[]) {
  const uptimes = uptimesOf(knownPieces(spans, runs, NOW_MS), NOW_MS);
  return {
    percent: uptimes.map(({ percent }) => percent),
    unknownDays: uptimes.map(({ unknownMs }) => unknownMs / DAY_MS),
  };
}

const outage = (from: number, to: number) => [
  span('green', ago(99 * 24)),
  span('red', ago(from)),
  span('green', ago(to)),
];

test.each<[string, Span[], Run[], (number | null)[], number[]]>([
  ['always green', [span('green', ago(99 * 24))], ALWAYS, [100, 100, 100, 100], [0, 0, 0, 0]],
  ['red for six hours today', outage(12, 6), ALWAYS, [75, 96.42, 99.16, 99.72], [0, 0, 0, 0]],
  [
    'red for six hours on the boundary of a window',
    outage(27, 21),
    ALWAYS,
    [87.5, 96.42, 99.16, 99.72],
    [0, 0, 0, 0],
  ],
  [
    'red for a second: never rounded up',
    outage(2, 2 - 1 / 3_600),
    ALWAYS,
    [99.99, 99.99, 99.99, 99.99],
    [0, 0, 0, 0],
  ],
  [
    'silent for twelve hours',
    [span('green', ago(99 * 24)), span('yellow', ago(12))],
    ALWAYS,
    [50, 92.85, 98.33, 99.44],
    [0, 0, 0, 0],
  ],
  ['green since three days', [span('green', ago(72))], ALWAYS, [100, 100, 100, 100], [0, 4, 27, 87]],
  ['without any heartbeat', [], ALWAYS, [null, null, null, null], [1, 7, 30, 90]],
  [
    'green, with a monitor that was never running',
    [span('green', ago(99 * 24))],
    [],
    [null, null, null, null],
    [1, 7, 30, 90],
  ],
  [
    'red while the monitor was not running',
    outage(12, 6),
    [run(2_400, 12), run(6, 0)],
    [100, 100, 100, 100],
    [0.25, 0.25, 0.25, 0.25],
  ],
  [
    'red for twelve hours, in six of which the monitor was running',
    outage(12, 0),
    [run(2_400, 6)],
    [66.66, 96.29, 99.15, 99.72],
    [0.25, 0.25, 0.25, 0.25],
  ],
  [
    'seen by runs that overlap',
    outage(12, 6),
    [run(2_400, 6), run(12, 0)],
    [75, 96.42, 99.16, 99.72],
    [0, 0, 0, 0],
  ],
  ['green in the future only', [span('green', NOW_MS + 1)], ALWAYS, [null, null, null, null], [1, 7, 30, 90]],
])('a light that was %s', (_what, spans, runs, percent, unknownDays) => {
  expect(said(spans, runs)).toEqual({ percent, unknownDays });
});

test('recoveries that were folded into an outage are neither up nor down', () => {
  const spans = [span('green', ago(48)), { ...span('red', ago(12)), foldedMs: 6 * HOUR_MS }];
  expect(uptimesOf(knownPieces(spans, ALWAYS, NOW_MS), NOW_MS)[0]).toEqual({
    window: '24h',
    percent: 66.66,
    greenMs: 12 * HOUR_MS,
    yellowMs: 0,
    redMs: 6 * HOUR_MS,
    unknownMs: 6 * HOUR_MS,
  });
});

test('a light with an outage was never up for 100 %, though none of it is certain any more', () => {
  const spans = [
    span('green', ago(48)),
    { ...span('red', ago(12)), foldedMs: HOUR_MS },
    span('green', ago(11)),
  ];
  expect(uptimesOf(knownPieces(spans, ALWAYS, NOW_MS), NOW_MS)[0]).toMatchObject({
    percent: 99.99,
    redMs: 0,
  });
});

test('all that is measured of a time is as long as the time', () => {
  const pieces = knownPieces(outage(12, 6), [run(2_400, 10), run(9, 0)], NOW_MS);
  const { greenMs, yellowMs, redMs, unknownMs } = amountsIn(pieces, ago(11), ago(5));
  expect({ greenMs, yellowMs, redMs, unknownMs }).toEqual({
    greenMs: HOUR_MS,
    yellowMs: 0,
    redMs: 4 * HOUR_MS,
    unknownMs: HOUR_MS,
  });
});
