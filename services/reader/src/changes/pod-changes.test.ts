import { describe, expect, it, vi } from 'vitest';
import type { Pod } from '../cluster/pod.js';
import type { Cut } from './cut.js';
import { EndedLeases } from './ended-leases.js';
import { NO_TIMES } from './leases.test.helpers.js';
import type { TermStart } from './pod-changes.js';
import {
  at,
  BEFORE,
  bookmark,
  createChanges,
  gone,
  list,
  moved,
  NOW,
  pod,
  seen,
  startOf,
  withoutLedger,
} from './pod-changes.test.helpers.js';

const NEXT = new Date(NOW.getTime() + 1);

describe('an event', () => {
  it('becomes a message with its origin and the moment of observation', () => {
    const { changes, published, noted } = createChanges();
    expect(changes.apply(seen(pod(1)))).toBe(true);
    expect(published()).toHaveLength(1);
    expect(published()[0]).toMatchObject({
      origin: 'reader-1',
      dc: 'dc-1',
      pod_ip: '10.0.0.1',
      pod_ip_status: 'alreadyRunning',
      timestamp: NOW.toISOString(),
    });
    expect(noted).toEqual(published());
    expect(changes.knownPods).toBe(1);
  });

  it('says nothing when it changes no address, or is about no pod', () => {
    const { changes, published } = createChanges();
    changes.apply(seen(pod(1)));
    expect(changes.apply(seen(pod(1, { node: 'node-2' })))).toBe(true);
    expect(changes.apply(bookmark)).toBe(true);
    expect(published()).toHaveLength(1);
  });

  it('is not accepted, not even in part, when there is no room for all that it means', () => {
    const { changes, log, noted } = createChanges({ room: 2 });
    changes.apply(seen(pod(1)));
    const changed = seen(pod(1, { ips: ['10.0.0.99'] }));
    expect(changes.apply(changed)).toBe(false);
    expect([log.undelivered, noted.length, log.room]).toEqual([1, 1, 1]);
    log.delivered(1);
    expect(changes.apply(changed)).toBe(true);
    expect(noted.slice(1).map((message) => message.pod_ip)).toEqual(['10.0.0.1', '10.0.0.99']);
  });

  it('is accepted without any room when it means no message', () => {
    const { changes } = createChanges({ room: 0 });
    expect(changes.apply(seen(pod(1, { ips: [] })))).toBe(true);
    expect(changes.apply(gone(pod(1, { ips: [] })))).toBe(true);
    expect(changes.knownPods).toBe(0);
  });

  it('is forgotten with its pod once that holds nothing any more', () => {
    const { changes, short } = createChanges();
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(1)));
    changes.apply(gone(pod(1)));
    expect(short()).toEqual(['alreadyRunning cart-1 false', 'deallocated cart-1 false']);
    expect(changes.knownPods).toBe(0);
  });

  it('is compared with the ledger when the reader resumes', () => {
    const { changes, short, recorded } = createChanges({ start: startOf([1, 2]) });
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(2)));
    changes.apply(moved(pod(3)));
    expect(short()).toEqual(['deallocated cart-2 false', 'allocated cart-3 false']);
    expect(recorded().gaps).toEqual([]);
  });
});

