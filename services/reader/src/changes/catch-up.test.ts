import { expect, it } from 'vitest';
import { CatchUp } from './catch-up.js';

const AT = new Date(1_000);
const LATE = new Date(2_000);
const checkpoint = { resourceVersion: '{}', knownAt: AT };

it('a loss of the ledger is one gap, when the last feed that continues has caught up', () => {
  const lost = { startedAt: AT, reason: 'ledger-reverted' };
  const term = new CatchUp(['shop', 'web'], { checkpoint, catchUp: lost });
  expect(term.caughtUp('new', undefined)).toBeUndefined();
  expect(term.caughtUp('shop', undefined)).toBeUndefined();
  expect(term.caughtUp('web', undefined)).toEqual(lost);
  for (const feed of ['shop', 'web', 'new']) expect(term.caughtUp(feed, undefined)).toBeUndefined();
});

it('a marker is one gap of all feeds, and so is the next one', () => {
  const term = new CatchUp(['shop', 'web'], { checkpoint, catchUp: undefined });
  const found = (since: Date | undefined) =>
    ['shop', 'web', 'shop'].map((feed) => term.caughtUp(feed, since));
  const gap = { startedAt: AT, reason: 'late' };
  expect(found(LATE)).toEqual([undefined, gap, undefined]);
  expect(found(undefined)).toEqual([undefined, undefined, undefined]);
  expect(found(new Date(3_000))).toEqual([gap, undefined, undefined]);
});
