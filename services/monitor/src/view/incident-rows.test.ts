import { expect, test } from 'vitest';
import { joinBroker, pageOf } from './incident-rows.js';
import type { IncidentView } from './status-view.js';

const START_MS = Date.UTC(2026, 0, 1);
const NOW_MS = START_MS + 86_400_000;

function incident(operation: IncidentView['operation'], second: number, seconds = 0.5): IncidentView {
  return {
    operation,
    name: operation,
    light: 'red',
    startedAt: new Date(START_MS + second * 1_000).toISOString(),
    worstAt: new Date(START_MS + second * 1_000).toISOString(),
    changedAt: new Date(START_MS + (second + seconds) * 1_000).toISOString(),
    endedAt: new Date(START_MS + (second + seconds) * 1_000).toISOString(),
    durationMs: seconds * 1_000,
    ...{ startIsLatest: false, endIsLatest: false, durationIsLeast: false },
    code: 500,
    message: '',
  };
}

/** Answers as the history does. */
const source = (all: readonly IncidentView[]) => (limit: number, beforeMs?: number) =>
  all
    .filter(({ startedAt }) => Date.parse(startedAt) < (beforeMs ?? Infinity))
    .sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
    .slice(0, limit);

/** All pages, as lists of the seconds at which their rows began. */
function pages(all: readonly IncidentView[], size: number): number[][] {
  const found: number[][] = [];
  let beforeMs: number | undefined;
  do {
    const { rows, nextMs } = pageOf(source(all), { size, nowMs: NOW_MS, beforeMs });
    found.push(rows.map(({ startedAt }) => (Date.parse(startedAt) - START_MS) / 1_000));
    beforeMs = nextMs;
  } while (beforeMs !== undefined);
  return found;
}

const many = Array.from({ length: 200 }, (_, index) => incident('log', index * 100));

test.each<[string, IncidentView[], number[][]]>([
  ['nothing', [], [[]]],
  ['as many as fit', [incident('log', 1), incident('log', 2)], [[2, 1]]],
  ['one more', [incident('log', 1), incident('log', 2), incident('log', 3)], [[3, 2], [1]]],
  [
    'some of one moment stand together',
    [incident('log', 5), incident('kubernetes', 4), incident('queue/read', 4), incident('log', 4)],
    [[5, 4, 4, 4]],
  ],
  [
    'a broker that was down stands on one page, once, where another incident lies between its two links',
    [
      incident('log', 900),
      incident('queue/write', 520, 10),
      incident('kubernetes', 510),
      incident('queue/read', 500, 30),
      incident('log', 100),
    ],
    [
      [900, 510],
      [500, 100],
    ],
  ],
])('pages of %s', (_what, all, expected) => {
  expect(pages(all, 2)).toEqual(expected);
});

const open = (one: IncidentView): IncidentView => ({ ...one, endedAt: null });

test.each<[string, IncidentView, IncidentView, Partial<IncidentView>[]]>([
  [
    'both links fail and work again together',
    incident('queue/write', 0, 10),
    incident('queue/read', 9, 6),
    [{ name: 'Queue write and queue read', durationMs: 15_000 }],
  ],
  [
    'one of them works again, and the other is about to',
    incident('queue/write', 0, 100),
    { ...open(incident('queue/read', 9, 101)), message: 'refused' },
    [{ name: 'Queue write and queue read', endedAt: null, durationMs: 110_000, message: 'refused' }],
  ],
  [
    'one works again long before the other',
    incident('queue/write', 0, 50),
    open(incident('queue/read', 30, 10_800)),
    [
      { name: 'queue/read', endedAt: null },
      { name: 'queue/write', durationMs: 50_000 },
    ],
  ],
  [
    'one works again before the other fails',
    incident('queue/write', 0, 2),
    incident('queue/read', 30, 5),
    [{ name: 'queue/read' }, { name: 'queue/write' }],
  ],
])('a broker that is down is one incident, two outages are two: %s', (_what, write, read, expected) => {
  const nowMs = Date.parse(read.startedAt) + read.durationMs;
  expect(joinBroker([read, write], nowMs)).toMatchObject(expected);
});

test('a broker whose outage was not watched all the time lasted at least as long as either link did', () => {
  const [write, read] = [incident('queue/write', 0, 10), incident('queue/read', 9, 6)];
  const partly = { ...read, durationMs: 2_000, durationIsLeast: true, endIsLatest: true };
  expect(joinBroker([partly, write], NOW_MS)).toMatchObject([
    { durationMs: 10_000, durationIsLeast: true, startIsLatest: false, endIsLatest: true },
  ]);
});

test('a broker is down as long as one of its links is known to fail', () => {
  const lasts = { endedAt: null, endIsLatest: false };
  const maybe = { endedAt: null, endIsLatest: true };
  const joined = (write: object, read: object) =>
    joinBroker(
      [
        { ...incident('queue/read', 1), ...read },
        { ...incident('queue/write', 0), ...write },
      ],
      NOW_MS,
    );
  expect(joined(maybe, lasts)).toMatchObject([lasts]);
  expect(joined(lasts, maybe)).toMatchObject([lasts]);
  expect(joined(maybe, maybe)).toMatchObject([maybe]);
});

test('every incident is on one page, however many there are', () => {
  const found = pages(many, 7);
  expect(found.flat()).toEqual(many.map((_, index) => index * 100).reverse());
  expect(found.slice(0, -1).every((page) => page.length === 7)).toBe(true);
});