describe('a list', () => {
  it('is what is there the first time, and what was missed from then on', async () => {
    const { changes, short, time } = createChanges();
    await list(changes, [pod(1), pod(2)], '1', 'start');
    time.now = at(60);
    await list(changes, [pod(2), pod(3)], '2', 'start');
    expect(short()).toEqual([
      'alreadyRunning cart-1 false',
      'alreadyRunning cart-2 false',
      'deallocated cart-1 true',
      'alreadyRunning cart-3 true',
    ]);
    expect(changes.knownPods).toBe(2);
  });

  it('is compared with the ledger when there is one', async () => {
    const { changes, short, recorded } = createChanges({ start: startOf([1, 2]) });
    await list(changes, [pod(2), pod(3)], '8', 'expired');
    expect(short()).toEqual(['deallocated cart-1 true', 'alreadyRunning cart-3 true']);
    expect(recorded().gaps).toEqual([{ startedAt: BEFORE, endedAt: NOW, reason: 'expired' }]);
  });

  it('says that what is missing was deduced, also when the ledger has no checkpoint yet', async () => {
    const { changes, short } = createChanges({ start: { ...startOf([1]), checkpoint: undefined } });
    await list(changes, [], '8', 'start');
    expect(short()).toEqual(['deallocated cart-1 true']);
  });

  /** Lets a list of 25 pods into a log with room for 10 messages. @returns what each part left in the log for the ledger */
  async function listSlowly(start: TermStart) {
    const { changes, log, recorded } = createChanges({ room: 10, start });
    const pods = Array.from({ length: 25 }, (_, index) => pod(index));
    const listed = list(changes, pods, '1', 'start', { pageSize: 15 });
    const cuts: (Cut | undefined)[] = [];
    for (let part = 1; part <= 2; part += 1) {
      await log.until(() => log.undelivered === 10, AbortSignal.timeout(5_000));
      log.delivered([...log.undeliveredAfter(0, 100)].at(-1)?.number ?? 0);
      cuts.push(log.cut());
      await new Promise(setImmediate);
    }
    await listed;
    expect(recorded().leases.map((record) => record.pod.name)).toEqual(pods.map(({ name }) => name));
    expect(recorded().checkpoints).toEqual(['1']);
    expect(cuts.map((cut) => cut?.leases.length)).toEqual([10, 20]);
    return { cuts, gaps: recorded().gaps };
  }

  it('is recorded in parts when it means more messages than there is room for: before its end, a list is due', async () => {
    const { cuts, gaps } = await listSlowly(startOf([]));
    const due = { resourceVersion: '', knownAt: BEFORE };
    expect(cuts.map((cut) => cut?.checkpoint)).toEqual([due, due]);
    expect(cuts.map((cut) => cut?.gaps)).toEqual([[], []]);
    expect(gaps).toEqual([{ startedAt: BEFORE, endedAt: NOW, reason: 'start' }]);
  });

  it('is recorded as it comes when there was none before, and only its end has a checkpoint', async () => {
    const { cuts, gaps } = await listSlowly(withoutLedger());
    expect(cuts.map((cut) => cut?.checkpoint)).toEqual([undefined, undefined]);
    expect(gaps).toEqual([{ startedAt: undefined, endedAt: NOW, reason: 'start' }]);
  });

  it('is published page by page when there was none before, each page with its own times', async () => {
    const { changes, published } = createChanges();
    const startedAt = (index: number, second: number) => {
      const accepted = { createdAt: second - 1, scheduledAt: second - 1, acceptedAt: second - 1 };
      const reported = { kubeletNewest: second, kubeletWroteAt: second, writtenAt: second };
      return pod(index, { times: { ...NO_TIMES, ...accepted, ...reported, firstStartedAt: second } });
    };
    const first = BEFORE.getTime() / 1_000;
    const listing = changes.startList();
    await listing.page([startedAt(1, first + 600), startedAt(2, first + 300)], async () => true);
    expect(published().map(({ pod: name }) => name)).toEqual(['cart-2', 'cart-1']);
    await listing.page([startedAt(3, first + 10)], async () => true);
    await listing.end('1', 'start', async () => true);
    const seconds = published().map(({ timestamp }) => Date.parse(timestamp) / 1_000 - first);
    expect(seconds.map(Math.floor)).toEqual([300, 600, 10]);
    // What follows is later than all of them.
    changes.apply(seen(pod(4)));
    expect(published().at(-1)?.timestamp).toBe(NOW.toISOString());
  });

  it('waits for nothing when it finds nothing new: the watch opens again, whatever waits for the queue', async () => {
    const { changes, log } = createChanges({ room: 8, start: startOf([1]) });
    const pods = Array.from({ length: 9 }, (_, index) => pod(index + 1));
    for (const started of pods.slice(1)) changes.apply(seen(started));
    expect(log.undelivered).toBe(8);
    const mayAccept = vi.fn(async () => true);
    expect(await list(changes, pods, '9', 'expired', { mayAccept, pageSize: 3 })).toBe(true);
    expect(mayAccept).toHaveBeenCalledTimes(1);
    expect(log.undelivered).toBe(8);
  });

  it('names a jump of the clock with the first page that is recorded after it, and once', async () => {
    const { changes, jumps, recorded } = createChanges();
    const listing = changes.startList();
    await listing.page([pod(1)], async () => true);
    jumps.push({ from: at(-60), to: NOW });
    await listing.page([pod(2)], async () => true);
    const jumped = { startedAt: at(-60), endedAt: NOW, reason: 'clock' };
    expect(recorded().gaps).toEqual([jumped]);
    await listing.end('1', 'start', async () => true);
    expect(recorded().gaps).toEqual([jumped, { startedAt: undefined, endedAt: NOW, reason: 'start' }]);
  });

  it('that was given up is continued by the next one as what is there, but for what is gone', async () => {
    const { changes, short } = createChanges();
    await changes.startList().page([pod(1), pod(2)], async () => true);
    expect(short()).toEqual(['alreadyRunning cart-1 false', 'alreadyRunning cart-2 false']);
    await list(changes, [pod(2), pod(3)], '2', 'start', { pageSize: 1 });
    expect(short().slice(2)).toEqual(['alreadyRunning cart-3 false', 'deallocated cart-1 true']);
  });

  it('publishes the end of a lease before the next lease of its address, on whatever pages they are', async () => {
    const { changes, published } = createChanges();
    const successor = pod(9, { ips: ['10.0.0.1'] });
    const moved = pod(2, { ips: ['10.0.0.99'] });
    await changes.startList().page([pod(1), pod(2)], async () => true);
    await list(changes, [successor, pod(3, { ips: ['10.0.0.2'] }), moved], '2', 'start', { pageSize: 1 });
    const later = published().slice(2);
    for (const ip of ['10.0.0.1', '10.0.0.2']) {
      const ofAddress = later.filter((message) => message.pod_ip === ip);
      expect(ofAddress.map((message) => message.pod_ip_status)).toEqual(['deallocated', 'alreadyRunning']);
      expect(ofAddress[0]?.timestamp.localeCompare(ofAddress[1]?.timestamp ?? '')).toBeLessThanOrEqual(0);
    }
  });

  it('of others than are known is written in parts, the end of each lease before the next one of its address', async () => {
    const count = 3_000;
    const indexes = Array.from({ length: count }, (_, index) => index);
    const others = indexes.map((index) =>
      pod(count + index, {
        ips: [`10.0.0.${index}`],
        times: { ...NO_TIMES, firstStartedAt: NOW.getTime() / 1_000 - index },
      }),
    );
    const { changes, published, recorded, knownAt } = createChanges({ start: startOf(indexes) });
    const listed = list(changes, others, '8', 'expired');
    let isOver = false;
    void listed.then(() => {
      isOver = true;
    });
    for (let parts = 0; !isOver; parts += 1) {
      published();
      if (parts > 0 && recorded().checkpoints.length > 0 && !isOver) expect(knownAt()).toEqual(BEFORE);
      await new Promise(setImmediate);
    }
    expect(await listed).toBe(true);
    expect(recorded().checkpoints.at(-1)).toBe('8');
    const ofAddress = Map.groupBy(published(), (message) => message.pod_ip);
    expect(ofAddress.size).toBe(count);
    for (const both of ofAddress.values()) {
      expect(both.map((message) => message.pod_ip_status)).toEqual(['deallocated', 'alreadyRunning']);
      expect(both[0]?.timestamp.localeCompare(both[1]?.timestamp ?? '')).toBe(-1);
    }
    expect(changes.knownPods).toBe(count);
  });

  it('is given up when the reader no longer leads after it waited for room', async () => {
    const { changes, log } = createChanges({ room: 10 });
    const pods = Array.from({ length: 25 }, (_, index) => pod(index));
    const listed = list(changes, pods, '1', 'start', { mayAccept: async () => false });
    await log.until(() => log.undelivered > 0, AbortSignal.timeout(5_000));
    log.delivered(1);
    expect(await listed).toBe(false);
    expect([...log.undeliveredAfter(0, 100)]).toEqual([]);
  });

  it('that was given up in the middle is found again by the next one, and nothing is lost', async () => {
    const indexes = Array.from({ length: 25 }, (_, index) => index);
    const { changes, log, short } = createChanges({ room: 10, start: startOf(indexes) });
    const answers = [true, false];
    const mayAccept = async () => answers.shift() ?? true;
    const first = list(changes, [], '8', 'expired', { mayAccept });
    await log.until(() => log.undelivered > 0, AbortSignal.timeout(5_000));
    expect(short()).toHaveLength(10);
    expect(await first).toBe(false);
    expect(changes.knownPods).toBe(15);
    const second = list(changes, [], '9', 'expired');
    while (changes.knownPods > 0) {
      short();
      await new Promise(setImmediate);
    }
    await second;
    expect(new Set(short()).size).toBe(25);
  });

  it('that was given up between changes of a pod: the next one ends what was started, and once what was ended', async () => {
    const { changes, log, published } = createChanges({ room: 1, start: startOf([1]) });
    const listSlowly = async (listed: Pod, parts: number) => {
      let asked = 0;
      let isOver = false;
      const mayAccept = async () => {
        asked += 1;
        return asked <= parts;
      };
      const ending = list(changes, [listed], '8', 'expired', { mayAccept }).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        if (log.undelivered > 0) published();
        await new Promise(setImmediate);
      }
      return ending;
    };
    expect(await listSlowly(pod(1, { ips: ['10.0.0.11', '10.0.0.12'] }), 2)).toBe(false);
    expect(published()).toHaveLength(2);
    expect(await listSlowly(pod(1, { ips: [] }), 10)).toBe(true);
    const ipsOf = (isEnd: boolean) =>
      published().flatMap((message) =>
        (message.pod_ip_status === 'deallocated') === isEnd ? [message.pod_ip] : [],
      );
    expect(ipsOf(false).length).toBeGreaterThan(0);
    expect(ipsOf(true).sort()).toEqual(['10.0.0.1', ...ipsOf(false)].sort());
  });

  it('that was given up before it published the next holder of an address: the next one starts it after the end before', async () => {
    const { changes, log, published } = createChanges({ room: 1, start: startOf([1, 2]) });
    const next = pod(2, { ips: ['10.0.0.2', '10.0.0.1'], times: NO_TIMES });
    const answers = [true, false];
    const first = list(changes, [next], '8', 'expired', { mayAccept: async () => answers.shift() ?? true });
    await log.until(() => log.undelivered > 0, AbortSignal.timeout(5_000));
    expect(published().map(({ pod_uid: uid }) => uid)).toEqual(['uid-1']);
    expect(await first).toBe(false);
    await list(changes, [next], '9', 'expired');
    const [end, start] = published().map(({ pod_uid: uid, timestamp }) => ({ uid, timestamp }));
    expect(start?.uid).toBe('uid-2');
    expect(Date.parse(start?.timestamp ?? '')).toBeGreaterThan(Date.parse(end?.timestamp ?? ''));
  });

  it('is given up when the reader stops while it waits for room', async () => {
    const { changes, published, stopping } = createChanges({ room: 10 });
    stopping.abort(new Error('stopped'));
    await expect(list(changes, [pod(1)], '1', 'start')).rejects.toThrow('stopped');
    expect(published()).toEqual([]);
  });
});

