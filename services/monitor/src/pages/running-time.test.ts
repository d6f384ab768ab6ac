import { expect, test } from 'vitest';
import { exactTime, timeAgo, timeSince, withoutRunningTexts } from './running-time.js';

const TIME = '2026-01-31T12:00:00.250Z';
const at = (seconds: number) => Date.parse(TIME) + seconds * 1_000;

test('a time is shown relative to now and exactly', () => {
  expect(timeAgo(TIME, at(12)).text).toMatch(
    /^<time datetime="2026-01-31T12:00:00.250Z" .*>12 s ago<\/time>$/,
  );
  expect(timeSince(TIME, at(302)).text).toMatch(/>5 min 2 s<\/time>$/);
  expect(exactTime(TIME).text).toBe(
    '<time datetime="2026-01-31T12:00:00.250Z">2026-01-31 12:00:00 UTC</time>',
  );
});

test('markup that differs only in how much time has passed shows the same', () => {
  expect(withoutRunningTexts(timeAgo(TIME, at(1)))).toBe(withoutRunningTexts(timeAgo(TIME, at(2))));
  expect(withoutRunningTexts(exactTime(TIME))).toContain('12:00:00');
});
