import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { chain, nodeClock, SAME_CLOCK, serverClock } from './clock-bounds.js';
import {
  type EndOfLease,
  endInterval,
  handOver,
  type Interval,
  keepTimes,
  REPORT_LAG_MS,
  startInterval,
  writeInterval,
} from './event-times.js';
import { type Life, live, lives } from './pod-life.test.helpers.js';
import type { Sight } from './sight.js';

/** As the reader finds it by the `Date` of an answer; by many of them exactly. */
function measuredServer({ serverAhead, roundTripMs, pauseMs }: Life, at: number) {
  if (pauseMs % 2 === 0) return { leastMs: serverAhead, mostMs: serverAhead };
  const date = new Date(at + serverAhead).toUTCString();
  return serverClock(date, at - roundTripMs, at + roundTripMs);
}

function expectWithin(truth: number, { notBefore, best, notAfter }: Interval): void {
  expect(truth).toBeGreaterThanOrEqual(notBefore);
  expect(truth).toBeLessThanOrEqual(notAfter);
  expect(best).toBeGreaterThanOrEqual(notBefore);
  expect(best).toBeLessThanOrEqual(notAfter);
}

const HOW = fc.constantFrom('live' as const, 'replayed' as const, 'listed' as const);
const observed = (how: Sight['how'], writtenAt: number, { pauseMs }: Life) =>
  how === 'live' ? writtenAt + Math.min(pauseMs, 500) : writtenAt + pauseMs;

describe('whatever the clocks say and however late the kubelet reports', () => {
  it('a beginning lies in its interval', () => {
    fc.assert(
      fc.property(lives, HOW, (life, how) => {
        const { started, addressAt, startWrittenAt } = live(life);
        const observedAt = observed(how, startWrittenAt, life);
        const sight = { times: started, observedAt, how, serverClock: measuredServer(life, observedAt) };
        expectWithin(addressAt, startInterval(sight));
        expectWithin(startWrittenAt, writeInterval(sight));
      }),
      { numRuns: inject('propertyRuns') },
    );
  });

  it('the end of a pod that finished lies in its interval', () => {
    fc.assert(
      fc.property(lives, HOW, (life, how) => {
        const { started, finished, goneAt, endWrittenAt } = live(life);
        const observedAt = observed(how, endWrittenAt, life);
        const serverClock = measuredServer(life, observedAt);
        const sight = { times: finished, previous: keepTimes(started), observedAt, how, serverClock };
        expectWithin(goneAt, endInterval(sight, 'finished'));
      }),
      { numRuns: inject('propertyRuns') },
    );
  });

  it('what one pod of a node says of its clock holds for another', () => {
    fc.assert(
      fc.property(lives, lives, (one, other) => {
        const neighbour = live({ ...other, nodeAhead: one.nodeAhead, serverAhead: one.serverAhead });
        const { started, addressAt, startWrittenAt } = live(one);
        const observedAt = observed('replayed', startWrittenAt, one);
        const server = measuredServer(one, observedAt);
        const clock = chain(nodeClock(neighbour.finished), server);
        const sight = {
          times: started,
          observedAt,
          serverClock: server,
          nodeClock: clock,
        };
        expectWithin(addressAt, startInterval({ ...sight, how: 'replayed' }));
      }),
      { numRuns: inject('propertyRuns') },
    );
  });

  it('a deletion without any report lies in its interval, when kubelets report within two seconds', () => {
    const ends = fc.constantFrom<EndOfLease>('deleted', 'changed', 'missing');
    fc.assert(
      fc.property(lives, HOW, ends, fc.integer({ min: 0, max: REPORT_LAG_MS }), (life, how, end, lagMs) => {
        const { started, startWrittenAt } = live({
          ...life,
          startLagMs: Math.min(life.startLagMs, REPORT_LAG_MS),
        });
        const goneAt = startWrittenAt + life.runMs;
        const observedAt = observed(how, goneAt + lagMs, life);
        const serverClock = measuredServer(life, observedAt);
        const sight = { times: started, previous: keepTimes(started), observedAt, how, serverClock };
        // In the version that shows another address nothing is newer than the write that is not recorded here.
        if (end === 'changed' && how === 'replayed') return;
        expectWithin(goneAt, endInterval(sight, end));
      }),
      { numRuns: inject('propertyRuns') },
    );
  });
});

it('a best time is within two seconds of the truth after a pause, when the clocks agree and the kubelet is quick', () => {
  const quick = lives.map(
    (life): Life => ({
      ...life,
      serverAhead: 0,
      nodeAhead: 0,
      acceptMs: life.acceptMs % 100,
      sandboxMs: life.sandboxMs % 500,
      pullMs: life.pullMs % 500,
      startLagMs: life.startLagMs % 500,
      stopMs: life.stopMs % 300,
      endLagMs: life.endLagMs % 500,
      roundTripMs: life.roundTripMs % 20,
    }),
  );
  fc.assert(
    fc.property(quick, (life) => {
      const { started, finished, addressAt, goneAt, startWrittenAt, endWrittenAt } = live(life);
      const observedAt = endWrittenAt + life.pauseMs;
      const sight = { observedAt, how: 'replayed' as const, serverClock: SAME_CLOCK };
      const start = startInterval({ ...sight, times: started });
      const end = endInterval({ ...sight, times: finished, previous: keepTimes(started) }, 'finished');
      expect(Math.abs(start.best - addressAt)).toBeLessThanOrEqual(2_000);
      expect(Math.abs(end.best - goneAt)).toBeLessThanOrEqual(2_000);
      expect(startWrittenAt).toBeGreaterThanOrEqual(start.notBefore);
    }),
    { numRuns: inject('propertyRuns') },
  );
});

it('a hand-over keeps the truth of both, and never puts the end after the start', () => {
  const around = (truth: number) =>
    fc
      .record({
        before: fc.nat(5_000),
        after: fc.nat(5_000),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(
        ({ before, after, part }): Interval => ({
          notBefore: truth - before,
          best: truth - before + Math.round(part * (before + after)),
          notAfter: truth + after,
        }),
      );
  const both = fc
    .record({ end: fc.nat(10_000), betweenMs: fc.nat(3_000) })
    .chain(({ end, betweenMs }) =>
      fc.tuple(fc.constant(end), fc.constant(end + betweenMs), around(end), around(end + betweenMs)),
    );
  fc.assert(
    fc.property(both, ([endTruth, startTruth, end, start]) => {
      const bounded = handOver(end, start);
      expectWithin(endTruth, bounded.end);
      expectWithin(startTruth, bounded.start);
      expect(bounded.end.best).toBeLessThanOrEqual(bounded.start.best);
      expect(bounded.contradicts).toBe(false);
    }),
    { numRuns: inject('propertyRuns') },
  );
});
