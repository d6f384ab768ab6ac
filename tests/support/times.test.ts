import { eventId } from '@podips/shared';
import type { IpChange } from '@podips/simulation';
import { expect, it } from 'vitest';
import { judgeSaid, ofMessage } from './times.js';

const HAPPENED_MS = Date.parse('2026-01-01T00:00:00Z');
const REPORT_LAG_MS = 300;
const change: IpChange = {
  at: new Date(HAPPENED_MS + REPORT_LAG_MS),
  happenedAt: new Date(HAPPENED_MS),
  kind: 'assigned',
  podUid: 'a',
  namespace: 'shop',
  pod: 'web-a',
  ip: '10.64.0.7',
  hostNetwork: false,
  ownerKind: 'ReplicaSet',
  ownerName: 'web',
  node: 'node-1',
  resourceVersion: 1,
};

/** The verdict on a message with this time, in milliseconds after the truth. */
function judged(atMs: number, uncertaintyMs: unknown, facts: object = {}) {
  const record = {
    event_id: eventId('a', '10.64.0.7', 'allocated', 0),
    timestamp: new Date(HAPPENED_MS + atMs).toISOString(),
    uncertainty_ms: uncertaintyMs,
    inferred: false,
    ...facts,
  };
  const { outside, far } = judgeSaid([ofMessage({ tag: '', time: '', record })], [change]);
  return [outside.length, far.length];
}

it('finds what did not happen between the times that are said, and most likely times that are far off', () => {
  expect(judged(0, 0)).toEqual([0, 0]);
  expect(judged(1_500, 1_500)).toEqual([0, 0]);
  // Both clocks have whole milliseconds.
  expect(judged(1_500, 1_499)).toEqual([0, 0]);
  expect(judged(1_500, 1_498)).toEqual([1, 0]);
  expect(judged(-1_500, 1_498)).toEqual([1, 0]);
  // Later than the report by more than two seconds.
  expect(judged(2_301, 5_000)).toEqual([0, 1]);
  expect(judged(60_000, 90_000, { inferred: true })).toEqual([0, 0]);
  expect(judged(1_000, null)).toEqual([0, 0]);
  expect(judged(1_000, undefined)).toEqual([1, 0]);
});
