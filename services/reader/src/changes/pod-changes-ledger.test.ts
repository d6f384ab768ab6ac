import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/pod.js';
import {
  at,
  BEFORE,
  bookmark,
  createChanges,
  gone,
  ledgerOf,
  NOW,
  pod,
  seen,
} from './pod-changes.test.helpers.js';

const moved = (of: Pod) => ({ type: 'modified', pod: of, resourceVersion: '9' }) as const;
const NEXT = new Date(NOW.getTime() + 1);

describe('the ledger', () => {
  it('gets a start and an end when their messages are durable, not before', () => {
    const { changes, ledger, makeDurable } = createChanges();
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(1)));
    expect(ledger.leases).toEqual([]);
    makeDurable();
    expect(ledger.leases).toMatchObject([
      { ip: '10.0.0.1', occurrence: 0, startedAt: NOW, end: undefined },
      {
        ip: '10.0.0.1',
        occurrence: 0,
        startedAt: NOW,
        end: { at: NEXT, reason: 'deleted', inferred: false },
      },
    ]);
  });

  it('gets each position with the number of the last message before it', async () => {
    const { changes, ledger } = createChanges();
    await changes.replaceAll([pod(1), pod(2)], '5', 'start');
    changes.apply({ type: 'bookmark', resourceVersion: '6' });
    changes.apply(seen(pod(3)));
    expect(ledger.positions).toEqual(['5 after 2', '6 after 2', '7 after 3']);
  });

  it('gets no position of an event for which there is no room', () => {
    const { changes, ledger, outlet } = createChanges();
    outlet.room = 0;
    expect(changes.apply(seen(pod(1)))).toBe(false);
    expect(ledger.positions).toEqual([]);
  });

  it('is what the first list is compared with', async () => {
    const { changes, ledger, short } = createChanges(1_000, ledgerOf([1, 2]));
    await changes.replaceAll([pod(2), pod(3)], '8', 'expired');
    expect(short()).toEqual(['deallocated cart-1 true', 'alreadyRunning cart-3 true']);
    expect(ledger.gaps).toEqual([{ startedAt: BEFORE, endedAt: NOW, reason: 'expired' }]);
  });

  it('is what events are compared with when the reader resumes', () => {
    const { changes, ledger, short } = createChanges(1_000, ledgerOf([1, 2]));
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(2)));
    changes.apply(moved(pod(3)));
    expect(short()).toEqual(['deallocated cart-2 false', 'allocated cart-3 false']);
    expect(ledger.gaps).toEqual([]);
  });

  it('says that what is missing was deduced, also when it has no position yet', async () => {
    const { changes, short } = createChanges(1_000, { ...ledgerOf([1]), position: undefined });
    await changes.replaceAll([], '8', 'start');
    expect(short()).toEqual(['deallocated cart-1 true']);
  });
});

describe('the time up to which everything is known', () => {
  it('is that of the question, not of the answer, after a list', async () => {
    const { changes, knownAt, time } = createChanges();
    changes.catchingUp();
    time.now = at(60);
    await changes.replaceAll([pod(1)], '5', 'start');
    expect(knownAt()).toEqual(NOW);
  });

  it('stands still until a bookmark says that what happened before the watch was told, and leaves time for the way', async () => {
    const { changes, knownAt, ledger, time } = createChanges(1_000, ledgerOf([]));
    time.now = at(10);
    changes.catchingUp();
    changes.apply(seen(pod(1)));
    expect(knownAt()).toEqual(BEFORE);
    time.now = at(20);
    changes.apply(bookmark);
    expect(knownAt()).toEqual(at(20 - 5));
    time.now = at(30);
    changes.apply(seen(pod(2)));
    expect(knownAt()).toEqual(at(30 - 5));
    changes.catchingUp();
    time.now = at(40);
    changes.apply(seen(pod(3)));
    time.now = at(50);
    await changes.replaceAll([], '20', 'expired');
    expect(ledger.gaps).toEqual([{ startedAt: at(30 - 5), endedAt: at(50), reason: 'expired' }]);
  });
});

