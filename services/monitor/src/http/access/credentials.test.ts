import { describe, expect, it } from 'vitest';
import { basicCredentials, bearerCredentials } from './credentials.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a bearer token', () => {
  const isRight = bearerCredentials('correct-horse-battery');

  it.each(['Bearer correct-horse-battery', 'bearer correct-horse-battery'])('is right in %j', (header) => {
    expect(isRight(header)).toBe(true);
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Bearer correct-horse',
    'Bearer correct-horse-battery2',
    'Bearer  correct-horse-battery',
    'correct-horse-battery',
    `Basic ${base64('correct-horse-battery')}`,
  ])('is wrong in %j', (header) => {
    expect(isRight(header)).toBe(false);
  });
});

describe('a login', () => {
  const isRight = basicCredentials({ user: 'ops', password: 'grün: 1' });

  it.each([`Basic ${base64('ops:grün: 1')}`, `basic ${base64('ops:grün: 1')}`])(
    'is right in %j',
    (header) => {
      expect(isRight(header)).toBe(true);
    },
  );

  it.each([
    undefined,
    'Basic',
    'Basic !!!',
    `Basic ${base64('ops:')}`,
    `Basic ${base64('ops')}`,
    `Basic ${base64('ops:grün: 2')}`,
    `Basic ${base64('root:grün: 1')}`,
    'Bearer ops:grün: 1',
  ])('is wrong in %j', (header) => {
    expect(isRight(header)).toBe(false);
  });
});
