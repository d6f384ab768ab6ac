import { describe, expect, test } from 'vitest';
import { parseQuestion } from './question.js';

const NOW_MS = Date.UTC(2026, 10, 20, 14, 5);

describe('an address', () => {
  test.each([
    ['10.1.2.3', '10.1.2.3'],
    ['  10.1.2.3 ', '10.1.2.3'],
    ['FD00:0:0::A', 'fd00::a'],
    ['fd00:0000:0000:0000:0000:0000:0000:000a', 'fd00::a'],
    ['[fd00::a]', 'fd00::a'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:0a01:0203', '10.1.2.3'],
    ['::', '::'],
    ['10.1.2.3:443', '10.1.2.3'],
    ['[fd00::a]:443', 'fd00::a'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['fd00::a/128', 'fd00::a'],
    ['10[.]1[.]2[.]3', '10.1.2.3'],
    ['10[dot]1[dot]2[dot]3', '10.1.2.3'],
    ['fd00[:][:]a', 'fd00::a'],
  ])('%s is read as %s', (ip, canonical) => {
    expect(parseQuestion({ ip }, NOW_MS)).toEqual({ ip: canonical, at: undefined });
  });

  test.each([
    '10.1.2',
    '10.1.2.3.4',
    '10.1.2.256',
    '010.1.2.3',
    '10.1.2.3/24',
    '10.1.2.3/320',
    'fd00::/64',
    '10.1.2.3, 10.1.2.4',
    '10.1.2.3:443443',
    'web-1',
    'fe80::1%eth0',
    'fd00::1::2',
    '[10.1.2.3',
    "10.1.2.3' OR '1'='1",
    '10.1.2.3\0',
    '<script>alert(1)</script>',
    'x'.repeat(10_000),
  ])('%s is refused with what would be right', (ip) => {
    expect(() => parseQuestion({ ip }, NOW_MS)).toThrow('ip must be an IPv4 or IPv6 address');
  });
});

test('a time comes with an address, and is now when it is empty', () => {
  const at = { ms: Date.UTC(2026, 0, 31, 12), precisionMs: 60_000 };
  expect(parseQuestion({ ip: '10.1.2.3', at: '2026-01-31 12:00' }, NOW_MS)).toEqual({ ip: '10.1.2.3', at });
  expect(parseQuestion({ ip: '10.1.2.3', at: ' ' }, NOW_MS)).toEqual({ ip: '10.1.2.3', at: undefined });
});

test('a pod is asked for by namespace and name', () => {
  const asked = { namespace: ' shop ', pod: 'web-1' };
  expect(parseQuestion(asked, NOW_MS)).toEqual({ namespace: 'shop', pod: 'web-1' });
});

test('empty fields are no question', () => {
  expect(parseQuestion({}, NOW_MS)).toBeUndefined();
  expect(parseQuestion({ ip: '', at: '', namespace: ' ', pod: '' }, NOW_MS)).toBeUndefined();
});

test.each([
  ['at', { ip: '10.1.2.3', at: 'yesterday' }],
  ['ip', { at: '2026-01-31 12:00' }],
  ['ip', { ip: ['10.1.2.3', '10.1.2.4'] }],
  ['pod', { namespace: 'shop' }],
  ['namespace', { pod: 'web-1' }],
  ['pod', { namespace: 'shop', pod: 'x'.repeat(254) }],
  ['pod', { namespace: 'shop', pod: 'a\0b' }],
  ['pod', { namespace: 'shop', pod: 'a\ud800b' }],
  ['namespace', { namespace: 'a\nb', pod: 'web-1' }],
  ['question', { ip: '10.1.2.3', pod: 'web-1', namespace: 'shop' }],
  ['question', { namespace: 'shop', pod: 'web-1', at: '2026-01-31 12:00' }],
])('the field that is wrong is named: %s', (field, fields) => {
  expect(() => parseQuestion(fields, NOW_MS)).toThrow(expect.objectContaining({ field, statusCode: 400 }));
});