describe('a pod that held something before', () => {
  const ids = (published: () => { readonly event_id: string; readonly pod_ip_status: string }[]) =>
    published().map(({ pod_ip_status: status, event_id: id }) => `${status} ${id}`);

  it('gets another lease when it runs again after it had finished', () => {
    const { changes, published } = createChanges();
    changes.apply(seen(pod(1)));
    changes.apply(moved(pod(1, { finished: true })));
    changes.apply(moved(pod(1, { finished: true, node: 'node-2' })));
    expect(changes.knownPods).toBe(0);
    changes.apply(moved(pod(1)));
    expect(published().map((message) => message.pod_ip_status)).toEqual([
      'alreadyRunning',
      'deallocated',
      'allocated',
    ]);
    expect(new Set(ids(published)).size).toBe(3);
    expect(published()[2]?.event_id).not.toBe(published()[0]?.event_id);
  });

  it('gets another lease when a list has it again after it was deleted: a backup was restored', async () => {
    const { changes, published } = createChanges();
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(1)));
    await list(changes, [pod(1)], '3', 'reset');
    expect(published().map((message) => message.pod_ip_status)).toEqual([
      'alreadyRunning',
      'deallocated',
      'allocated',
    ]);
    expect(published()[2]?.event_id).not.toBe(published()[0]?.event_id);
  });

  it('gets the lease that follows those of the ledger', () => {
    const start = {
      ...startOf([]),
      ended: new EndedLeases(new Map([['uid-1', new Map([['10.0.0.1', 3]])]])),
    };
    const { changes, recorded, drain } = createChanges({ start });
    changes.apply(moved(pod(1)));
    changes.apply(bookmark);
    drain();
    expect(recorded().leases.map(({ occurrence }) => occurrence)).toEqual([3]);
  });
});

