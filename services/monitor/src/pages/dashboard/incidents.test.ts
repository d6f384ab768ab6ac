import { expect, test } from 'vitest';
import type { IncidentView, StatusView } from '../../view/status-view.js';
import { ago, statusView } from '../../view/status-view.test.helpers.js';
import { incidents } from './incidents.js';

const incident = (
  operation: IncidentView['operation'],
  startedMs: number,
  changes: Partial<IncidentView> = {},
): IncidentView => ({
  operation,
  name: operation,
  light: 'red',
  startedAt: ago(startedMs),
  worstAt: ago(startedMs),
  changedAt: ago(startedMs),
  endedAt: null,
  durationMs: startedMs,
  ...{ startIsLatest: false, endIsLatest: false, durationIsLeast: false },
  code: 503,
  message: 'connect ECONNREFUSED',
  ...changes,
});

test('of an incident whose light is not known, the end is not known either', () => {
  const page = (endIsLatest: boolean) =>
    incidents(
      statusView(['green', 'green', 'green', 'green'], { incidents: [incident('log', 1, { endIsLatest })] }),
    ).text;
  expect(page(true)).toContain('<td data-label="End (UTC)">not known yet</td>');
  expect(page(false)).toContain('<td data-label="End (UTC)"><strong>not yet</strong></td>');
});

const rowsOf = (all: StatusView['incidents']) =>
  [
    ...incidents(statusView(['green', 'green', 'green', 'green'], { incidents: all })).text.matchAll(
      /<th scope="row">.*?<\/svg><\/span> (.*?)<\/span>/g,
    ),
  ].map(([, name]) => name);

test.each<[string, IncidentView[], string[]]>([
  [
    'a dead broker is one',
    [incident('queue/read', 90_000), incident('queue/write', 100_000)],
    ['Queue write and queue read'],
  ],
  [
    'two outages of it are two',
    [
      incident('queue/write', 10_000),
      incident('queue/read', 12_000),
      incident('queue/read', 900_000),
      incident('queue/write', 900_500),
    ],
    ['Queue write and queue read', 'Queue write and queue read'],
  ],
  [
    'failures at other times are their own',
    [incident('queue/write', 10_000), incident('queue/read', 900_000)],
    ['queue/write', 'queue/read'],
  ],
  [
    'silence is no failure',
    [incident('queue/write', 10_000), incident('queue/read', 10_000, { light: 'yellow' })],
    ['queue/write', 'queue/read'],
  ],
  [
    'other links have nothing to do with it',
    [incident('log', 10_000), incident('queue/read', 10_000)],
    ['log', 'queue/read'],
  ],
])('of incidents, %s', (_what, all, rows) => {
  expect(rowsOf(all)).toEqual(rows);
});
