import { expect, it } from 'vitest';
import { loadAssets } from '../http/assets.js';
import type { PodLifeView, RestartView, WorkloadsAnswer, WorkloadView } from '../workloads/workload-view.js';
import { ROWS, workloadPage } from './workload-page.js';
import { lanes } from './workloads/lanes.js';
import { SHOWN, workloadsPage } from './workloads-page.js';

const AT = '2026-11-26T14:05:00.000Z';
const LONG = 'a-rather-long-name-of-a-workload-that-somebody-chose';
const name = { cluster: 'default', namespace: 'a-namespace-of-some-length', kind: 'Deployment', name: LONG };
const COUNTED = {
  ...{ window: '24h' as const, at: AT, countedUntil: AT, knownSince: AT, error: null, doubt: null },
  unwatched: null,
  gaps: [{ from: AT, to: AT }],
};

/** In whose trace each quarter of an hour has another height. */
const busy: WorkloadView = {
  ...name,
  text: `${name.namespace}/${LONG}, Deployment: 1,204 pods replaced in the last 24 hours, usually 12; last one OOMKilled`,
  ...{ until: AT, unstable: 'replaced' },
  ...{ replaced: 1_204, restarts: 99, failed: 99, succeeded: 0, disrupted: 0, started: 1_204, ended: 1_204 },
  ...{ usual: 12, medianLifeMs: 1, shortestLifeMs: 1, firstAt: AT, lastPod: LONG, lastCause: 'OOMKilled' },
  ...{ lastExitCode: 137, lastAt: AT, trace: Array.from({ length: 96 }, (_none, index) => 1 + (index % 7)) },
};
const pods: PodLifeView[] = Array.from({ length: 60 }, (_none, index) => ({
  pod: `${LONG}-5cc97bc7d5-${index}`,
  podUid: `uid-${index}`,
  ...{ ip: '10.64.100.100', node: 'gke-production-default-pool-1', revision: '5cc97bc7d5' },
  ...{ startedAt: '2026-11-26T13:00:00.123Z', endedAt: AT, cause: 'Evicted', exitCode: 137 },
}));
const restarts: RestartView[] = pods.map(({ pod, podUid }) => ({
  ...{ pod, podUid, container: 'application', at: AT, restarts: 2, cause: 'OOMKilled', exitCode: 137 },
}));

const { files, assets } = loadAssets();
const common = { assets, light: 'green' as const, cluster: 'default' };
const list = (changes: Partial<WorkloadsAnswer> = {}) =>
  workloadsPage({
    answer: {
      ...COUNTED,
      workloads: Array<WorkloadView>(SHOWN).fill(busy),
      ...{ total: 2_000, leavesOut: true, nodeEvents: [], ...changes },
    },
    fields: { window: '24h', limit: SHOWN, cluster: undefined, namespace: undefined, kind: undefined },
    choices: { clusters: ['default'], namespaces: [name.namespace], kinds: ['Deployment'] },
    ...common,
  }).text;
const one = (lives = pods) =>
  workloadPage({
    answer: { ...COUNTED, workload: busy, pods: lives, restarts },
    ...{ doubt: null, name, window: '24h', limit: ROWS },
    ...common,
  }).text;

it.each([
  ['of workloads', () => list()],
  ['of a workload', () => one()],
])('the page %s is smaller than 50 kB with its style, whatever happened', (_what, render) => {
  const style = files.find(({ path }) => path === assets.stylePath)?.text ?? '';
  expect(Buffer.byteLength(render()) + Buffer.byteLength(style)).toBeLessThan(50_000);
});

it.each<[string, Partial<WorkloadsAnswer>, string]>([
  ['all is known', {}, 'Nothing unusual in the last 24 hours.'],
  [
    'the ledger is behind',
    { countedUntil: '2026-11-26T12:55:00.000Z' },
    'Nothing unusual in the 24 hours before 2026-11-26 12:55 UTC. The ledger is behind',
  ],
  [
    'nothing was counted yet',
    { countedUntil: null },
    'Not known yet: the last two weeks are still being counted.',
  ],
  [
    'the reader of a cluster is gone',
    { unwatched: 'cluster dead is not watched since 2026-11-01 12:00 UTC' },
    'Not said of all: cluster dead is not watched since 2026-11-01 12:00 UTC.',
  ],
  ['the ledger cannot be read', { error: 'it is away' }, 'Not known: the ledger cannot be read (it is away)'],
])('of no workload, when %s, the page says so', (_when, changes, text) => {
  expect(list({ ...changes, workloads: [], total: 0 })).toContain(text);
});

it('the page of workloads says what it leaves out', () => {
  const text = list();
  expect(text).toContain('pods without an owner only when they fail or restart');
  expect(text).toContain(
    'there are more than 2,000 workloads, and those that nothing happened to for longest',
  );
  expect(text).toContain('<a href="/workloads?window=24h&amp;limit=500">Show 500</a>');
});

it('a rollout has a line, also one back to a revision that was there before, but not the pods that it replaces', () => {
  const at = (hour: number, minute = 0) => new Date(Date.UTC(2026, 10, 26, hour, minute)).toISOString();
  const pod = (revision: string, startedAt: string, endedAt: string | null): PodLifeView => ({
    ...(pods[0] as PodLifeView),
    podUid: startedAt,
    revision,
    startedAt,
    endedAt,
  }); // there are some
  const lives = [
    pod('a', at(1), at(4)),
    pod('a', at(1, 1), at(5)),
    ...[pod('b', at(3), at(9)), pod('a', at(4), at(5, 1)), pod('b', at(4, 30), at(9))],
    pod('a', at(8), null),
  ];
  const { text } = lanes({ pods: lives, restarts: [], fromMs: Date.parse(at(0)), toMs: Date.parse(at(10)) });
  expect(text.match(/rollout of ., 2026-11-26 .{5}/g)).toEqual([
    'rollout of b, 2026-11-26 03:00',
    'rollout of a, 2026-11-26 08:00',
  ]);
  expect(text).toContain('2 rollouts');
});

it('a pod that never had an address says so, and leads to nobody', () => {
  const never = pods.slice(0, 1).map((pod) => ({ ...pod, ip: '', startedAt: AT, endedAt: AT }));
  const text = one(never);
  expect(text).toContain('never had one');
  expect(text).not.toContain('<a href="/leases?ip=');
});

it('the page of a workload says that there is more, and how to see it', () => {
  expect(one()).toContain('only the latest 15 are in the tables');
  expect(one().match(/<th scope="row">/g)).toHaveLength(2 * ROWS);
});

it('says once of which time before nothing is recorded', () => {
  const knownSince = '2026-11-26T13:00:00.000Z';
  const text = (gaps: WorkloadsAnswer['gaps']) => list({ knownSince, gaps }).replace(/<[^>]*>/g, '');
  expect(text([])).toContain('Nothing is recorded of the time before');
  const both = text([{ from: null, to: knownSince }]);
  expect(both).toContain('Something may be missing before');
  expect(both).not.toContain('Nothing is recorded of the time before');
});
