import { describe, expect, test } from 'vitest';
import type { Coverage } from './coverage.js';
import { decide, leaseView } from './lease-view.test.helpers.js';
import type { LeaseView } from './ledger-view.js';
import { type AddressFacts, reasonsOf } from './reasons.js';
import { answerAddress, notesOn } from './sentences.js';

const AT_MS = Date.UTC(2026, 10, 20, 14, 5);
const NOW_MS = Date.UTC(2026, 10, 22);
const ip = '10.1.2.3';
const WHOLE: Coverage = {
  cluster: 'fra1',
  knownUntilMs: Date.UTC(2026, 10, 21),
  completeFromMs: Number.NEGATIVE_INFINITY,
  namespaces: null,
  ignored: [],
};
const BEHIND: Coverage = { ...WHOLE, knownUntilMs: AT_MS - 1_000 };

interface Given extends Partial<Omit<AddressFacts, 'verdict'>> {
  readonly leases?: readonly LeaseView[];
  /** Of clusters without coverage. */
  readonly knownUntilMs?: number;
}

function facts({ leases = [], knownUntilMs = WHOLE.knownUntilMs, ...given }: Given): AddressFacts {
  const coverage = given.coverage ?? [WHOLE];
  const atMs = given.atMs ?? AT_MS;
  const until = (cluster: string) =>
    coverage.find((one) => one.cluster === cluster)?.knownUntilMs ?? knownUntilMs;
  const verdict = decide(leases, atMs, until, given.gaps ?? []);
  return {
    more: false,
    previous: null,
    next: null,
    gaps: [],
    coverage,
    atMs,
    nowMs: NOW_MS,
    verdict,
    ...given,
  };
}

const onNode = (pod: string, changes: Partial<LeaseView> = {}) =>
  leaseView({ pod, podUid: pod, namespace: 'kube-system', hostNetwork: true, ...changes });
const gap = {
  cluster: 'fra1',
  startedAt: null,
  endedAt: '2026-11-20T15:00:00Z',
  reason: 'start',
  text: 'There is a gap.',
};
const before = leaseView({ endedAt: '2026-11-20T14:00:00.250Z' });
const after = leaseView({ pod: 'web-2', podUid: 'uid-2', startedAt: '2026-11-20T14:05:20.500Z' });
const beginning = leaseView({
  startedAt: '2026-11-20T14:05:00.000Z',
  startedNotBefore: '2026-11-20T14:04:59.000Z',
  startedNotAfter: '2026-11-20T14:05:00.500Z',
});
const ending = leaseView({
  pod: 'web-0',
  podUid: 'uid-0',
  endedAt: '2026-11-20T14:05:00.000Z',
  endedNotBefore: null,
  endedNotAfter: '2026-11-20T14:05:00.500Z',
});

const openLease = leaseView({ endedAt: null, endedNotBefore: null, endedNotAfter: null, endReason: null });

describe('which pod had an address', () => {
  test.each<[string, Given, string]>([
    ['one pod', { leases: [leaseView()] }, '10.1.2.3 belonged to shop/web-1 at 2026-11-20 14:05:00 UTC.'],
    [
      'one pod, also in a gap',
      { leases: [leaseView()], gaps: [gap] },
      '10.1.2.3 belonged to shop/web-1 at 2026-11-20 14:05:00 UTC.',
    ],
    [
      'a pod on the network of its node',
      { leases: [onNode('proxy')] },
      '10.1.2.3, the address of node node-3, belonged to kube-system/proxy at 2026-11-20 14:05:00 UTC.',
    ],
    [
      'several pods of a node, and perhaps another one',
      {
        leases: [
          onNode('proxy'),
          onNode('cni'),
          onNode('dns', {
            startedAt: '2026-11-20T14:05:00Z',
            startedNotBefore: null,
            startedNotAfter: '2026-11-20T14:06:00Z',
          }),
        ],
      },
      '10.1.2.3, the address of node node-3, belonged to 2 pods on its network, and perhaps to kube-system/dns at 2026-11-20 14:05:00 UTC.',
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
      { leases: [before, after], previous: before, next: after },
      'No pod held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the last holder was shop/web-1 until 2026-11-20 14:00:00.250 UTC.',
    ],
    [
      'no pod yet',
      { leases: [after], next: after },
      'No pod held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the first holder was shop/web-2 from 2026-11-20 14:05:20.500 UTC.',
    ],
    ['no pod ever', {}, 'No pod held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the ledger has no lease of it.'],
  ])('%s', (_who, given, sentence) => {
    expect(reasonsOf(facts(given))).toEqual([]);
    expect(answerAddress(ip, facts(given))).toBe(sentence);
  });
});

const PERHAPS = 'Not sure: 10.1.2.3 may have belonged to';
const UNKNOWN =
  'Not sure: no pod is known to have held 10.1.2.3 at 2026-11-20 14:05:00 UTC; the ledger has no lease of it.';
const LATER = 'The ledger is complete up to 2026-11-20 14:04:59 UTC; later changes may be missing.';

