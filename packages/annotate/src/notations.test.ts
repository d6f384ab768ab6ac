import { describe, expect, it } from 'vitest';
import { annotated, answerOf, NOW_MS } from './annotation.test.helpers.js';
import { clockOf, LAYOUTS, type Layout, NOTATIONS, type Notation } from './notations.test.helpers.js';
import { AnnotateError } from './problem.js';
import { parseZone, UTC } from './time/zone.js';
import type { Ask } from './wire.js';

const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'];
const MINUTE_MS = 60_000;
/** A pod has an address no longer, so that no hour, half of a day, day or year that is wrong has the same one. */
const HOLD_MS = 7 * MINUTE_MS;
const YEAR_MS = 365 * 24 * 60 * MINUTE_MS;
const LINES = 24;
/** Where clocks are set, halves of days and years change, and the rest of the year. */
const TIMES = [
  ['2026-10-25T01:00:00Z', 120],
  ['2026-03-29T01:00:00Z', 120],
  ['2026-11-01T06:00:00Z', 120],
  ['2026-03-08T07:00:00Z', 120],
  ['2025-12-31T22:00:00Z', 600],
  ['2026-11-25T12:00:00Z', 1_400],
  ['2026-06-01T00:00:00Z', 250_000],
  ['2024-10-27T01:00:00Z', 120],
] as const;

interface Event {
  readonly ms: number;
  readonly ip: string;
}

const nameAt = ({ ms, ip }: Event) => `pod-${ip.replaceAll('.', '-')}-${Math.floor(ms / HOLD_MS)}`;

const ask: Ask = async (questions) =>
  questions.map(({ ip, fromMs, toMs }) => {
    const [first, last] = [fromMs, toMs].map((ms) => nameAt({ ms, ip }));
    return first === last && first !== undefined ? answerOf('pod', { pod: first }) : answerOf('unsure');
  });

/** The same ones in each run. */
const EVENTS: readonly Event[] = Array.from({ length: LINES }, (_, n) => {
  const [around, minutes] = TIMES[n % TIMES.length] ?? ['', 0];
  // The fraction of a multiple of the golden ratio is evenly spread.
  const share = (n * 0.618_033_988_75) % 1;
  const ms = Date.parse(around) + Math.round((share * 2 - 1) * minutes * MINUTE_MS);
  return { ms: Math.min(ms, NOW_MS), ip: `10.64.${n % 3}.${n % 50}` };
});

const CLOCKS = new Map(ZONES.map((zone) => [zone, EVENTS.map(({ ms }) => clockOf(ms, zone))]));

interface Result {
  readonly wrong: string[];
  right: number;
}

/** Writes the lines, annotates them and compares the pods that are named with those that were meant. */
async function compare(layout: Layout, notation: Notation, writtenIn: string, tz: string): Promise<Result> {
  const result: Result = { wrong: [], right: 0 };
  const isIn = ({ ms }: { readonly ms: number }) => !notation.hasNoYear || ms > NOW_MS - YEAR_MS;
  const events = EVENTS.filter(isIn);
  const clocks = CLOCKS.get(writtenIn)?.filter(isIn) ?? [];
  const head = layout.header === undefined ? [] : layout.header.split('\n');
  const lines = clocks.map((clock, n) => layout.write(notation.write(clock), events[n]?.ip ?? ''));
  const text = await annotateAll([...head, ...lines], tz);
  expect(text.length).toBeGreaterThanOrEqual(head.length + events.length);
  for (const [n, event] of events.entries()) {
    const [named] = /pod-[\d-]+\d/.exec(text[head.length + n] ?? '') ?? [];
    if (named === nameAt(event)) result.right += 1;
    else if (named !== undefined) result.wrong.push(`${tz}: ${lines[n]}: ${named}, not ${nameAt(event)}`);
  }
  return result;
}

/** @returns the lines as they are when the file cannot be read at all */
async function annotateAll(lines: readonly string[], tz: string): Promise<readonly string[]> {
  try {
    const { text } = await annotated([`${lines.join('\n')}\n`], { ask, zone: parseZone(tz) ?? UTC });
    return text.split('\n');
  } catch (err) {
    if (err instanceof AnnotateError) return lines;
    throw err;
  }
}

describe.each(LAYOUTS)('$name', (layout) => {
  const isPossible = ({ name }: Notation) => layout.only?.test(name) ?? true;
  it.each(NOTATIONS.filter(isPossible))(
    'with times as $name: names the right pod or none',
    async (notation) => {
      const isReadable = notation.isRefused !== true && layout.not?.test(notation.name) !== true;
      for (const [n, writtenIn] of ZONES.entries()) {
        const other = ZONES.at(n - 1) ?? '';
        for (const tz of notation.needsZone ? [writtenIn] : [writtenIn, other]) {
          const { wrong, right } = await compare(layout, notation, writtenIn, tz);
          expect(wrong).toEqual([]);
          // Hours that a zone has twice are not known, and changes of the holder neither.
          if (isReadable && tz === writtenIn) expect(right, writtenIn).toBeGreaterThan(LINES / 2);
          else if (!isReadable) expect(right).toBe(0);
        }
      }
    },
  );
});
