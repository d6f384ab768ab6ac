import { expect, test } from 'vitest';
import { createPlaces } from './places.js';

const taken = (places: ReturnType<typeof createPlaces>, ...clients: string[]) =>
  clients.map((client) => places.take(client) !== undefined);

test('one client gets half of them', () => {
  expect(taken(createPlaces(4), 'one', 'one', 'one', 'one')).toEqual([true, true, false, false]);
});

test('two clients that take all they can leave one to a third', () => {
  const places = createPlaces(4);
  expect(taken(places, 'one', 'one', 'two', 'two', 'one')).toEqual([true, true, true, false, false]);
  expect(taken(places, 'three', 'four')).toEqual([true, false]);
});

test('a place that is released is released once', () => {
  const places = createPlaces(2);
  const leave = places.take('one');
  expect(places.take('two')).toBeDefined();
  expect(places.heldBy('one')).toBe(1);
  leave?.();
  leave?.();
  expect(places.heldBy('one')).toBe(0);
  expect(taken(places, 'one', 'three')).toEqual([true, false]);
});

test('the addresses of one subscriber are one client', () => {
  expect(taken(createPlaces(4), '2001:db8::1', '2001:db8::2', '2001:db8::3')).toEqual([true, true, false]);
});