describe('which pod may have had an address', () => {
  test.each<[string[], Given, string]>([
    [
      ['start'],
      { leases: [beginning] },
      `${PERHAPS} shop/web-1, or to no pod, at 2026-11-20 14:05:00 UTC. shop/web-1 got it between 2026-11-20 14:04:59 UTC and 2026-11-20 14:05:00.500 UTC.`,
    ],
    [
      ['end', 'start'],
      { leases: [beginning, ending] },
      `${PERHAPS} shop/web-0 or shop/web-1, or to no pod, at 2026-11-20 14:05:00 UTC. shop/web-0 released it not later than 2026-11-20 14:05:00.500 UTC. shop/web-1 got it between 2026-11-20 14:04:59 UTC and 2026-11-20 14:05:00.500 UTC.`,
    ],
    [
      ['end'],
      { leases: [leaseView({ endedNotBefore: null, endedNotAfter: null })] },
      `${PERHAPS} shop/web-1, or to no pod, at 2026-11-20 14:05:00 UTC. shop/web-1 released it not later than 2026-11-20 15:00:00 UTC, when an earlier version of podips saw it.`,
    ],
    [
      ['conflict'],
      { leases: [leaseView(), leaseView({ pod: 'web-2', podUid: 'uid-2' })] },
      `${PERHAPS} shop/web-1 or shop/web-2, or to no pod, at 2026-11-20 14:05:00 UTC. The ledger contradicts itself: shop/web-1 and shop/web-2 had it at once.`,
    ],
    [['gap'], { gaps: [gap] }, `${UNKNOWN} There is a gap.`],
    [
      ['gap'],
      { leases: [leaseView()], gaps: [{ ...gap, reason: 'clock' }] },
      `${PERHAPS} shop/web-1, or to no pod, at 2026-11-20 14:05:00 UTC. There is a gap.`,
    ],
    [['after-known'], { coverage: [BEHIND] }, `${UNKNOWN} ${LATER}`],
    [
      ['after-known'],
      {
        leases: [openLease],
        coverage: [BEHIND],
      },
      `${PERHAPS} shop/web-1, or to no pod, at 2026-11-20 14:05:00 UTC. ${LATER}`,
    ],
    [
      ['future', 'after-known'],
      { nowMs: AT_MS - 1_000, coverage: [BEHIND] },
      `${UNKNOWN} 2026-11-20 14:05:00 UTC is in the future. ${LATER}`,
    ],
    [
      ['deleted'],
      { coverage: [{ ...WHOLE, completeFromMs: AT_MS + 1_000 }] },
      `${UNKNOWN} The ledger may lack leases that ended before 2026-11-20 14:05:01 UTC: those are deleted.`,
    ],
    [
      ['after-known'],
      { coverage: [WHOLE, { ...BEHIND, cluster: 'ams1' }] },
      `${UNKNOWN} The ledger of ams1 is complete up to 2026-11-20 14:04:59 UTC; later changes may be missing.`,
    ],
    [
      ['after-known'],
      {
        leases: [{ ...openLease, cluster: 'ams1' }],
        knownUntilMs: Number.NEGATIVE_INFINITY,
      },
      `${PERHAPS} shop/web-1, or to no pod, at 2026-11-20 14:05:00 UTC. It is not known up to when the ledger of ams1 is complete.`,
    ],
    [['empty'], { coverage: [] }, `${UNKNOWN} The ledger is empty: no reader has written to it yet.`],
    [
      ['scope'],
      { coverage: [{ ...WHOLE, namespaces: ['shop', 'web'] }] },
      `${UNKNOWN} Only pods in these namespaces are watched: shop, web.`,
    ],
    [
      ['scope'],
      {
        coverage: [
          { ...WHOLE, ignored: ['kube-system'] },
          { ...WHOLE, cluster: 'ams1' },
        ],
      },
      `${UNKNOWN} Pods in these namespaces of fra1 are not watched: kube-system.`,
    ],
    [['more'], { more: true }, `${UNKNOWN} Further leases may cover that time.`],
  ])('%j', (codes, given, sentence) => {
    expect(reasonsOf(facts(given)).map(({ code }) => code)).toEqual(codes);
    expect(answerAddress(ip, facts(given))).toBe(sentence);
    expect(notesOn(facts(given), 1)).toEqual([]);
  });

  test('many pods and reasons are counted', () => {
    const leases = [1, 2, 3, 4].map((n) => ({
      ...ending,
      pod: `web-${n}`,
      podUid: `uid-${n}`,
      hostNetwork: true,
    }));
    expect(answerAddress(ip, facts({ leases }))).toMatch(
      /may have belonged to one of 4 pods, or to no pod, at .* There are 1 more reasons\.$/,
    );
  });
});

describe('what else is known of a certain answer', () => {
  test.each<[string, number, Given, string[]]>([
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
      'a gap in which the pod kept it',
      1,
      { leases: [leaseView()], gaps: [gap] },
      ['A gap covers that time, but the pod had the address before and after it.'],
    ],
    [
      'a gap of the clock of another cluster',
      1,
      { leases: [leaseView()], gaps: [{ ...gap, cluster: 'ams1', reason: 'clock' }] },
      ['A gap covers that time, but the pod had the address before and after it.'],
    ],
    ['a gap in which a node kept it', 1, { leases: [onNode('proxy')], gaps: [gap] }, ['There is a gap.']],
    ['the ledger is behind', 1, { leases: [leaseView()], coverage: [BEHIND] }, [LATER]],
  ])('%s', (_what, precisionMs, given, notes) => {
    expect(reasonsOf(facts(given))).toEqual([]);
    expect(notesOn(facts(given), precisionMs)).toEqual(notes);
  });
});

test('an address of two networks may have a holder in each', () => {
  const leases = [leaseView(), leaseView({ pod: 'db-0', podUid: 'uid-2', network: 'shop/macvlan' })];
  expect(answerAddress(ip, facts({ leases }))).toBe(
    '10.1.2.3 belonged to shop/web-1 and shop/db-0 on the network shop/macvlan at 2026-11-20 14:05:00 UTC.',
  );
});