describe('a ledger that is taken in late', () => {
  it('shows what ended before the first list, and where the gap began', async () => {
    const { changes, ledger, makeDurable, short } = createChanges();
    await changes.replaceAll([pod(2)], '8', 'start');
    expect(ledger.gaps).toEqual([]);
    await changes.adopt(ledgerOf([1, 2]));
    makeDurable();
    expect(short()).toEqual(['alreadyRunning cart-2 false', 'deallocated cart-1 true']);
    expect(ledger.leases.at(-1)).toMatchObject({ startedAt: BEFORE, end: { at: NOW, reason: 'missing' } });
    expect(ledger.gaps).toEqual([{ startedAt: BEFORE, endedAt: NOW, reason: 'start' }]);
    expect(changes.openLeases()).toMatchObject([{ ip: '10.0.0.2', startedAt: BEFORE }]);
  });

  it('is the ground for the first list when that has not come yet', async () => {
    const { changes, short } = createChanges();
    await changes.adopt(ledgerOf([1]));
    await changes.replaceAll([pod(1), pod(2)], '8', 'start');
    expect(short()).toEqual(['alreadyRunning cart-2 true']);
  });

  it('leaves a gap without a start when it is empty', async () => {
    const { changes, ledger } = createChanges();
    await changes.replaceAll([pod(1)], '8', 'start');
    await changes.adopt({ known: new Map(), position: undefined, term: 1, writtenMsAgo: undefined });
    expect(ledger.gaps).toEqual([{ startedAt: undefined, endedAt: NOW, reason: 'start' }]);
  });

  it('keeps the numbers of leases: an address that comes back is another lease', async () => {
    const { changes, ledger, makeDurable } = createChanges();
    await changes.replaceAll([pod(1, { ips: ['10.0.0.99'] })], '8', 'start');
    await changes.adopt(ledgerOf([1]));
    changes.apply(moved(pod(1)));
    makeDurable();
    expect(ledger.leases.slice(1)).toMatchObject([
      { ip: '10.0.0.1', occurrence: 0, end: { reason: 'changed', inferred: true } },
      { ip: '10.0.0.99', occurrence: 0, end: { reason: 'changed', inferred: false } },
      { ip: '10.0.0.1', occurrence: 1, end: undefined },
    ]);
  });

  it('keeps the number of a lease that goes on', async () => {
    const { changes } = createChanges();
    await changes.replaceAll([pod(1)], '8', 'start');
    await changes.adopt(ledgerOf([1], new Map([['10.0.0.1', 2]])));
    expect(changes.openLeases()).toMatchObject([{ ip: '10.0.0.1', occurrence: 2, startedAt: BEFORE }]);
  });

  it('hears again under its own number of an end that was told under another', async () => {
    const { changes, ledger, makeDurable, told } = createChanges();
    await changes.replaceAll([pod(1), pod(2)], '8', 'start');
    changes.apply(gone(pod(1)));
    changes.apply(gone(pod(2)));
    const before = ledgerOf([1], new Map([['10.0.0.1', 1]]));
    await changes.adopt({ ...before, known: new Map([...before.known, ...ledgerOf([2]).known]) });
    makeDurable();
    const endsOf = (name: string) =>
      told.filter(({ pod_ip_status, pod }) => pod_ip_status === 'deallocated' && pod === name);
    expect(endsOf('cart-2')).toHaveLength(1);
    const [wrong, right] = endsOf('cart-1');
    expect(right).toEqual({ ...wrong, event_id: expect.not.stringMatching(wrong?.event_id ?? '') });
    expect(ledger.leases.at(-1)).toMatchObject({
      occurrence: 1,
      end: { reason: 'deleted', inferred: false },
    });
  });

  it('is not taken in when the history at the start is too long to keep', async () => {
    const { changes, ledger, short } = createChanges(1_000, undefined, 1);
    await changes.replaceAll([pod(1), pod(2), pod(3)], '8', 'start');
    changes.apply(gone(pod(1)));
    changes.apply(gone(pod(2)));
    const told = short();
    expect(await changes.adopt(ledgerOf([1, 2, 3, 4]))).toBe(false);
    expect(short()).toEqual(told);
    expect(ledger.gaps).toEqual([]);
  });

  it('is not taken in when another reader has written it since the first list', async () => {
    const { changes, short } = createChanges();
    await changes.replaceAll([pod(2)], '8', 'start');
    expect(await changes.adopt({ ...ledgerOf([1, 2]), writtenMsAgo: 0 })).toBe(false);
    expect(short()).toEqual(['alreadyRunning cart-2 false']);
  });

  it('is not taken in when another reader has written it since a list was asked for that has not come yet', async () => {
    const { changes, short } = createChanges();
    changes.catchingUp();
    expect(await changes.adopt({ ...ledgerOf([1, 2]), writtenMsAgo: 0 })).toBe(false);
    expect(short()).toEqual([]);
  });

  it('is not taken in when it has a pod that was in no list, and yet is there', async () => {
    const { changes, short } = createChanges();
    await changes.replaceAll([], '8', 'start');
    changes.apply(seen(pod(1)));
    expect(await changes.adopt(ledgerOf([1]))).toBe(false);
    expect(short()).toEqual(['alreadyRunning cart-1 false']);
  });
});

it('a gap begins before it ends, also after the clock was set back', async () => {
  const { changes, ledger, time } = createChanges(1_000, ledgerOf([]));
  time.now = new Date(BEFORE.getTime() - 60_000);
  await changes.replaceAll([], '8', 'expired');
  expect(ledger.gaps).toEqual([{ startedAt: time.now, endedAt: BEFORE, reason: 'expired' }]);
});
