import { describe, expect, it, vi } from 'vitest';
import type { Interval } from './event-times.js';
import { HandOvers } from './hand-overs.js';
import type { EndReason, IpChange } from './leases.js';
import { SharedTimes, Timeline } from './timeline.js';

const X = '10.0.0.1';
const Y = '10.0.0.2';
const interval = (notBefore: number, best = notBefore, notAfter = best): Interval => ({
  notBefore,
  best,
  notAfter,
});

function change(
  uid: string,
  ip: string,
  when: Interval,
  endReason?: EndReason,
  started = interval(0),
): IpChange {
  const pod = { uid, namespace: 'shop', name: uid, ownerKind: 'Job', ownerName: 'x', node: 'node-1' };
  const lease = { ip, occurrence: 0, started: endReason ? started : when, startInferred: false };
  const status = endReason ? 'deallocated' : 'allocated';
  return { pod: { ...pod, hostNetwork: false }, lease, status, endReason, interval: when, inferred: false };
}
const start = (uid: string, ip: string, when: Interval) => change(uid, ip, when);
const end = (uid: string, ip: string, when: Interval, started?: Interval) =>
  change(uid, ip, when, 'finished', started);

function open(latest?: number) {
  const onContradiction = vi.fn();
  const shared = new SharedTimes(latest === undefined ? undefined : new Date(latest));
  return { timeline: new Timeline(shared, onContradiction), shared, onContradiction };
}
/** A list whose changes come in these parts. */
function placeList(timeline: Timeline, ...parts: readonly (readonly IpChange[])[]) {
  const handOvers = new HandOvers();
  for (const each of parts.flat()) if (each.endReason === undefined) handOvers.expect(each);
  const changes = parts.flatMap((part) => timeline.placePart(part, handOvers).changes);
  timeline.listed();
  return { changes };
}
const times = (changes: readonly IpChange[]) =>
  changes.map(({ interval: { notBefore, best, notAfter } }) => [notBefore, best, notAfter]);
const named = (changes: readonly IpChange[]) =>
  changes.map(
    ({ pod, endReason, interval: { best } }) => `${endReason ? 'end' : 'start'} ${pod.uid} ${best}`,
  );

describe('events', () => {
  it('have later and later times, and wider intervals where they would not', () => {
    const { timeline } = open();
    timeline.place([start('a', X, interval(90, 100, 110))]);
    const { changes } = timeline.place([
      start('b', Y, interval(80, 95, 100)),
      start('b', 'fd00::1', interval(150)),
    ]);
    expect(times(changes)).toEqual([
      [80, 101, 101],
      [150, 150, 150],
    ]);
    expect(timeline.next(new Date(140))).toEqual(new Date(151));
  });

  it('keep their times beside those of another feed, but follow the last holder of their address', () => {
    const { timeline, shared, onContradiction } = open();
    const first = interval(900);
    timeline.place([start('a', X, first), end('a', X, interval(1_000), first)]);
    const other = new Timeline(shared, onContradiction);
    const replayed = [start('b', Y, interval(100)), start('c', X, interval(950, 960, 1_100))];
    expect(times(other.place(replayed).changes)).toEqual([
      [100, 100, 100],
      [1_000, 1_001, 1_100],
    ]);
    expect(other.next(new Date(0))).toEqual(new Date(1_002));
  });

  it('end a lease after it began, if only by a millisecond', () => {
    const { timeline } = open();
    const started = interval(1_000);
    const { changes } = timeline.placePart([end('a', X, interval(800, 900, 950), started)], new HandOvers());
    expect(times(changes)).toEqual([[950, 1_001, 1_001]]);
  });

  it('are later than the ledger', () => {
    const { timeline } = open(1_000);
    expect(times(timeline.place([start('a', X, interval(900, 950, 980))]).changes)).toEqual([
      [900, 1_001, 1_001],
    ]);
  });

  it('begin leases with the times that they got', () => {
    const { timeline } = open(1_000);
    const original = start('a', X, interval(900, 950, 980));
    const { changes, leases } = timeline.place([original]);
    expect(leases.get(original.lease)?.started).toEqual(interval(900, 1_001, 1_001));
    expect(changes[0]?.lease).toBe(leases.get(original.lease));
  });
});

