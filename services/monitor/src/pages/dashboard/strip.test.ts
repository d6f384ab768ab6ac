import { expect, test } from 'vitest';
import { strip as slots } from '../../view/status-view.test.helpers.js';
import { strip } from './strip.js';

/** The bars by light, and the texts for the script. */
const bars = (markup: string) =>
  Object.fromEntries(
    [...markup.matchAll(/<path class="(\w+)" d="([^"]+)"/g)].map(([, light, d]) => [light, d]),
  );
const said = (markup: string) => /data-runs="([^"]*)"/.exec(markup)?.[1]?.split('\n');

test('slots that say the same are one bar', () => {
  const { text } = strip('Queue read', slots());
  expect(bars(text)).toEqual({ green: 'M0 8v-4h96v4z' });
  expect(said(text)).toEqual(['0 working']);
  expect(text).toContain('title="Queue read, the last 24 hours: no trouble"');
});

test('trouble has a bar of its own, higher than the rest, with its times, its light and what was said', () => {
  const { text } = strip(
    'Queue read',
    slots({ 40: { light: 'red', message: '500 <gone>' }, 41: { light: 'yellow', message: '' } }),
  );
  expect(bars(text)).toEqual({
    red: 'M40 8v-8h1v8z',
    yellow: 'M41 8v-6h1v6z',
    green: 'M0 8v-4h40v4zM42 8v-4h54v4z',
  });
  expect(said(text)).toEqual(['0 working', '40 failing: 500 &lt;gone&gt;', '41 silent', '42 working']);
  expect(text).toContain('silent, 22:30 to 22:45 UTC; failing, 22:15 to 22:30 UTC');
});

test('a short outage is a small part of its bar, and says how long it was', () => {
  const all = slots({ 40: { light: 'red', message: 'gone' } }).map((slot, index) =>
    index === 40 ? { ...slot, redMs: 40_000, greenMs: 860_000 } : slot,
  );
  const { text } = strip('Queue read', all, '90d');
  expect(bars(text)).toEqual({
    red: 'M40 4.18v-0.75h1v0.75z',
    green: 'M0 8v-4h40v4zM40 8v-3.82h1v3.82zM41 8v-4h55v4z',
  });
  expect(said(text)).toEqual(['0 working', '40 failing for 40 s: gone', '41 working']);
  expect(text).toContain('the last 90 days: failing for 40 s, 2026-01-30 22:15 to 2026-01-30 22:30 UTC');
});

test('what was said is cut, in one line, and after what is not visible was made so', () => {
  const message = `a\nb ${'\u0001'.repeat(20)}`;
  const [, line = ''] = said(strip('Queue read', slots({ 40: { light: 'red', message } })).text) ?? [];
  expect(line).toMatch(/^40 failing: a b ‹U\+0001›.*…$/);
  expect(line.length).toBeLessThan(80);
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
