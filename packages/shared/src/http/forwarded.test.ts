import { expect, test } from 'vitest';
import { readForwarded, readForwardedFor } from './forwarded.js';

test.each([
  ['', []],
  ['192.0.2.1', ['192.0.2.1']],
  ['192.0.2.1, 198.51.100.2,203.0.113.3', ['192.0.2.1', '198.51.100.2', '203.0.113.3']],
  // Azure's gateways write the port.
  ['192.0.2.1:4711', ['192.0.2.1']],
  ['2001:db8::1', ['2001:db8::1']],
  ['[2001:db8::1]', ['2001:db8::1']],
  ['[2001:db8::1]:4711 , 10.0.0.1', ['2001:db8::1', '10.0.0.1']],
  ['unknown, 10.0.0.1', ['unknown', '10.0.0.1']],
  ['10.0.0.1,', ['10.0.0.1', '']],
])('X-Forwarded-For: %s', (header, addresses) => {
  expect(readForwardedFor(header)).toEqual(addresses);
});

// Most are examples of RFC 7239.
test.each([
  ['', []],
  ['for=192.0.2.60;proto=http;by=203.0.113.43', ['192.0.2.60']],
  ['For="[2001:db8:cafe::17]:4711"', ['2001:db8:cafe::17']],
  ['for=192.0.2.43, for=198.51.100.17', ['192.0.2.43', '198.51.100.17']],
  ['for=192.0.2.43,FOR="[2001:db8:cafe::17]";host="a,b;for=9.9.9.9"', ['192.0.2.43', '2001:db8:cafe::17']],
  ['for="192.0.2.43:47\\011"', ['192.0.2.43']],
  ['for=_hidden, for=_SEVKISEK', ['_hidden', '_SEVKISEK']],
  ['for=unknown;proto=https', ['unknown']],
  ['proto=https, for=192.0.2.1', ['', '192.0.2.1']],
  ['for=192.0.2.1, proto=https', ['192.0.2.1', '']],
  ['for=192.0.2.1, <script>', ['192.0.2.1', '', '']],
  ['for="192.0.2.1', ['', '']],
])('Forwarded: %s', (header, addresses) => {
  expect(readForwarded(header)).toEqual(addresses);
});
