import { expect, test } from 'vitest';
import { clientAddress, clientOf } from './client-address.js';

test.each([
  ['of a proxy that is believed', '203.0.113.7', '10.0.0.1', '203.0.113.7'],
  ['that a proxy passed on unread', '<b>', '10.0.0.1', '10.0.0.1'],
  ['with a port', '203.0.113.7:4711', '10.0.0.1', '10.0.0.1'],
  ['of a dual-stack socket', '::ffff:203.0.113.7', '::ffff:203.0.113.7', '203.0.113.7'],
  ['that is missing', '', undefined, 'unknown'],
])('an address %s', (_what, ip, remoteAddress, expected) => {
  expect(clientAddress({ ip, socket: { remoteAddress } })).toBe(expected);
});

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:2::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['1::2:3:4:5:6:7', '1:0:2:3'],
  ['::1', '0:0:0:0'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['unknown', 'unknown'],
])('%s counts for %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});