describe('the changes of a list', () => {
  it('are sorted by their times, so that none is later because of another', () => {
    const { timeline } = open(5);
    const { changes } = placeList(timeline, [
      end('gone', X, interval(0, 50, 100)),
      start('late', '10.0.0.3', interval(80)),
      start('early', '10.0.0.4', interval(10)),
    ]);
    expect(named(changes)).toEqual(['start early 10', 'end gone 50', 'start late 80']);
  });

  it('of one time have one time, ends before starts', () => {
    const { timeline } = open(20);
    const { changes } = placeList(timeline, [
      ...['a', 'b'].map((uid) => end(uid, uid, interval(0, 10, 30))),
      ...['c', 'd'].map((uid) => start(uid, uid, interval(0, 10, 30))),
    ]);
    expect(named(changes)).toEqual(['end a 21', 'end b 21', 'start c 22', 'start d 22']);
  });

  const ending = end('a', X, interval(10, 50, 100));
  const starting = start('b', X, interval(5, 20, 25));
  it.each([
    ['one part', [[ending, starting]]],
    ['two parts', [[ending], [starting]]],
  ])('bound each other where an address went from one pod to the next, in %s', (_, parts) => {
    const { timeline, onContradiction } = open(0);
    expect(times(placeList(timeline, ...parts).changes)).toEqual([
      [10, 25, 25],
      [10, 26, 26],
    ]);
    expect(onContradiction).not.toHaveBeenCalled();
  });

  it('have their own times in each part, and what follows is later than all of them', () => {
    const { timeline } = open(5);
    const parts = [[end('gone', X, interval(50))], [start('early', Y, interval(10))]];
    expect(named(placeList(timeline, ...parts).changes)).toEqual(['end gone 50', 'start early 10']);
    expect(named(timeline.place([start('next', '10.0.0.3', interval(20))]).changes)).toEqual([
      'start next 51',
    ]);
  });
});

describe('the next holder of an address', () => {
  it('got it after the one before it had left it', () => {
    const { timeline } = open();
    timeline.place([end('a', X, interval(10, 20, 30))]);
    expect(times(timeline.place([start('b', X, interval(5, 12, 40))]).changes)).toEqual([[10, 21, 40]]);
  });

  it('may be seen before the end of the one before it: then that ended earlier', () => {
    const { timeline, onContradiction } = open();
    timeline.place([start('a', X, interval(1))]);
    timeline.place([start('b', X, interval(10, 20, 20))]);
    const { changes } = timeline.place([end('a', X, interval(15, 30, 30))]);
    expect(times(changes)).toEqual([[15, 30, 30]]);
    expect(onContradiction).not.toHaveBeenCalled();
  });

  const ending = end('a', X, interval(50, 60, 70));
  const starting = start('b', X, interval(5, 6, 10));
  it.each([
    ['the end', (timeline: Timeline) => [ending, starting].map((each) => timeline.place([each]))],
    ['the start', (timeline: Timeline) => [starting, ending].map((each) => timeline.place([each]))],
    ['a list', (timeline: Timeline) => [placeList(timeline, [ending, starting])]],
  ])('had it before, in every reading: that is a defect, and is widened (%s first)', (_, see) => {
    const { timeline, onContradiction } = open();
    const changes = see(timeline).flatMap((placed) => placed.changes);
    expect(onContradiction).toHaveBeenCalledExactlyOnceWith({
      ip: X,
      end: ending.interval,
      start: starting.interval,
    });
    const [ended, started] = ['a', 'b'].map((uid) => changes.find(({ pod }) => pod.uid === uid)?.interval);
    expect(ended?.notBefore).toBeLessThanOrEqual(started?.notAfter ?? 0);
  });

  it('is bounded by what is placed, and no longer once the list is given up, but for what is in the log', () => {
    const { timeline, shared, onContradiction } = open();
    const next = () => {
      const [placed] = new Timeline(shared, onContradiction).place([
        start('c', X, interval(80, 90, 300)),
      ]).changes;
      shared.lastOfAddress.delete(X);
      return placed?.interval.best;
    };
    const part = [end('a', X, interval(90, 100, 110)), start('b', X, interval(120, 130, 140))];
    timeline.placePart(part.slice(0, 1), new HandOvers());
    expect(next()).toBe(101);
    const placed = timeline.placePart(part, new HandOvers());
    timeline.takeBack(placed, placed.changes.slice(0, 1));
    expect(shared.lastOfAddress.get(X)?.uid).toBe('a');
    expect(next()).toBe(101);
    const again = timeline.placePart(part, new HandOvers());
    timeline.takeBack(again, []);
    expect(next()).toBe(90);
  });

  it('is not forgotten for a list that is given up after another feed has seen it', () => {
    const { timeline, shared, onContradiction } = open();
    const placed = timeline.placePart([end('a', X, interval(90, 100, 110))], new HandOvers());
    new Timeline(shared, onContradiction).place([start('b', X, interval(200))]);
    timeline.takeBack(placed, placed.changes);
    expect(shared.lastOfAddress.get(X)?.uid).toBe('b');
  });

  it('is not bounded on the address of a node', () => {
    const { timeline, onContradiction } = open();
    const onHost = (each: IpChange) => ({ ...each, pod: { ...each.pod, hostNetwork: true } });
    timeline.place([onHost(end('a', X, interval(50)))]);
    timeline.place([onHost(start('b', X, interval(5)))]);
    expect(onContradiction).not.toHaveBeenCalled();
  });
});

it('a lease does not end before it began', () => {
  const { timeline } = open();
  const { changes } = timeline.place([end('a', X, interval(5, 60, 70), interval(40, 50, 50))]);
  expect(times(changes)).toEqual([[40, 60, 70]]);
});
