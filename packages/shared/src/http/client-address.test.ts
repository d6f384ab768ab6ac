import { expect, test } from 'vitest';
import { clientAddress } from './client-address.js';
import { createNetworks } from './networks.js';

const PROXY = '10.0.0.1';
const isTrusted = createNetworks(['10.0.0.0/8', 'fd00::/8']);

test.each([
  ['of the connection without proxies', '192.0.2.1', {}, '192.0.2.1'],
  ['of a dual-stack socket', '::ffff:192.0.2.1', {}, '192.0.2.1'],
  ['of a dual-stack socket, in hexadecimal', '::ffff:c000:201', {}, '192.0.2.1'],
  ['of the connection that is no trusted proxy', '192.0.2.1', { 'x-forwarded-for': '9.9.9.9' }, '192.0.2.1'],
  ['of a proxy that says nothing', PROXY, {}, PROXY],
  ['that a proxy saw', PROXY, { 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
  [
    'that a proxy on a dual-stack socket saw',
    `::ffff:${PROXY}`,
    { 'x-forwarded-for': '2001:DB8::0:7' },
    '2001:db8::7',
  ],
  [
    'that a proxy saw on its own dual-stack socket',
    PROXY,
    { 'x-forwarded-for': '::ffff:203.0.113.7' },
    '203.0.113.7',
  ],
  ['that a proxy with IPv6 saw', 'fd00::1', { forwarded: 'for="[2001:db8::7]:4711"' }, '2001:db8::7'],
  [
    'that the first of several proxies saw',
    PROXY,
    { 'x-forwarded-for': '9.9.9.9, 203.0.113.7, 10.2.3.4' },
    '203.0.113.7',
  ],
  [
    'of the first of proxies that are all trusted',
    PROXY,
    { 'x-forwarded-for': '10.9.9.9, 10.2.3.4' },
    '10.9.9.9',
  ],
  ['of the proxy that hides its client', PROXY, { forwarded: 'for=_hidden, for=10.2.3.4' }, '10.2.3.4'],
  ['of the proxy that passed on what is none', PROXY, { 'x-forwarded-for': '<b>' }, PROXY],
  [
    'in which both headers agree',
    PROXY,
    { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=203.0.113.7' },
    '203.0.113.7',
  ],
  [
    'of the connection when they do not',
    PROXY,
    { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=9.9.9.9' },
    PROXY,
  ],
  ['that is missing', undefined, {}, 'unknown'],
])('the address is that %s', (_what, remoteAddress, headers, expected) => {
  expect(clientAddress({ headers, socket: { remoteAddress } }, isTrusted)).toBe(expected);
});
