import { describe, expect, test } from 'vitest';
import { leaseView } from './lease-view.test.helpers.js';
import {
  type AddressFacts,
  answerAddress,
  answerPod,
  type Coverage,
  describeGap,
  notesOn,
} from './sentences.js';

const AT_MS = Date.UTC(2026, 10, 20, 14, 5);
const ip = '10.1.2.3';
const question = (precisionMs = 1) => ({ ip, at: { ms: AT_MS, precisionMs } });
const WHOLE: Coverage = {
  cluster: 'fra1',
  knownUntilMs: Date.UTC(2026, 10, 21),
  isWhole: true,
  oldestEndMs: Date.UTC(2026, 9, 1),
};
const facts = (changes: Partial<AddressFacts> = {}): AddressFacts => ({
  leases: [],
  more: false,
  previous: null,
  next: null,
  gaps: [],
  coverage: [WHOLE],
  ...changes,
});
const onNode = (pod: string) => leaseView({ pod, namespace: 'kube-system', hostNetwork: true });
const gap = { cluster: 'fra1', startedAt: null, endedAt: '2026-11-20T15:00:00Z', reason: 'start', text: '' };
const before = leaseView({ endedAt: '2026-11-20T14:00:00.250Z' });
const after = leaseView({ pod: 'web-2', startedAt: '2026-11-20T14:05:20.500Z' });

describe('which pod had an address', () => {
  test.each<[string, Partial<AddressFacts>, string]>([
    ['one pod', { leases: [leaseView()] }, '10.1.2.3 belonged to shop/web-1 at 2026-11-20 14:05:00 UTC.'],
    [
      'a pod on the network of its node',
      { leases: [onNode('proxy')] },
      '10.1.2.3, the address of node node-3, belonged to kube-system/proxy at 2026-11-20 14:05:00 UTC.',
    ],
    [
      'several pods of a node',
      { leases: [onNode('proxy'), onNode('cni')] },
      '10.1.2.3, the address of node node-3, belonged to 2 pods on its network at 2026-11-20 14:05:00 UTC.',
    ],
    [
      'pods of two clusters',
      { leases: [leaseView(), leaseView({ cluster: 'ams1' })] },
      '10.1.2.3 belonged to 2 pods at 2026-11-20 14:05:00 UTC.',
    ],
    [
      'more than there is room for',
      { leases: [onNode('proxy'), onNode('cni')], more: true },
      '10.1.2.3, the address of node node-3, belonged to more than 2 pods on its network at 2026-11-20 14:05:00 UTC.',
    ],
    [
      'no pod any more',
      { previous: before, next: after },
      'No pod held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the last holder was shop/web-1 until 2026-11-20 14:00:00.250 UTC.',
    ],
    [
      'no pod yet',
      { next: after },
      'No pod held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the first holder was shop/web-2 from 2026-11-20 14:05:20.500 UTC.',
    ],
    ['no pod ever', {}, 'No pod held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the ledger has no lease of it.'],
    [
      'no pod that was seen',
      { gaps: [gap] },
      'No pod is known to have held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the ledger has no lease of it.',
    ],
    [
      'no pod that is recorded yet',
      { coverage: [{ ...WHOLE, knownUntilMs: AT_MS - 1 }] },
      'No pod is known to have held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the ledger has no lease of it.',
    ],
    [
      'no pod, in an empty ledger',
      { coverage: [] },
      'No pod is known to have held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the ledger has no lease of it.',
    ],
  ])('%s', (_who, changes, sentence) => {
    expect(answerAddress(question(), facts(changes))).toBe(sentence);
  });
});

describe('what limits an answer', () => {
  test.each<[string, number, Partial<AddressFacts>, string[]]>([
    ['nothing', 60_000, { leases: [leaseView()] }, []],
    [
      'another pod got it within the minute that was asked for',
      60_000,
      { leases: [leaseView({ endedAt: '2026-11-20T14:05:20Z' })], next: after },
      [
        'Within that minute, at 2026-11-20 14:05:20 UTC, shop/web-1 released it.',
        'Within that minute, at 2026-11-20 14:05:20.500 UTC, shop/web-2 got it.',
      ],
    ],
    ['a change after the second that was asked for', 1_000, { next: after }, []],
    [
      'the ledger is behind',
      1,
      { coverage: [{ ...WHOLE, knownUntilMs: AT_MS - 1_000 }] },
      ['The ledger is complete up to 2026-11-20 14:04:59 UTC; later changes may be missing.'],
    ],
    [
      'old leases were deleted',
      1,
      { coverage: [{ ...WHOLE, isWhole: false, oldestEndMs: AT_MS + 1_000 }] },
      ['The ledger has no leases that ended before 2026-11-20 14:05:01 UTC: they were deleted.'],
    ],
    [
      'one of two clusters is behind',
      1,
      { coverage: [WHOLE, { ...WHOLE, cluster: 'ams1', knownUntilMs: AT_MS - 1_000 }] },
      ['The ledger of ams1 is complete up to 2026-11-20 14:04:59 UTC; later changes may be missing.'],
    ],
    ['an empty ledger', 1, { coverage: [] }, ['The ledger is empty: no reader has written to it yet.']],
  ])('%s', (_what, precisionMs, changes, notes) => {
    expect(notesOn(question(precisionMs), facts(changes))).toEqual(notes);
  });
});

test.each([
  [[], false, 'No pod named shop/web-1 is in the ledger.'],
  [
    [leaseView()],
    false,
    'shop/web-1 had 1 lease of 1 address; the last one ended at 2026-11-20 15:00:00 UTC.',
  ],
  [
    [leaseView({ endedAt: null }), leaseView({ ip: 'fd00::1', endedAt: null }), leaseView()],
    false,
    'shop/web-1 had 3 leases of 2 addresses; it holds 10.1.2.3 and fd00::1.',
  ],
  [
    [leaseView(), leaseView()],
    true,
    'shop/web-1 had more than 2 leases; the last one ended at 2026-11-20 15:00:00 UTC.',
  ],
])('the addresses of a pod', (leases, more, sentence) => {
  expect(answerPod({ namespace: 'shop', pod: 'web-1' }, leases, more)).toBe(sentence);
});

test.each([
  [
    { startedAt: '2026-11-20T14:00:00Z', reason: 'expired', cluster: 'fra1' },
    'From 2026-11-20 14:00:00 UTC to 2026-11-20 15:00:00 UTC podips may have missed changes (expired: the API server no longer had the events of a time without a watch): a pod may have held an address unseen.',
  ],
  [
    { startedAt: '2026-11-20T14:00:00Z', reason: 'of the future', cluster: 'ams1' },
    'From 2026-11-20 14:00:00 UTC to 2026-11-20 15:00:00 UTC podips may have missed changes in ams1 (of the future): a pod may have held an address unseen.',
  ],
  [
    { startedAt: null, reason: 'start', cluster: 'fra1' },
    'Before 2026-11-20 15:00:00 UTC podips was not watching: which pod held an address then is unknown.',
  ],
])('a gap is named plainly', (changes, sentence) => {
  expect(describeGap({ endedAt: '2026-11-20T15:00:00Z', ...changes }, 'fra1')).toBe(sentence);
});
