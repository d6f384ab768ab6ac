import { expect, test } from 'vitest';
import { Holds } from './holds.js';
import type { IpChange } from './truth.js';

const change = (podUid: string, kind: IpChange['kind'], ms: number, ip = '10.64.0.7'): IpChange => ({
  at: new Date(ms),
  happenedAt: new Date(ms),
  kind,
  podUid,
  namespace: 'shop',
  pod: podUid,
  ip,
  hostNetwork: false,
  ownerKind: 'Unknown',
  ownerName: '',
  node: 'node-1',
  resourceVersion: ms,
});
const holds = new Holds([
  change('a', 'assigned', 100),
  change('a', 'released', 200),
  change('b', 'assigned', 300),
]);
const named = (...podUids: string[]) => podUids.map((podUid) => ({ podUid }));

test.each([
  [150, true, named('a'), null, 'right'],
  [150, true, named('b'), null, 'wrong'],
  [150, true, [], null, 'wrong'],
  [150, false, [], null, 'unsure'],
  [150, false, named('b'), null, 'wrong'],
  [150, true, named('a'), 'node-1', 'right'],
  [150, true, named('a'), 'node-2', 'wrong'],
  [200, true, [], null, 'right'],
  [200, true, named('a'), null, 'wrong'],
  [300, true, named('b'), null, 'right'],
  [900, true, named('b'), null, 'right'],
])(
  'an answer about %i ms, certain: %s, that names %j on %s is %s',
  (atMs, certain, leases, node, outcome) => {
    expect(holds.judge({ ip: '10.64.0.7', atMs }, { certain, leases, node })).toBe(outcome);
  },
);
