import { expect, test } from 'vitest';
import { formatDuration, formatUtc, visibleText } from './format.js';

test.each([
  [-5_000, '0 s'],
  [0, '0 s'],
  [999, '0 s'],
  [1_000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [302_000, '5 min 2 s'],
  [3_600_000, '1 h'],
  [3_659_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [90_000_000, '1 d 1 h'],
])('%d ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a time is exact and in UTC', () => {
  expect(formatUtc(Date.UTC(2026, 0, 31, 12, 0, 0, 7))).toBe('2026-01-31 12:00:00.007 UTC');
});

test.each([
  ['null and escape', 'a\u0000\u001bb', 'a‹U+0000›‹U+001B›b'],
  ['directions', '\u200f\u202eabc\u2069', '‹U+200F›‹U+202E›abc‹U+2069›'],
  ['a tag beyond the first plane', '\u{e0041}', '‹U+E0041›'],
  ['lines and tabs', 'a\n\tb', 'a\n\tb'],
  ['an emoji that is joined of several', '👩‍💻', '👩‍💻'],
  ['Arabic text', 'مرحبا', 'مرحبا'],
])('%s can be shown', (_what, text, shown) => {
  expect(visibleText(text)).toBe(shown);
});
