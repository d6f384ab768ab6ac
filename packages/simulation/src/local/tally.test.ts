import { eventId } from '@podips/shared';
import { expect, test } from 'vitest';
import type { IpChange } from '../cluster/index.js';
import { countMissing, describeSums, describeTally } from './tally.js';

const ALL = { happened: 1_000, arrived: 1_000, duplicates: 0, queued: 0, stored: 0 };

test.each<[string, Partial<typeof ALL> | { stored: undefined }, number | undefined, string]>([
  ['all arrived', {}, 0, '1000 arrived, none was lost.'],
  [
    'there is a record too many',
    { arrived: 1_001 },
    0,
    '1000 arrived, none was lost. 1 more arrived that did not happen.',
  ],
  [
    'a record too many is there in place of one that is missing',
    {},
    1,
    '999 arrived, 1 did not: 0 may be in the outbox, 0 may be on the queue, 1 are not accounted for. 1 more arrived that did not happen.',
  ],
  [
    'nothing waits anywhere',
    { arrived: 990 },
    10,
    '990 arrived, 10 did not: 0 may be in the outbox, 0 may be on the queue, 10 are not accounted for.',
  ],
  [
    'all places have some',
    { arrived: 988, queued: 7, stored: 3 },
    12,
    '988 arrived, 12 did not: 3 may be in the outbox, 7 may be on the queue, 2 are not accounted for.',
  ],
  [
    'messages are in two places',
    { arrived: 997, queued: 10, stored: 2 },
    3,
    '997 arrived, 3 did not: 2 may be in the outbox, 1 may be on the queue, 0 are not accounted for.',
  ],
  [
    'the reader does not answer',
    { arrived: 999, queued: 0, stored: undefined },
    1,
    '999 arrived, 1 did not: the reader does not say what is in the outbox, 0 may be on the queue, 1 are not accounted for.',
  ],
  ['there were too many', {}, undefined, '1000 records arrived; there were too many to compare one by one.'],
])('where %s, the sums at the end add up', (_what, some, missing, said) => {
  expect(describeSums({ ...ALL, ...some }, missing)).toBe(`1000 changes happened, ${said}`);
});

const CHANGE: IpChange = {
  ...{
    at: new Date(0),
    happenedAt: new Date(0),
    kind: 'assigned',
    podUid: 'a',
    namespace: 'n',
    pod: 'p',
    ip: '10.0.0.1',
  },
  ...{ hostNetwork: false, ownerKind: 'Unknown', ownerName: '', node: 'node-1', resourceVersion: 1 },
};

test('what is missing is found by its event_id, also when a pod got its address again', () => {
  const changes: IpChange[] = [CHANGE, { ...CHANGE, kind: 'released' }, CHANGE];
  const truth = { changes, changeCount: 3, dropped: 0, openLeases: () => [] };
  const came = (...ids: string[]) => countMissing(truth, (id) => ids.includes(id));
  const [start, end] = ['allocated', 'deallocated'] as const;
  const idOf = (status: typeof start | typeof end, occurrence: number) =>
    eventId('a', '10.0.0.1', status, occurrence);
  expect(came(idOf(start, 0), idOf(end, 0), idOf(start, 1))).toBe(0);
  expect(came(idOf(start, 0), idOf(end, 0), idOf(end, 1))).toBe(1);
  expect(countMissing({ ...truth, changeCount: 4, dropped: 1 }, () => true)).toBeUndefined();
});

test('a reader that does not answer, and copies, are said', () => {
  expect(describeTally({ ...ALL, stored: undefined, duplicates: 2 })).toBe(
    '1000 changes happened, the reader does not answer, 0 on the queue, 1000 arrived (2 came twice, with the same event_id)',
  );
});