describe('for the ledger', () => {
  it('a start and an end stand beside their messages, with their times', () => {
    const { changes, recorded, published } = createChanges({ start: startOf([]) });
    changes.apply(seen(pod(1)));
    changes.apply(gone(pod(1)));
    expect(recorded().leases).toMatchObject([
      { ip: '10.0.0.1', occurrence: 0, startedAt: NOW, end: undefined },
      {
        ip: '10.0.0.1',
        occurrence: 0,
        startedAt: NOW,
        end: { at: NEXT, reason: 'deleted', inferred: false },
      },
    ]);
    expect(published().map(({ timestamp }) => timestamp)).toEqual([NOW.toISOString(), NEXT.toISOString()]);
  });

  it('an event without a version is nothing from which a watch could be resumed', () => {
    const { changes, recorded } = createChanges({ start: startOf([]) });
    changes.apply({ ...seen(pod(1)), resourceVersion: '' });
    expect(recorded()).toMatchObject({ leases: [{ ip: '10.0.0.1' }], checkpoints: [''] });
    changes.apply(bookmark);
    expect(recorded().checkpoints).toEqual(['', '9']);
  });

  it('an event for which there is no room moves nothing', () => {
    const { changes, recorded } = createChanges({ room: 0, start: startOf([]) });
    expect(changes.apply(seen(pod(1)))).toBe(false);
    expect(recorded().checkpoints).toEqual([]);
  });

  it('the watermark stands beside the checkpoint', () => {
    const { changes, knownAt, time } = createChanges({ start: startOf([]) });
    time.now = at(10);
    changes.catchingUp();
    changes.apply(seen(pod(1)));
    expect(knownAt()).toEqual(BEFORE);
    changes.apply(bookmark);
    expect(knownAt()).toEqual(at(10 - 5));
  });
});

