import { expect, test } from 'vitest';
import { createClientPlaces } from './client-places.js';
import { createNetworks } from './networks.js';

const open = () => createClientPlaces({ perClient: 2, isShared: createNetworks(['10.0.0.0/8']) });

test('a client that has all its places gets no more, until it gives one back', () => {
  const places = open();
  const first = places.take('203.0.113.7');
  expect(places.take('::ffff:203.0.113.7')).toBeDefined();
  expect(places.take('203.0.113.7')).toBeUndefined();
  expect(places.take('203.0.113.8')).toBeDefined();
  first?.();
  expect(places.take('203.0.113.7')).toBeDefined();
  expect(places.take('203.0.113.7')).toBeUndefined();
});

test('the addresses of one subscriber are one client', () => {
  const places = open();
  expect(places.take('2001:db8::1')).toBeDefined();
  expect(places.take('2001:db8::2')).toBeDefined();
  expect(places.take('2001:db8::3')).toBeUndefined();
});

test('a proxy speaks for many', () => {
  const places = open();
  for (let n = 0; n < 10; n += 1) expect(places.take('10.1.2.3')).toBeDefined();
});
