import { expect, test } from 'vitest';
import { escapeMisleading } from './logger.js';

test.each([
  ['a right-to-left override', 'abc\u202edef'],
  ['an isolate', 'abc\u2066def\u2069'],
  ['a line separator', 'abc\u2028def'],
  ['a terminal command of one byte', '\u009b31mred'],
  ['a deleted character', 'a\u007fb'],
])('a line of the log with %s shows it as an escape and says the same', (_what, text) => {
  const line = escapeMisleading(JSON.stringify({ text }));
  expect(line).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(line)).toEqual({ text });
});

test('letters of all alphabets stay as they are', () => {
  const line = JSON.stringify({ text: 'Grüße, שלום, 日本, 😀' });
  expect(escapeMisleading(line)).toBe(line);
});
