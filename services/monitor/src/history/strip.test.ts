import { expect, test } from 'vitest';
import { LIGHTS } from '../status/lights.js';
import { span } from './history.test.helpers.js';
import { buildStrip, SLOT_MS, SLOTS } from './strip.js';
import type { Run, Span } from './timeline.js';

/** In the middle of a slot. */
const NOW_MS = Date.UTC(2026, 0, 31, 12, 7);
const START_MS = Date.UTC(2026, 0, 30, 12, 15);
/** The time at which a slot begins. */
const at = (slot: number) => START_MS + slot * SLOT_MS;
const ALWAYS: readonly Run[] = [{ fromMs: at(-10), toMs: NOW_MS }];

/** The slots as letters: r, y, g, e for grey, and - for unknown. */
function letters(spans: readonly Span[], runs: readonly Run[] = ALWAYS): string {
  const letterOf = {
    ...Object.fromEntries(LIGHTS.map((light) => [light, light.charAt(0)])),
    grey: 'e',
    unknown: '-',
  };
  return buildStrip({ spans, runs, nowMs: NOW_MS })
    .map(({ light }) => Reflect.get(letterOf, light))
    .join('');
}

/** A strip of one letter, with others in some places. */
function strip(letter: string, ...others: [slot: number, letters: string][]): string {
  let all = letter.repeat(SLOTS);
  for (const [slot, some] of others) all = all.slice(0, slot) + some + all.slice(slot + some.length);
  return all;
}

test('there are 96 slots of a quarter of an hour, and the last one is now', () => {
  const slots = buildStrip({ spans: [], runs: [], nowMs: NOW_MS });
  expect(slots).toHaveLength(SLOTS);
  expect(slots[0]).toMatchObject({ from: '2026-01-30T12:15:00.000Z', to: '2026-01-30T12:30:00.000Z' });
  expect(slots.at(-1)).toMatchObject({ from: '2026-01-31T12:00:00.000Z', to: '2026-01-31T12:15:00.000Z' });
});

test.each<[string, Span[], string]>([
  ['never reported', [], strip('e')],
  ['green since long ago', [span('green', at(-5))], strip('g')],
  ['first heartbeat within a slot', [span('green', at(90) + 5)], strip('e', [90, 'gggggg'])],
  [
    'red from one slot into another',
    [span('green', at(-5)), span('red', at(9) + 5), span('green', at(11) + 5)],
    strip('g', [9, 'rrr']),
  ],
  [
    'red up to the end of a slot',
    [span('green', at(-5)), span('red', at(9)), span('green', at(10))],
    strip('g', [9, 'r']),
  ],
  [
    'red for a moment',
    [span('green', at(-5)), span('red', at(9) + 5), span('green', at(9) + 6)],
    strip('g', [9, 'r']),
  ],
  [
    'yellow and red in one slot',
    [span('green', at(-5)), span('red', at(9) + 5), span('yellow', at(9) + 6)],
    strip('y', [0, 'g'.repeat(9)], [9, 'r']),
  ],
  ['red since now', [span('green', at(-5)), span('red', NOW_MS)], strip('g', [95, 'r'])],
  ['older than the strip', [span('red', at(-5)), span('green', at(-4))], strip('g')],
])('an operation that was %s', (_what, spans, expected) => {
  expect(letters(spans)).toBe(expected);
});

test.each<[string, Run[], string]>([
  ['never', [], strip('-')],
  ['since now', [{ fromMs: NOW_MS, toMs: NOW_MS }], strip('-', [95, 'g'])],
  [
    'but for some hours',
    [
      { fromMs: at(-5), toMs: at(9) + 5 },
      { fromMs: at(20) - 5, toMs: NOW_MS },
    ],
    strip('g', [10, '-'.repeat(9)]),
  ],
])('a monitor that was running %s', (_what, runs, expected) => {
  expect(letters([span('green', at(-9))], runs)).toBe(expected);
});

test('a light of a time without a running monitor is not shown', () => {
  const runs = [
    { fromMs: at(-5), toMs: at(9) + 5 },
    { fromMs: at(9) + 50, toMs: NOW_MS },
  ];
  const spans = [span('green', at(-9)), span('yellow', at(9) + 10), span('green', at(9) + 20)];
  expect(letters(spans, runs)).toBe(strip('g'));
});

test('a slot says what the last one of its worst lights came with', () => {
  const spans = [
    span('green', at(-5)),
    span('red', at(9) + 1, 'refused'),
    span('green', at(9) + 2),
    span('red', at(9) + 3, 'full'),
    span('yellow', at(10) + 1, 'silent'),
  ];
  const slots = buildStrip({ spans, runs: ALWAYS, nowMs: NOW_MS });
  expect(slots.slice(8, 12).map(({ message }) => message)).toEqual(['', '503 full', '503 full', 'silent']);
});
