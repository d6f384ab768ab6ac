import { describe, expect, test } from 'vitest';
import { decide, leaseView } from './lease-view.test.helpers.js';
import type { LeaseView } from './ledger-view.js';
import { isDecided } from './verdict.js';

const at = (clock: string) => `2026-11-20T${clock}.000Z`;
const AT_MS = Date.parse(at('14:05:00'));
const KNOWN_UNTIL_MS = Date.parse(at('15:00:00'));

interface Times {
  /** Not before, best and not after; or one exact time. */
  readonly start: string | readonly [string | null, string, string | null];
  /** The same; undefined: the lease lasts. */
  readonly end?: string | readonly [string | null, string, string | null];
}

const bound = (times: NonNullable<Times['end']>) =>
  typeof times === 'string' ? [times, times, times] : times;
const iso = (clock: string | null | undefined) => (clock == null ? null : at(clock));

function lease(pod: string, { start, end }: Times, changes: Partial<LeaseView> = {}): LeaseView {
  const [startFrom, startBest, startTo] = bound(start);
  const [endFrom, endBest, endTo] = end === undefined ? [] : bound(end);
  return leaseView({
    pod,
    podUid: `uid-${pod}`,
    startedAt: at(startBest ?? ''),
    startedNotBefore: iso(startFrom),
    startedNotAfter: iso(startTo),
    endedAt: iso(endBest),
    endedNotBefore: iso(endFrom),
    endedNotAfter: iso(endTo),
    endReason: end === undefined ? null : 'deleted',
    ...changes,
  });
}

const onNode = (pod: string, times: Times, node = 'node-3') => lease(pod, times, { hostNetwork: true, node });
const LONG = { start: '13:00:00', end: '14:30:00' };
const UNSURE_START = { start: ['14:04:00', '14:05:30', '14:06:00'], end: '14:30:00' } as const;
const UNSURE_END = { start: '13:00:00', end: ['14:04:00', '14:05:30', '14:06:00'] } as const;
/** As an earlier version recorded them. */
const OLD = { start: [null, '13:00:00', null], end: [null, '14:30:00', null] } as const;

const holds = (pod: string) => ({ holders: [pod], candidates: [], decided: true });
const perhaps = (...candidates: string[]) => ({ holders: [], candidates, decided: candidates.length === 0 });

describe('a holder is named only if every reading gives the same one', () => {
  test.each<[string, readonly LeaseView[], object]>([
    ['one lease that surely covers it', [lease('a', LONG)], holds('a')],
    ['an open lease, up to when everything is known', [lease('a', { start: '13:00:00' })], holds('a')],
    ['an open lease, before that', [lease('a', { start: '14:05:00' })], holds('a')],
    ['a lease that ended by then', [lease('a', { start: '13:00:00', end: '14:05:00' })], perhaps()],
    ['a lease that may not have begun', [lease('a', UNSURE_START)], perhaps('a')],
    ['a lease that may have ended', [lease('a', UNSURE_END)], perhaps('a')],
    [
      'a hand-over between both',
      [lease('a', UNSURE_END), lease('b', { ...UNSURE_START, start: ['14:04:00', '14:05:40', '14:07:00'] })],
      perhaps('a', 'b'),
    ],
    [
      'a lease that may have ended, and one that surely covers it',
      [lease('a', UNSURE_END), lease('b', { start: '14:04:30' })],
      holds('b'),
    ],
    [
      'a lease of unknown beginning, ruled out by an earlier one that ended later',
      [
        lease('a', { start: ['14:04:00', '14:05:20', '14:06:00'], end: '14:10:00' }),
        lease('b', { start: [null, '14:20:00', '14:20:00'] }),
      ],
      perhaps('a'),
    ],
    [
      'a lease that may have ended, ruled out by a later one that had begun',
      [lease('a', UNSURE_END), lease('b', { start: '14:04:30', end: ['14:04:40', '14:05:35', '14:06:00'] })],
      perhaps('b'),
    ],
    ['times of an earlier version', [lease('a', OLD)], perhaps('a')],
    [
      'a start of an earlier version, which is not later than it says, and an end with bounds',
      [lease('a', { ...OLD, end: '14:30:00' })],
      holds('a'),
    ],
    [
      'the next lease, of an earlier version, which may have begun earlier than it says',
      [lease('a', { ...OLD, start: [null, '14:10:00', null] })],
      perhaps('a'),
    ],
    [
      'two that cover it, which cannot be',
      [lease('a', LONG), lease('b', LONG)],
      { ...perhaps('a', 'b'), conflict: true },
    ],
    [
      'pods of two clusters',
      [lease('a', LONG), lease('b', LONG, { cluster: 'ams1' })],
      { holders: ['a', 'b'], candidates: [], decided: true },
    ],
    [
      'a pod of one cluster, and perhaps one of another',
      [lease('a', LONG), lease('b', UNSURE_END, { cluster: 'ams1' })],
      { holders: ['a'], candidates: ['b'], decided: false },
    ],
    [
      'pods of a node: the node is sure',
      [onNode('a', LONG), onNode('b', LONG), onNode('c', UNSURE_END)],
      { holders: ['a', 'b'], candidates: ['c'], decided: true },
    ],
    [
      'pods of a node, of which none is sure',
      [
        onNode('a', UNSURE_END),
        onNode('b', { start: '14:04:30', end: ['14:04:40', '14:05:35', '14:06:00'] }),
      ],
      perhaps('a', 'b'),
    ],
    [
      'pods of two nodes, which cannot be',
      [onNode('a', LONG), onNode('b', LONG, 'node-4')],
      { ...perhaps('a', 'b'), conflict: true },
    ],
  ])('%s', (_what, leases, { conflict = false, ...expected }: { conflict?: boolean }) => {
    for (const near of [leases, leases.toReversed()]) {
      const verdict = decide(near, AT_MS, () => KNOWN_UNTIL_MS, []);
      const names = (named: readonly LeaseView[]) => named.map(({ pod }) => pod);
      const { holders, candidates, isConflict } = verdict;
      expect(isConflict).toBe(conflict);
      expect({
        holders: names(holders).toSorted(),
        candidates: names(candidates).toSorted(),
        decided: isDecided(verdict),
      }).toEqual({ ...expected, ...(conflict ? { decided: false } : {}) });
    }
  });

  test('an open lease is not sure when later changes may be missing', () => {
    const open = lease('a', { start: '13:00:00' });
    expect(decide([open], AT_MS, () => AT_MS - 1, [])).toMatchObject({ holders: [], candidates: [open] });
  });
});
