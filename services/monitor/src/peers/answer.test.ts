import { expect, test } from 'vitest';
import { readOriginal, readStatus } from './answer.js';

const STATUS = {
  cluster: 'north',
  worst: 'red',
  headline: 'Queue write fails.',
  operations: [{ operation: 'queue/write', name: 'Queue write', light: 'red', strip: [] }],
  something: 'of a later version',
};

test('the shown part of a status is read, whatever else is in it', () => {
  expect(readStatus(STATUS)).toEqual({
    light: 'red',
    headline: 'Queue write fails.',
    operations: [{ name: 'Queue write', light: 'red' }],
  });
});

test('long texts and long lists are cut', () => {
  const operations = Array.from({ length: 100 }, () => ({ name: '😀'.repeat(100), light: 'green' }));
  const report = readStatus({ ...STATUS, headline: 'x'.repeat(1_000), operations });
  expect(report?.headline).toBe('x'.repeat(400));
  expect(report?.operations).toHaveLength(10);
  expect(report?.operations[0]?.name).toBe('😀'.repeat(40));
});

test.each([
  undefined,
  null,
  'text',
  [],
  {},
  { ...STATUS, worst: 'blue' },
  { ...STATUS, headline: 5 },
  { ...STATUS, operations: [{ name: 'x', light: '<b>' }] },
])('%j is no status', (body) => {
  expect(readStatus(body)).toBeUndefined();
});

test.each([
  ['success', 'green'],
  ['fail', 'red'],
  ['no logs for more than 5 minutes', 'yellow'],
])('the answer "%s" of podips 1.1 is %s', (status, light) => {
  expect(readOriginal({ status })).toMatchObject({ light, operations: [] });
});

test.each([undefined, {}, { status: 'invalid operation' }, { status: 'toString' }, { status: 200 }])(
  '%j is no answer of podips 1.1',
  (body) => {
    expect(readOriginal(body)).toBeUndefined();
  },
);
