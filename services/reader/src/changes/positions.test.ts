import { expect, it } from 'vitest';
import { ALL, namespacesOf, Positions, withoutUnwatched } from './positions.js';

const at = (resourceVersion: string, ms: number) => ({ resourceVersion, knownAt: new Date(ms) });

it('the position of a single feed is its version', () => {
  const positions = new Positions([ALL]);
  expect(positions.moved(ALL, at('7', 70))).toEqual(at('7', 70));
  expect(positions.restore(ALL, at('7', 70))).toEqual(at('7', 70));
});

it('the position of several is that of each, and the time of the slowest that has one', () => {
  const positions = new Positions(['shop', 'web']);
  expect(positions.moved('shop', at('7', 70))).toEqual(at('{"shop":"7"}', 70));
  expect(positions.moved('web', at('5', 50))).toEqual(at('{"shop":"7","web":"5"}', 50));
  expect(positions.moved('web', at('9', 90))).toEqual(at('{"shop":"7","web":"9"}', 70));
});

it('feeds continue from the position of an earlier reader, a new one begins with a list', () => {
  const checkpoint = at('{"shop":"7","web":"5"}', 50);
  const positions = new Positions(['shop', 'new']);
  expect(positions.restore('shop', checkpoint)).toEqual(at('7', 50));
  expect(positions.restore('new', checkpoint)).toBeUndefined();
  expect(positions.moved('shop', at('8', 60))).toEqual(at('{"shop":"8"}', 60));
  expect(positions.moved('new', at('9', 70))).toEqual(at('{"shop":"8","new":"9"}', 60));
});

it('the time does not pass leases that may have ended unseen, of a feed that has to list again', () => {
  const positions = new Positions(['shop', 'web', 'new']);
  positions.restore('web', at('{}', 50), true);
  expect(positions.moved('shop', at('7', 70))).toEqual(at('{"shop":"7"}', 50));
  expect(positions.moved('web', at('8', 80))).toEqual(at('{"shop":"7","web":"8"}', 70));
  positions.listing('new', new Date(90));
  expect(positions.moved('shop', at('9', 99))).toMatchObject({ knownAt: new Date(80) });
  expect(positions.moved('web', at('9', 99))).toMatchObject({ knownAt: new Date(90) });
});

it('each namespace continues from a position of all, but not the other way round', () => {
  expect(new Positions(['shop']).restore('shop', at('7', 70))).toEqual(at('7', 70));
  expect(new Positions([ALL]).restore(ALL, at('{"shop":"7"}', 70))).toBeUndefined();
  expect(new Positions(['shop']).restore('shop', undefined)).toBeUndefined();
});

const scope = ({ watch = undefined as string[] | undefined, ignore = [] as string[], networks = false }) => ({
  namespaces: watch,
  ignored: ignore,
  secondaryNetworks: networks,
});

it.each([
  ['the same', '7', scope({ ignore: ['a'] }), scope({ ignore: ['a'] }), '7'],
  ['fewer', '7', scope({}), scope({ watch: ['a'] }), '7'],
  [
    'fewer of some',
    '{"a":"7","b":"8"}',
    scope({ watch: ['a', 'b'] }),
    scope({ watch: ['a'] }),
    '{"a":"7","b":"8"}',
  ],
  ['none ignored any more', '7', scope({ ignore: ['a'] }), scope({}), '{}'],
  ['another one ignored', '7', scope({ ignore: ['a'] }), scope({ ignore: ['b'] }), '{}'],
  [
    'one that was ignored, and one that was not',
    '7',
    scope({ ignore: ['a'] }),
    scope({ watch: ['a', 'b'] }),
    '{"b":"7"}',
  ],
  ['one more', '{"a":"7"}', scope({ watch: ['a'] }), scope({ watch: ['a', 'b'] }), '{"a":"7"}'],
  ['all', '{"a":"7"}', scope({ watch: ['a'] }), scope({}), '{}'],
  ['other networks', '{"a":"7"}', scope({ watch: ['a'] }), scope({ watch: ['a'], networks: true }), '{}'],
  ['no other networks', '7', scope({ networks: true }), scope({}), '7'],
])('what was not watched before has no position: %s', (_, version, had, has, kept) => {
  expect(withoutUnwatched(at(version, 70), had, has)).toEqual(at(kept, 70));
  const feeds = has.namespaces ?? [ALL];
  const positions = new Positions(feeds);
  const resuming = feeds.filter((feed) => positions.restore(feed, at(kept, 70)));
  expect(resuming).toEqual(
    kept === '{}' ? [] : (namespacesOf(kept) ?? feeds).filter((name) => feeds.includes(name)),
  );
});