describe('a watch that lags behind', () => {
  it.each([
    ['', undefined],
    [', also by an event of a namespace that is not watched', () => false],
  ])('moves the watermark no further, until a bookmark%s', (_, isWatched) => {
    const { changes, knownAt, time } = createChanges({ start: startOf([]), isWatched });
    changes.apply(bookmark);
    expect(knownAt()).toEqual(at(-5));
    time.now = at(30);
    changes.apply(seen(pod(1)));
    expect(knownAt()).toEqual(at(-5));
    changes.apply(seen(pod(2, { times: NO_TIMES })));
    expect(knownAt()).toEqual(at(-5));
    changes.apply(bookmark);
    expect(knownAt()).toEqual(at(25));
  });
});

describe('a term that has to catch up names the time until then as a gap', () => {
  const overflow = () => startOf([1], { startedAt: BEFORE, reason: 'ledger-overflow' });

  it('at the first bookmark, once', () => {
    const { changes, recorded, time } = createChanges({ start: overflow() });
    time.now = at(10);
    changes.apply(gone(pod(1)));
    expect(recorded().gaps).toEqual([]);
    time.now = at(20);
    changes.apply(bookmark);
    changes.apply(bookmark);
    expect(recorded().gaps).toEqual([{ startedAt: BEFORE, endedAt: at(20), reason: 'ledger-overflow' }]);
  });

  it('with a list, too, and after all that the list means', async () => {
    const { changes, recorded, published } = createChanges({ start: overflow() });
    await list(changes, [pod(2)], '8', 'expired');
    expect(recorded().gaps).toMatchObject([
      { startedAt: BEFORE, endedAt: NOW, reason: 'expired' },
      { startedAt: BEFORE, reason: 'ledger-overflow' },
    ]);
    const endsAt = recorded().gaps[1]?.endedAt.toISOString() ?? '';
    expect(published().every(({ timestamp }) => timestamp < endsAt)).toBe(true);
  });

  it('when changes may be published out of order, from the watermark on, once for each time', () => {
    const { changes, recorded, marker, time } = createChanges({ start: startOf([1]), lateSince: NOW });
    changes.apply(bookmark);
    changes.apply(bookmark);
    const late = (endedAt: Date) => ({ startedAt: BEFORE, endedAt, reason: 'late' });
    expect(recorded().gaps).toEqual([late(NOW)]);
    marker.since = undefined;
    changes.apply(bookmark);
    time.now = at(20);
    marker.since = at(10);
    changes.apply(bookmark);
    expect(recorded().gaps).toEqual([late(NOW), late(at(20))]);
  });

  it('from the marker on when that is older: another reader has led since', () => {
    const lateSince = new Date(BEFORE.getTime() - 60_000);
    const { changes, recorded } = createChanges({ start: startOf([1]), lateSince });
    changes.apply(bookmark);
    expect(recorded().gaps).toEqual([{ startedAt: lateSince, endedAt: NOW, reason: 'late' }]);
  });
});

