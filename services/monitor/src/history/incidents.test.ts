import { expect, test } from 'vitest';
import { NOW_MS } from '../http/app.test.helpers.js';
import type { IncidentView } from '../view/status-view.js';
import { span, timelineOf } from './history.test.helpers.js';
import { listIncidents } from './incidents.js';
import type { Span } from './timeline.js';

const ago = (seconds: number) => NOW_MS - seconds * 1_000;
const iso = (seconds: number) => new Date(ago(seconds)).toISOString();

/** The incidents, as a monitor knows them that was running in the given seconds. */
function listed(spans: readonly Span[], runs: readonly (readonly [number, number])[] = [[100, 0]]) {
  const timeline = timelineOf(spans);
  for (const [from, to] of runs) timeline.addRun({ fromMs: ago(from), toMs: ago(to), isStart: true });
  return listIncidents(timeline, { limit: 10, nowMs: NOW_MS });
}

const first = { operation: 'log', name: 'Fluentd write' } as const;

test.each<[string, Span[], Partial<IncidentView>[]]>([
  ['nothing', [], []],
  ['a light that was always green', [span('green', ago(50))], []],
  ['a light that has been grey', [span('green', ago(50)), span('grey', ago(40))], []],
  [
    'a failure that is over',
    [span('green', ago(50)), span('red', ago(40), 'refused'), span('green', ago(10))],
    [
      {
        ...first,
        light: 'red',
        startedAt: iso(40),
        endedAt: iso(10),
        durationMs: 30_000,
        code: 503,
        message: 'refused',
      },
    ],
  ],
  [
    'a failure that lasts',
    [span('red', ago(40), 'refused')],
    [{ ...first, light: 'red', startedAt: iso(40), endedAt: null, durationMs: 40_000 }],
  ],
  [
    'a silence that lasts',
    [span('green', ago(50)), span('yellow', ago(40), 'silent')],
    [{ ...first, light: 'yellow', startedAt: iso(40), endedAt: null, code: null, message: 'silent' }],
  ],
  [
    'a silence that became a failure, and a silence again',
    [
      span('yellow', ago(40)),
      span('red', ago(30), 'refused'),
      span('yellow', ago(20)),
      span('green', ago(10)),
    ],
    [
      {
        light: 'red',
        startedAt: iso(40),
        changedAt: iso(10),
        endedAt: iso(10),
        code: 503,
        message: 'refused',
      },
    ],
  ],
  [
    'two failures in one incident, of which the first one is named',
    [span('red', ago(40), 'refused'), span('yellow', ago(30)), span('red', ago(20), 'full')],
    [{ light: 'red', startedAt: iso(40), changedAt: iso(40), endedAt: null, message: 'refused' }],
  ],
  [
    'two incidents',
    [span('red', ago(40)), span('green', ago(30)), span('yellow', ago(20)), span('green', ago(10))],
    [
      { light: 'yellow', startedAt: iso(20) },
      { light: 'red', startedAt: iso(40) },
    ],
  ],
  ['an incident of a clock that was ahead', [span('red', ago(-60))], [{ durationMs: 0, endedAt: null }]],
])('%s', (_what, spans, incidents) => {
  const found = listed(spans);
  expect(found).toHaveLength(incidents.length);
  expect(found).toMatchObject(incidents);
});

test('the newest incidents of all operations come first, up to the limit and before a time', () => {
  const timeline = timelineOf([span('red', 1_000), span('green', 2_000), span('red', 5_000)]);
  timeline.add('kubernetes', span('yellow', 3_000));
  const starts = (limit: number, beforeMs?: number) =>
    listIncidents(timeline, { limit, nowMs: NOW_MS, ...(beforeMs && { beforeMs }) }).map(
      ({ operation, startedAt }) => `${operation} ${Date.parse(startedAt)}`,
    );
  expect(starts(10)).toEqual(['log 5000', 'kubernetes 3000', 'log 1000']);
  expect(starts(2)).toEqual(['log 5000', 'kubernetes 3000']);
  expect(starts(10, 5_000)).toEqual(['kubernetes 3000', 'log 1000']);
});

test('incidents that began in the same moment are not torn apart by the limit', () => {
  const timeline = timelineOf([span('red', 1_000)]);
  timeline.add('queue/read', span('red', 1_000));
  timeline.add('queue/write', span('red', 2_000));
  expect(listIncidents(timeline, { limit: 2, nowMs: NOW_MS })).toHaveLength(3);
  expect(listIncidents(timeline, { limit: 1, nowMs: NOW_MS })).toHaveLength(1);
});

const G = span('green', ago(90));
test.each<[string, Span[], [number, number][], Partial<IncidentView>]>([
  [
    'watched all the time is as long as it was',
    [G, span('red', ago(50)), span('green', ago(10))],
    [[100, 0]],
    { durationMs: 40_000, durationIsLeast: false, startIsLatest: false, endIsLatest: false },
  ],
  [
    'in which the monitor was not running lasted at least as long as that was watched',
    [G, span('red', ago(50)), span('green', ago(10))],
    [
      [100, 40],
      [20, 0],
    ],
    { durationMs: 20_000, durationIsLeast: true, startIsLatest: false, endIsLatest: false },
  ],
  [
    'that was found at a start may have begun earlier',
    [G, span('grey', ago(20)), span('red', ago(15)), span('green', ago(10))],
    [
      [100, 40],
      [20, 0],
    ],
    { startedAt: iso(15), durationMs: 5_000, durationIsLeast: true, startIsLatest: true, endIsLatest: false },
  ],
  [
    'that was over after the monitor stood still may have ended earlier',
    [G, span('red', ago(50)), span('grey', ago(20)), span('green', ago(15))],
    [
      [100, 40],
      [20, 0],
    ],
    { endedAt: iso(15), durationMs: 10_000, durationIsLeast: true, startIsLatest: false, endIsLatest: true },
  ],
  [
    'that lasts after the monitor stood still is one',
    [G, span('red', ago(50)), span('grey', ago(20)), span('red', ago(15))],
    [
      [100, 40],
      [20, 0],
    ],
    {
      ...{ startedAt: iso(50), changedAt: iso(15), endedAt: null },
      ...{ durationMs: 25_000, durationIsLeast: true, endIsLatest: false },
    },
  ],
  [
    'that lasted before the monitor stood still may be over while the light is not known',
    [G, span('red', ago(50)), span('grey', ago(20))],
    [
      [100, 40],
      [20, 0],
    ],
    { changedAt: iso(20), endedAt: null, endIsLatest: true, durationMs: 10_000, durationIsLeast: true },
  ],
])('an incident %s', (_what, spans, runs, expected) => {
  expect(listed(spans, runs)).toMatchObject([expected]);
});
