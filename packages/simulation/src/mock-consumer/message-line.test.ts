import { describe, expect, test } from 'vitest';
import { messageLine } from './message-line.js';

const line = (text: string) => messageLine(Buffer.from(text));

describe('line of a message', () => {
  test('is the JSON as it came', () => {
    expect(line('{"b": 1, "a":"x\\ny"}')).toBe('{"b": 1, "a":"x\\ny"}');
  });

  test('is one line even if the JSON has several', () => {
    expect(line('{\n  "a": 1\r\n}\n')).toBe('{   "a": 1 }');
  });

  test.each([
    ['', 'bad message (the body is empty; a JSON object was expected): ""'],
    ['a\nb', 'bad message (the body is not JSON; a JSON object was expected): "a\\nb"'],
    ['[1]', 'bad message (the body is an array; a JSON object was expected): "[1]"'],
  ])('says what is wrong with %j', (text, expected) => {
    expect(line(text)).toBe(expected);
  });
});
