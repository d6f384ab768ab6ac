import { expect, test } from 'vitest';
import { strip as slots } from '../status-view.test.helpers.js';
import { strip } from './strip.js';

const rects = (markup: string) => [
  ...markup.matchAll(/<rect class="(\w+)" x="(\d+)" y="(\d+)" width="(\d+)"/g),
];

test('slots that say the same are one bar', () => {
  const { text } = strip('Queue read', slots());
  expect(rects(text).map(([, ...values]) => values)).toEqual([['green', '0', '4', '96']]);
  expect(text).toContain('<title>2026-01-30 12:15 – 2026-01-31 12:15 UTC\nworking</title>');
  expect(text).toContain('aria-label="Queue read, the last 24 hours: no trouble"');
});

test('trouble has a bar of its own, higher than the rest, with its times, its light and what was said', () => {
  const { text } = strip(
    'Queue read',
    slots({ 40: { light: 'red', message: '500 <gone>' }, 41: { light: 'yellow', message: '' } }),
  );
  expect(rects(text).map(([, ...values]) => values)).toEqual([
    ['green', '0', '4', '40'],
    ['red', '40', '0', '1'],
    ['yellow', '41', '2', '1'],
    ['green', '42', '4', '54'],
  ]);
  expect(text).toContain('<title>2026-01-30 22:15 – 22:30 UTC\nfailing: 500 &lt;gone&gt;</title>');
  expect(text).toContain('silent 22:30 to 22:45 UTC; failing 22:15 to 22:30 UTC');
});

test('many times of trouble are not all read out', () => {
  const many = Object.fromEntries(
    [2, 4, 6, 8, 10, 12].map((slot) => [slot, { light: 'red' as const, message: '' }]),
  );
  expect(strip('Queue read', slots(many)).text).toContain('; 2 times more"');
});

test('a monitor that has just been installed knows nothing of the past', () => {
  const none = Object.fromEntries(
    slots().map((_, slot) => [slot, { light: 'unknown' as const, message: '' }]),
  );
  expect(strip('Queue read', slots(none)).text).toContain('nothing known');
});

test('without slots there is no strip', () => {
  expect(strip('Queue read', []).text).toBe('');
});
