import { expect, it } from 'vitest';
import { ALL, Positions } from './positions.js';

const at = (resourceVersion: string, ms: number) => ({ resourceVersion, knownAt: new Date(ms) });

it('the position of a single feed is its version', () => {
  const positions = new Positions([ALL]);
  expect(positions.moved(ALL, at('7', 70))).toEqual(at('7', 70));
  expect(positions.restore(ALL, at('7', 70))).toEqual(at('7', 70));
});

it('the position of several is that of each, and the time of the slowest, once all have one', () => {
  const positions = new Positions(['shop', 'web']);
  expect(positions.moved('shop', at('7', 70))).toBeUndefined();
  expect(positions.moved('web', at('5', 50))).toEqual(at('{"shop":"7","web":"5"}', 50));
  expect(positions.moved('web', at('9', 90))).toEqual(at('{"shop":"7","web":"9"}', 70));
});

it('feeds continue from the position of an earlier reader, a new one begins with a list', () => {
  const checkpoint = at('{"shop":"7","web":"5"}', 50);
  const positions = new Positions(['shop', 'new']);
  expect(positions.restore('shop', checkpoint)).toEqual(at('7', 50));
  expect(positions.restore('new', checkpoint)).toBeUndefined();
  expect(positions.moved('shop', at('8', 60))).toBeUndefined();
  expect(positions.moved('new', at('9', 70))).toEqual(at('{"shop":"8","new":"9"}', 60));
});

it('each namespace continues from a position of all, but not the other way round', () => {
  expect(new Positions(['shop']).restore('shop', at('7', 70))).toEqual(at('7', 70));
  expect(new Positions([ALL]).restore(ALL, at('{"shop":"7"}', 70))).toBeUndefined();
  expect(new Positions(['shop']).restore('shop', undefined)).toBeUndefined();
});
