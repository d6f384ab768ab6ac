import { expect, it } from 'vitest';
import { Watermark } from './watermark.js';

const T0 = Date.parse('2026-11-20T14:00:00.000Z');
const RESTORED = -3_600;

type Step = {
  readonly at: number;
  readonly do: 'ask' | 'list' | 'bookmark' | 'event' | 'late';
  readonly after?: number;
};
const ask = (at: number): Step => ({ at, do: 'ask' });
const list = (at: number): Step => ({ at, do: 'list' });
const bookmark = (at: number): Step => ({ at, do: 'bookmark' });
const event = (at: number): Step => ({ at, do: 'event' });
/** One that was written after so many seconds. */
const late = (at: number, after: number): Step => ({ at, do: 'late', after });

it.each<[string, number | undefined, readonly Step[], number | undefined]>([
  ['is unknown at first', undefined, [ask(0)], undefined],
  ['is what the ledger says when the reader resumes', RESTORED, [ask(0)], RESTORED],
  ['is that of the question, not of the answer, after a list', undefined, [ask(0), list(60)], 0],
  ['stands still while the backlog of a watch is read', RESTORED, [ask(0), event(10), event(20)], RESTORED],
  ['leaves five seconds for what is still in flight after a bookmark', RESTORED, [ask(0), bookmark(20)], 15],
  ['follows each event from then on', RESTORED, [ask(0), bookmark(20), event(30)], 25],
  [
    'stands still again with the next watch',
    RESTORED,
    [ask(0), bookmark(20), event(30), ask(35), event(40)],
    25,
  ],
  ['stands still with a watch that lags', RESTORED, [ask(0), bookmark(20), late(30, 22), event(31)], 15],
  [
    'is no later than what was received of a watch that lags',
    RESTORED,
    [ask(0), bookmark(60), late(61, 22), late(62, 24)],
    22,
  ],
  [
    'follows the watch again after a bookmark',
    RESTORED,
    [ask(0), bookmark(20), late(30, 22), bookmark(40), event(41)],
    36,
  ],
  [
    'is that of the newest question after another list',
    RESTORED,
    [ask(0), bookmark(20), ask(30), list(50)],
    30,
  ],
])('%s', (_, restored, steps, expected) => {
  const date = (seconds: number) => new Date(T0 + seconds * 1_000);
  let now = 0;
  const watermark = new Watermark(() => date(now), restored === undefined ? undefined : date(restored));
  for (const step of steps) {
    now = step.at;
    if (step.do === 'ask') watermark.asked();
    else if (step.do === 'list') watermark.listed();
    else if (step.do === 'late') watermark.lagged(T0 + (step.after ?? 0) * 1_000);
    else watermark.watched(step.do === 'bookmark');
  }
  expect(watermark.time).toEqual(expected === undefined ? undefined : date(expected));
});
