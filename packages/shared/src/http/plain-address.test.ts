import { expect, test } from 'vitest';
import { clientOf, plainAddress } from './plain-address.js';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'],
  ['2001:0DB8:0001:2::1', '2001:db8:1:2::'],
  ['2001:db8::1', '2001:db8::'],
  ['1::2:3:4:5:6:7', '1:0:2:3::'],
  ['::1', '::'],
  ['64:ff9b::203.0.113.7', '64:ff9b::'],
  ['fe80::1%eth0', 'fe80::'],
  ['unknown', 'unknown'],
])('%s counts for %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:0201', '192.0.2.1'],
  ['2001:DB8:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['<script>', '<script>'],
])('%s is %s', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});
