import { describe, expect, test } from 'vitest';
import { parseQuestion } from './question.js';

const NOW_MS = Date.UTC(2026, 10, 20, 14, 5);
const NONE = { namespace: '', pod: '', workload: '', workloadKind: '', node: '', podUid: '' };
const page = { limit: 200, after: undefined };
const at = { ms: Date.UTC(2026, 0, 31, 12), precisionMs: 60_000 };
const DAY = { fromMs: Date.UTC(2026, 0, 31), toMs: Date.UTC(2026, 1, 1) };

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
    '10.1.2.3/320',
    '10.1.2/24',
    'fd00::/129',
    '::ffff:10.0.0.0/120',
    '10.1.2.3, web-1',
    '10.1.2.0/24, 10.1.3.0/24',
    Array.from({ length: 101 }, (_, n) => `10.1.2.${n}`).join(' '),
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
  expect(parseQuestion({ ip: '10.1.2.3', at: '2026-01-31 12:00' }, NOW_MS)).toEqual({ ip: '10.1.2.3', at });
  expect(parseQuestion({ ip: '10.1.2.3', at: ' ' }, NOW_MS)).toEqual({ ip: '10.1.2.3', at: undefined });
});

describe('several addresses', () => {
  test.each([
    ['10.1.2.3, 10.1.2.4', ['10.1.2.3', '10.1.2.4']],
    ['10.1.2.3 FD00::0A\n10.1.2.3;[fd00::a]:443', ['10.1.2.3', 'fd00::a']],
  ])('may be in a list, each once: %s', (ip, ips) => {
    expect(parseQuestion({ ip }, NOW_MS)).toEqual({ addresses: { ips }, at: undefined, page });
  });

  test.each([
    ['10.1.2.0/24', '10.1.2.0/24'],
    ['10[.]1[.]2[.]3/08', '10.1.2.3/8'],
    ['FD00::/64', 'fd00::/64'],
    ['0.0.0.0/0', '0.0.0.0/0'],
  ])('may be a network: %s', (ip, network) => {
    const asked = { ip, at: '2026-01-31 12:00', limit: '20', after: 'abc' };
    const expected = { addresses: { network }, at, page: { limit: 20, after: 'abc' } };
    expect(parseQuestion(asked, NOW_MS)).toEqual(expected);
  });
});

test.each([
  [{ namespace: ' shop ', pod: 'web-1' }, { ...NONE, namespace: 'shop', pod: 'web-1' }, null],
  [
    { namespace: 'shop', pod: 'web-*', at: '2026-01-31 12:00' },
    { ...NONE, namespace: 'shop', pod: 'web-*' },
    at,
  ],
  [{ pod_uid: 'uid-1' }, { ...NONE, podUid: 'uid-1' }, null],
  [{ namespace: 'shop' }, { ...NONE, namespace: 'shop' }, undefined],
  [{ node: 'node-3', at: '2026-01-31' }, { ...NONE, node: 'node-3' }, DAY],
  [
    { namespace: 'shop', workload: 'web', workload_kind: 'Deployment', from: '2026-01-31', to: '2026-01-31' },
    { ...NONE, namespace: 'shop', workload: 'web', workloadKind: 'Deployment' },
    DAY,
  ],
])('pods are asked for by what they have in common: %j', (fields, selection, time) => {
  expect(parseQuestion(fields, NOW_MS)).toEqual({ selection, time, page });
});

describe('a range of time', () => {
  const rangeOf = (fields: object) => parseQuestion({ ip: '10.1.2.3', ...fields }, NOW_MS);
  const selection = { ips: ['10.1.2.3'] };

  test.each([
    [
      { from: '2026-01-31 12:00', to: '2026-01-31 12:05' },
      { fromMs: at.ms, toMs: at.ms + 300_000 },
    ],
    [{ from: '2026-01-31 12:00' }, { fromMs: at.ms, toMs: undefined }],
    [{ to: '2026-01-31' }, { fromMs: Number.NEGATIVE_INFINITY, toMs: DAY.toMs }],
    [{ at: '2026/01/31' }, DAY],
    // A day of 23 hours.
    [
      { at: '2026-03-29 Europe/Berlin' },
      { fromMs: Date.parse('2026-03-28T23:00Z'), toMs: Date.parse('2026-03-29T22:00Z') },
    ],
  ])('%j', (fields, time) => {
    expect(rangeOf(fields)).toEqual({ selection, time, page });
  });

  test.each([
    ['to', { from: '2026-01-31 12:00', to: '2026-01-31 12:00' }],
    ['to', { from: '2026-01-31', to: '2026-01-30' }],
    ['from', { from: 'yesterday' }],
    ['time', { at: '2026-01-31', to: '2026-02-01' }],
    ['at', { at: '2026-02-30' }],
    ['at', { at: '31/01/2026' }],
  ])('is refused where %s is wrong', (field, fields) => {
    expect(() => rangeOf(fields)).toThrow(expect.objectContaining({ field }));
  });
});

test('empty fields are no question', () => {
  expect(parseQuestion({}, NOW_MS)).toBeUndefined();
  expect(parseQuestion({ ip: '', at: '', namespace: ' ', pod: '' }, NOW_MS)).toBeUndefined();
});

test.each([
  ['at', { ip: '10.1.2.3', at: 'yesterday' }],
  ['ip', { at: '2026-01-31 12:00' }],
  ['ip', { ip: ['10.1.2.3', '10.1.2.4'] }],
  ['namespace', { pod: 'web-1' }],
  ['namespace', { workload: 'web' }],
  ['workload', { namespace: 'shop', workload_kind: 'Job' }],
  ['limit', { node: 'node-1', limit: '501' }],
  ['limit', { ip: '10.1.2.3', limit: '0' }],
  ['after', { node: 'node-1', after: '../x' }],
  ['pod', { namespace: 'shop', pod: 'x'.repeat(254) }],
  ['pod', { namespace: 'shop', pod: 'a\0b' }],
  ['pod', { namespace: 'shop', pod: 'a\ud800b' }],
  ['namespace', { namespace: 'a\nb', pod: 'web-1' }],
  ['question', { ip: '10.1.2.3', pod: 'web-1', namespace: 'shop' }],
  ['question', { ip: '10.1.2.3', node: 'node-1' }],
  ['question', { namespace: 'shop', node: 'node-1' }],
  ['question', { namespace: 'shop', pod: 'web-1', workload: 'web' }],
  ['question', { node: 'node-1', pod_uid: 'uid-1' }],
])('the field that is wrong is named: %s', (field, fields) => {
  expect(() => parseQuestion(fields, NOW_MS)).toThrow(expect.objectContaining({ field, statusCode: 400 }));
});
