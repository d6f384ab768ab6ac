import { expect, test } from 'vitest';
import type { Coverage } from './coverage.js';
import { leaseView } from './lease-view.test.helpers.js';
import { answerAddresses, answerAllOfPods, answerLeases } from './list-sentences.js';
import type { Selection } from './question.js';

const WHOLE: Coverage = {
  cluster: 'fra1',
  knownUntilMs: Date.UTC(2026, 10, 21),
  completeFromMs: Number.NEGATIVE_INFINITY,
  namespaces: null,
  ignored: [],
};
const NONE = { namespace: '', pod: '', workload: '', workloadKind: '', node: '', podUid: '' };
const WEB = { ...NONE, namespace: 'shop', pod: 'web-1' };
const HOUR = { fromMs: Date.UTC(2026, 10, 20, 13), toMs: Date.UTC(2026, 10, 20, 14) };

function claim(selection: Selection, more = false, isFurther = false) {
  return { selection, time: null, range: HOUR, more, isFurther };
}

test('of a pod without leases the answer says why there may have been some', () => {
  const reasons = [{ code: 'scope', text: 'The namespace shop is not watched.' } as const];
  expect(answerAllOfPods(claim(WEB), [], [WHOLE], reasons)).toBe(
    'The ledger has no lease of shop/web-1. The namespace shop is not watched.',
  );
});

test.each([
  [[], false, 'The ledger has no lease of shop/web-1.'],
  [
    [leaseView()],
    false,
    'shop/web-1 had 1 lease of 1 address; the last one ended at 2026-11-20 15:00:00 UTC.',
  ],
  [
    [leaseView({ ip: 'fd00::1', endedAt: null }), leaseView({ endedAt: null }), leaseView()],
    false,
    'shop/web-1 had 3 leases of 2 addresses; at 2026-11-21 00:00:00 UTC it held 10.1.2.3 and fd00::1.',
  ],
  [
    [leaseView({ endedNotBefore: '2026-11-20T14:59:59.150Z' })],
    false,
    'shop/web-1 had 1 lease of 1 address; the last one ended at 2026-11-20 15:00:00 UTC (±0.9 s).',
  ],
  [
    [leaseView(), leaseView()],
    true,
    'shop/web-1 had more than 2 leases; the last one ended at 2026-11-20 15:00:00 UTC.',
  ],
])('the addresses of a pod', (leases, more, sentence) => {
  expect(answerAllOfPods(claim(WEB, more), leases, [WHOLE], [])).toBe(sentence);
});

test.each<[Selection, string]>([
  [{ ips: ['10.1.2.3', 'fd00::1'] }, '10.1.2.3 and fd00::1 had 2 leases'],
  [{ ips: ['1', '2', '3', '4', '5', '6'] }, '6 addresses had 2 leases'],
  [{ network: '10.1.2.0/24' }, 'Addresses in 10.1.2.0/24 had 2 leases'],
  [{ ...NONE, namespace: 'shop' }, 'Pods of the namespace shop had 2 leases of 1 address'],
  [{ ...NONE, namespace: 'shop', pod: 'web-*' }, 'Pods shop/web-* had 2 leases of 1 address'],
  [
    { ...NONE, namespace: 'shop', workload: 'web' },
    'Pods of the workload shop/web had 2 leases of 1 address',
  ],
  [
    { ...NONE, namespace: 'shop', workload: 'web', workloadKind: 'Deployment' },
    'Pods of Deployment shop/web had 2 leases of 1 address',
  ],
  [{ ...NONE, node: 'node-3' }, 'Pods on the node node-3 had 2 leases of 1 address'],
  [{ ...NONE, podUid: 'uid-1' }, 'The pod with the UID uid-1 had 2 leases of 1 address'],
])('the leases of a range of time', (selection, sentence) => {
  const asked = { ...claim(selection), time: HOUR };
  const found = { leases: [leaseView()], candidates: [leaseView()] };
  expect(answerLeases(asked, found, [{ code: 'bounds', text: 'Why.' }])).toBe(
    `Not sure: ${sentence} from 2026-11-20 13:00:00 UTC to 2026-11-20 14:00:00 UTC, 1 of them perhaps. Why.`,
  );
});

test('a page of leases says that there are more, and that there were some before', () => {
  const asked = { ...claim({ ...NONE, node: 'node-3' }, true, true), time: undefined };
  expect(answerLeases(asked, { leases: [leaseView()], candidates: [] }, [])).toBe(
    'Pods on the node node-3 had more than 1 further lease at 2026-11-20 13:00:00 UTC.',
  );
  expect(answerLeases({ ...asked, more: false }, { leases: [], candidates: [] }, [])).toBe(
    'The ledger has no further lease of pods on the node node-3 at 2026-11-20 13:00:00 UTC.',
  );
});

test('of several addresses at a time their number is said', () => {
  const none = { leases: [], candidates: [] };
  const answers = [
    { leases: [leaseView()], candidates: [] },
    { leases: [], candidates: [leaseView()] },
    none,
  ];
  const asked = { answers, atMs: HOUR.fromMs, more: false, isFurther: false };
  expect(answerAddresses({ ...asked, addresses: { ips: [] } }, [])).toBe(
    '1 of 3 addresses belonged to pods at 2026-11-20 13:00:00 UTC, and 1 more perhaps.',
  );
  expect(answerAddresses({ ...asked, addresses: { network: '10.1.2.0/24' }, more: true }, [])).toBe(
    '1 of the first 3 addresses that the ledger has leases of in 10.1.2.0/24 belonged to pods at 2026-11-20 13:00:00 UTC, and 1 more perhaps.',
  );
});
