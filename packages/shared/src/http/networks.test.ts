import { expect, test } from 'vitest';
import { createNetworks } from './networks.js';

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['10.0.0.0/8', '::ffff:a01:203', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.7', '192.0.2.8', false],
  ['::ffff:192.0.2.7', '192.0.2.7', true],
  ['2001:db8::/32', '2001:db8:1::1', true],
  ['2001:db8::/32', '10.0.0.1', false],
  ['10.0.0.0/1', '<script>', false],
  ['10.0.0.0/1', 'unknown', false],
])('%s: %s is in it: %s', (entry, address, isIn) => {
  expect(createNetworks([entry])(address)).toBe(isIn);
});

test.each([
  '',
  'everybody',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '0.0.0.0/0',
  '::/0',
  '::ffff:10.0.0.0/104',
  '::/129',
])('%s is none', (entry) => {
  expect(() => createNetworks([entry])).toThrow();
});
