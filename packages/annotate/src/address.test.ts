import { expect, test } from 'vitest';
import { addressesIn, readAddress } from './address.js';

test.each([
  ['10.64.0.1', '10.64.0.1'],
  [' 10.64.0.1:443 ', '10.64.0.1'],
  ['10.64.0.1/32', '10.64.0.1'],
  ['10[.]64[.]0[.]1', '10.64.0.1'],
  ['10[dot]64[dot]0[dot]1', '10.64.0.1'],
  ['[fd00::7]:443', 'fd00::7'],
  ['fd00::7/128', 'fd00::7'],
  ['::ffff:10.64.0.1', '::ffff:10.64.0.1'],
])('%s is an address', (text, ip) => {
  expect(readAddress(text)).toBe(ip);
});

test.each([
  '',
  '-',
  '10.64.0',
  '10.64.0.256',
  '10.64.0.0/24',
  'web-1',
  'dead',
  '443',
  'fe80::1%eth0',
  '1.2.3.4.5',
])('%s is none', (text) => {
  expect(readAddress(text)).toBeUndefined();
});

test.each([
  ['SRC=10.64.0.1 DST=10.64.0.9, SRC=10.64.0.1', ['10.64.0.1', '10.64.0.9']],
  ['http://10.64.0.1:8080/x and host/10.64.0.2:9092.', ['10.64.0.1', '10.64.0.2']],
  ['from [fd00::7]:443 to ::ffff:10.64.0.1 at 14:05:00', ['fd00::7', '::ffff:10.64.0.1']],
  ['IP 10.64.0.1.443 > 10.64.0.9.5000: Flags [S]', ['10.64.0.1', '10.64.0.9']],
  ['IP6 fd00::7.443 > fd00::8.5000: Flags', ['fd00::7', 'fd00::8']],
  ['IP 10.64.0.1 > 10.64.0.9: ICMP echo request', ['10.64.0.1', '10.64.0.9']],
  ['seen at 10[.]64[.]0[.]1, 10[dot]64[dot]0[dot]2', ['10.64.0.1', '10.64.0.2']],
  ['inside:192.168.0.5/443', ['192.168.0.5']],
  ['Chrome/120.0.0.0 v1.2.3.4 1.2.3.4.5 999.1.1.1 a::b::c 14:05:00 12:34:56:78:9a:bc', []],
])('the addresses in "%s"', (line, addresses) => {
  expect(addressesIn(line, 16)).toEqual(addresses);
});