describe('a jump of the clock is named in the ledger, once,', () => {
  const jump = { from: at(-10), to: NOW };
  const gap = { startedAt: at(-10), endedAt: NOW, reason: 'clock' };

  it('also when there was no room for the event before which it was found', () => {
    const { changes, log, jumps, recorded } = createChanges({ room: 1, start: startOf([]) });
    changes.apply(seen(pod(1)));
    jumps.push(jump);
    expect(changes.apply(seen(pod(2)))).toBe(false);
    log.delivered(1);
    expect(changes.apply(seen(pod(2)))).toBe(true);
    changes.apply(bookmark);
    expect(recorded().gaps).toEqual([gap]);
  });

  it('also when the list before which it was found was given up', async () => {
    const { changes, jumps, recorded } = createChanges({ start: startOf([]) });
    jumps.push(jump);
    await list(changes, [pod(1)], '8', 'start', { mayAccept: async () => false });
    await list(changes, [pod(1)], '9', 'start');
    changes.apply(bookmark);
    expect(recorded().gaps.filter(({ reason }) => reason === 'clock')).toEqual([gap]);
  });
});

it('a gap begins before it ends, also after the clock was set back', async () => {
  const { changes, recorded, time } = createChanges({ start: startOf([]) });
  time.now = new Date(BEFORE.getTime() - 60_000);
  await list(changes, [], '8', 'expired');
  expect(recorded().gaps).toEqual([{ startedAt: time.now, endedAt: BEFORE, reason: 'expired' }]);
});
