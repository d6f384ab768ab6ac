import type { Environment } from '@podips/shared';
import { untilWatched } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { readGaps, readLedger, readPosition } from '../support/ledger.js';
import { it, PATIENCE, type ReaderCase } from '../support/reader-case.js';

const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
});

/** The pods that messages are about so far, with their status, in order. */
const published = ({ records }: ReaderCase) =>
  records.map(({ record }) => `${record.pod_namespace}/${record.pod} ${record.pod_ip_status}`);

const untilPublished = (test: ReaderCase, expected: readonly string[]) =>
  vi.waitFor(() => expect(published(test).sort()).toEqual([...expected].sort()), PATIENCE);

const untilRecorded = (test: ReaderCase, open: readonly string[]) =>
  vi.waitFor(async () => {
    const leases = (await readLedger(test.pool)).filter((lease) => lease.open);
    expect(leases.map(({ namespace, pod }) => `${namespace}/${pod}`).sort()).toEqual([...open].sort());
  }, PATIENCE);

const lists = ({ cluster }: ReaderCase) =>
  cluster.requests.filter(({ query }) => query.watch === undefined && query.limit !== '1');

it('watches single namespaces with a Role in each, and resumes each where it stopped', async ({
  openCase,
}) => {
  const test = await openCase();
  const { pods, faults } = test.cluster;
  faults.allowOnly(['shop', 'web']);
  for (const namespace of ['shop', 'web', 'other']) pods.start({ namespace, name: 'first' });
  const env = { ...database(test), WATCH_NAMESPACES: 'web, shop' };
  const reader = await test.startReader(env);
  const first = ['shop/first alreadyRunning', 'web/first alreadyRunning'];
  await untilPublished(test, first);
  expect(await reader.problems()).toBeUndefined();
  await untilRecorded(test, ['shop/first', 'web/first']);
  await reader.stop();

  const gone = pods.find('shop', 'first');
  if (gone) pods.remove(gone);
  pods.start({ namespace: 'web', name: 'second' });
  pods.start({ namespace: 'other', name: 'second' });
  await test.startReader(env);
  const all = [...first, 'shop/first deallocated', 'web/second allocated'];
  await untilPublished(test, all);
  await untilRecorded(test, ['web/first', 'web/second']);
  expect(
    lists(test)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(['/api/v1/namespaces/shop/pods', '/api/v1/namespaces/web/pods']);
  expect(test.records.map(({ record }) => record.inferred)).not.toContain(true);
});

it('is red while one of its namespaces is forbidden, and names it', async ({ openCase }) => {
  const test = await openCase();
  test.cluster.faults.allowOnly(['shop']);
  const reader = await test.startReader({ WATCH_NAMESPACES: 'shop,web' });
  await vi.waitFor(
    async () =>
      expect((await reader.problems())?.kubernetes).toMatch(
        /403.*forbidden.*namespace "web": it needs a Role there/,
      ),
    PATIENCE,
  );
  test.cluster.faults.allowOnly(['shop', 'web']);
  await vi.waitFor(async () => expect(await reader.problems()).toBeUndefined(), PATIENCE);
});

it('leaves ignored namespaces out, and closes in the ledger what it does not watch any more', async ({
  openCase,
}) => {
  const test = await openCase();
  const { pods } = test.cluster;
  for (const namespace of ['shop', 'kube-system']) pods.start({ namespace, name: 'first' });
  const earlier = await test.startReader(database(test));
  await untilPublished(test, ['kube-system/first alreadyRunning', 'shop/first alreadyRunning']);
  await untilRecorded(test, ['kube-system/first', 'shop/first']);
  await earlier.stop();

  await test.startReader({ ...database(test), IGNORE_NAMESPACES: 'kube-system' });
  await untilWatched(test.cluster);
  pods.start({ namespace: 'kube-system', name: 'second' });
  pods.start({ namespace: 'shop', name: 'second' });
  await untilPublished(test, [
    'kube-system/first alreadyRunning',
    'shop/first alreadyRunning',
    'shop/second allocated',
  ]);
  await untilRecorded(test, ['shop/first', 'shop/second']);
  const closed = (await readLedger(test.pool)).filter(({ open }) => !open);
  expect(closed).toMatchObject([{ namespace: 'kube-system', endReason: 'missing', endInferred: true }]);
  const gaps = await readGaps(test.pool);
  expect(gaps.map(({ reason }) => reason)).toEqual(['start', 'scope']);
  // A bookmark puts the watermark some seconds back, to before the start of a lease that is as young as this one.
  const [startedAt, endedAt] = [gaps[1]?.startedAt?.getTime() ?? 0, closed[0]?.endedAt?.getTime() ?? 0];
  expect(endedAt).toBeGreaterThanOrEqual(startedAt);
  expect(endedAt).toBeLessThanOrEqual(gaps[1]?.endedAt.getTime() ?? 0);
  const { rows } = await test.pool.query('SELECT namespaces, ignored_namespaces FROM reader_positions');
  expect(rows).toEqual([{ namespaces: null, ignored_namespaces: ['kube-system'] }]);
  expect(await readPosition(test.pool)).toMatchObject({ resourceVersion: expect.stringMatching(/^\d+$/) });
});

const NETWORKS = {
  'k8s.v1.cni.cncf.io/network-status': '[{"name":"shop/blue","ips":["192.0.2.1"],"dns":{}}]',
};
const IGNORING = { IGNORE_NAMESPACES: 'kube-system' };

it.for([
  ['leaves nothing out any more', IGNORING, {}, 'kube-system/first alreadyRunning'],
  [
    'watches what it left out',
    IGNORING,
    { WATCH_NAMESPACES: 'kube-system' },
    'kube-system/first alreadyRunning',
  ],
  [
    'watches other networks, too',
    IGNORING,
    { ...IGNORING, SECONDARY_NETWORKS: 'true' },
    'shop/first allocated',
  ],
] as const)('lists when it %s, with a gap since ever', async ([, before, after, found], { openCase }) => {
  const test = await openCase();
  const { pods } = test.cluster;
  for (const namespace of ['shop', 'kube-system'])
    pods.annotate(pods.start({ namespace, name: 'first' }), NETWORKS);
  const earlier = await test.startReader({ ...database(test), ...before });
  await untilRecorded(test, ['shop/first']);
  await earlier.stop();

  await test.startReader({ ...database(test), ...after });
  await untilPublished(test, ['shop/first alreadyRunning', found]);
  await vi.waitFor(
    async () =>
      expect((await readGaps(test.pool)).filter(({ startedAt }) => startedAt === null)).toMatchObject([
        { reason: 'start' },
        { reason: 'scope' },
      ]),
    PATIENCE,
  );
});

it('records the other namespaces while one is forbidden, and says that they alone are watched', async ({
  openCase,
}) => {
  const test = await openCase();
  const { pods, faults } = test.cluster;
  faults.allowOnly(['shop']);
  for (const namespace of ['shop', 'web']) pods.start({ namespace, name: 'first' });
  const watched = async () =>
    (await test.pool.query('SELECT namespaces FROM reader_positions')).rows[0]?.namespaces;
  await test.startReader({ ...database(test), WATCH_NAMESPACES: 'shop,web' });
  await untilRecorded(test, ['shop/first']);
  expect(await watched()).toEqual(['shop']);
  faults.allowOnly(['shop', 'web']);
  await untilRecorded(test, ['shop/first', 'web/first']);
  expect(await watched()).toEqual(['shop', 'web']);
});

it('numbers the leases of a namespace on that comes back after days', async ({ openCase }) => {
  const test = await openCase();
  for (const namespace of ['shop', 'web']) test.cluster.pods.start({ namespace, name: 'first' });
  const both = { ...database(test), WATCH_NAMESPACES: 'shop,web' };
  const first = await test.startReader(both);
  await untilRecorded(test, ['shop/first', 'web/first']);
  await first.stop();
  const without = await test.startReader({ ...both, WATCH_NAMESPACES: 'web' });
  await untilRecorded(test, ['web/first']);
  const position = "SELECT FROM reader_positions WHERE namespaces = '{web}'";
  await vi.waitFor(async () => expect((await test.pool.query(position)).rowCount).toBe(1), PATIENCE);
  await without.stop();
  await test.pool.query(`
    UPDATE leases SET started_at = started_at - interval '3 days', ended_at = ended_at - interval '3 days'
    WHERE namespace = 'shop'`);
  await test.startReader(both);
  await untilRecorded(test, ['shop/first', 'web/first']);
  const shop = (await readLedger(test.pool)).filter(({ namespace }) => namespace === 'shop');
  expect(shop).toMatchObject([
    { occurrence: 0, open: false },
    { occurrence: 1, open: true },
  ]);
});

it('lists two namespaces at a time, and watches those that are listed meanwhile', async ({ openCase }) => {
  const test = await openCase();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const namespace of names) test.cluster.pods.start({ namespace, name: 'first' });
  test.cluster.faults.delayLists(300);
  await test.startReader({ WATCH_NAMESPACES: names.join(',') });
  await untilPublished(
    test,
    names.map((name) => `${name}/first alreadyRunning`),
  );
  const { requests } = test.cluster;
  const isWatch = requests.map(({ query }) => query.watch !== undefined);
  const isList = requests.map((request) => lists(test).includes(request));
  expect(isWatch.indexOf(true)).toBeGreaterThan(0);
  expect(isWatch.indexOf(true)).toBeLessThan(isList.lastIndexOf(true));
});
