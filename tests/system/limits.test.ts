import type { Environment } from '@podips/shared';
import { untilWatched } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import { readGaps, readLedger } from '../support/ledger.js';
import { EXACT, it, PATIENCE, type ReaderCase, untilLedgerIsTrue } from '../support/reader-case.js';
import { startReaderProcess } from '../support/reader-process.js';

const MEGABYTE = 1_000_000;
const CONTAINERS = 1_000;
const LARGE_PODS = 100;

const database = ({ withDatabase }: ReaderCase): Environment => ({
  ...withDatabase,
  LEDGER_INTERVAL_MS: '20',
});

const describeRecords = ({ records }: ReaderCase, pod: string) =>
  records
    .filter(({ record }) => record.pod === pod)
    .map(({ record }) => `${record.pod_ip_status} ${record.pod_ip}`);

describe('a pod', () => {
  it.for([
    ['of a megabyte', { labels: { large: 'x'.repeat(MEGABYTE) } }],
    ['with names as long as Kubernetes lets them be', { name: 'p'.repeat(253), namespace: 'n'.repeat(63) }],
  ] as const)(
    '%s is published like any other, from a list and from a watch',
    async ([_what, unusual], { openCase }) => {
      const test = await openCase();
      const { pods } = test.cluster;
      const listed = pods.start({ name: 'listed', ...unusual });
      await test.startReader(database(test));
      expect(await test.caughtUp()).toEqual(EXACT);
      pods.delete(listed);
      pods.changeIp(pods.start({ name: 'watched', ...unusual }));
      expect(await test.caughtUp()).toEqual(EXACT);
      await untilLedgerIsTrue(test);
    },
  );

  it('with a thousand containers is published like any other, from a list and from a watch', async ({
    openCase,
  }) => {
    const test = await openCase();
    const { pods, faults } = test.cluster;
    const like = pods.start({ name: 'like' });
    const crowded = (name: string, ip: string) => ({
      metadata: { ...like.metadata, name, uid: name, resourceVersion: String(pods.resourceVersion) },
      spec: { ...like.spec, containers: crowd({ image: 'registry.example.com/shop/cart:1.2.3' }) },
      status: {
        ...like.status,
        podIP: ip,
        podIPs: [{ ip }],
        containerStatuses: crowd({ ready: true, restartCount: 0, state: { running: {} } }),
      },
    });
    faults.addToNextList(crowded('listed', '10.1.0.1'));
    const reader = await test.startReader(database(test));
    await untilWatched(test.cluster);
    faults.sendEvent('ADDED', crowded('watched', '10.1.0.2'));
    faults.sendEvent('MODIFIED', crowded('watched', '10.1.0.3'));
    await test.caughtUp();
    expect(describeRecords(test, 'listed')).toEqual(['alreadyRunning 10.1.0.1']);
    expect(describeRecords(test, 'watched')).toEqual([
      'alreadyRunning 10.1.0.2',
      'deallocated 10.1.0.2',
      'allocated 10.1.0.3',
    ]);
    expect(await reader.metric('skipped_total{what="malformed-pod"}')).toBeUndefined();
  });
});

it('a list of pods of a megabyte each is published within 300 MB', async ({ openCase }) => {
  const test = await openCase();
  await using owner = new AsyncDisposableStack();
  const labels = { large: 'x'.repeat(MEGABYTE) };
  for (let n = 0; n < LARGE_PODS; n += 1) test.cluster.pods.start({ name: `large-${n}`, labels });
  const reader = await startReaderProcess(test, owner, 'reader', database(test));
  await vi.waitFor(() => expect(test.verdict()).toEqual(EXACT), PATIENCE);
  expect(await reader.metric('lists_total{reason="start"}')).toBe(1);
  expect(await reader.child.peakBytes()).toBeLessThan(300_000_000);
});

function crowd(container: object): object[] {
  return Array.from({ length: CONTAINERS }, (_, n) => ({ name: `container-${n}`, ...container }));
}

describe('an address is the same in each of its spellings, in messages and in the ledger:', () => {
  it.for([
    ['fd00::1', ['FD00::1', 'fd00:0:0:0:0:0:0:1', 'fd00:0000:0000:0000:0000:0000:0000:0001', 'fd00::0:1']],
    ['::ffff:10.0.0.1', ['::FFFF:10.0.0.1', '::ffff:a00:1', '0:0:0:0:0:ffff:0A00:0001']],
    ['2001:db8::1:0:0:1', ['2001:DB8:0:0:1::1', '2001:0db8:0:0:1:0:0:1']],
  ] as const)('%s', async ([ip, spellings], { openCase }) => {
    const test = await openCase();
    const { pods, faults } = test.cluster;
    const like = pods.start({ name: 'like' });
    const spelt = (spelling: string) => ({
      metadata: {
        ...like.metadata,
        name: 'spelt',
        uid: 'spelt',
        resourceVersion: String(pods.resourceVersion),
      },
      spec: like.spec,
      status: { ...like.status, podIP: spelling, podIPs: [{ ip: spelling }] },
    });
    const reader = await test.startReader(database(test));
    await untilWatched(test.cluster);
    faults.sendEvent('ADDED', spelt(ip));
    for (const spelling of spellings) faults.sendEvent('MODIFIED', spelt(spelling));
    await test.caughtUp();
    expect(describeRecords(test, 'spelt')).toEqual([`alreadyRunning ${ip}`]);
    await vi.waitFor(async () => expect(await leasesOf(test, 'spelt')).toEqual([`${ip} open`]), PATIENCE);

    // The next reader knows the lease from the ledger alone.
    await reader.stop();
    faults.addToNextList(spelt(spellings[0] ?? ip));
    pods.start({ name: 'meanwhile' });
    pods.compact();
    const next = await test.startReader(database(test));
    await untilWatched(test.cluster);
    expect(await next.metric('lists_total{reason="expired"}')).toBe(1);
    faults.sendEvent('DELETED', spelt(spellings[1] ?? ip));
    const expected = [`alreadyRunning ${ip}`, `deallocated ${ip}`];
    await vi.waitFor(() => expect(describeRecords(test, 'spelt')).toEqual(expected), PATIENCE);
    await vi.waitFor(async () => expect(await leasesOf(test, 'spelt')).toEqual([`${ip} closed`]), PATIENCE);
  });
});

/** The leases of a pod, as the ledger spells their addresses. */
async function leasesOf({ pool }: ReaderCase, uid: string): Promise<string[]> {
  const leases = await readLedger(pool);
  return leases
    .filter((lease) => lease.uid === uid)
    .map(({ ip, open }) => `${ip} ${open ? 'open' : 'closed'}`);
}

it('a pod that PostgreSQL will never accept is published, and does not hold up the ledger', async ({
  openCase,
}) => {
  const test = await openCase();
  const { pods, faults } = test.cluster;
  const reader = await test.startReader(database(test));
  await untilWatched(test.cluster);
  const like = pods.start({ name: 'like' });
  const metadata = {
    ...like.metadata,
    name: 'nul-\0',
    uid: 'nul',
    resourceVersion: String(pods.resourceVersion),
  };
  const status = { ...like.status, podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }] };
  faults.sendEvent('ADDED', { metadata, spec: like.spec, status });
  await test.caughtUp();
  expect(describeRecords(test, 'nul-\0')).toEqual(['alreadyRunning 10.1.0.1']);
  await untilLedgerIsTrue(test);
  // The reader counts it once its commit is answered, which is after others can read what was committed.
  await vi.waitFor(async () => expect(await reader.metric('ledger_refused_total')).toBe(1), PATIENCE);
  expect(reader.logged()).toContain('database refuses this lease for good; the ledger has a gap');
  expect((await readGaps(test.pool)).map(({ reason }) => reason)).toContain('refused');
});

it('delivers as they are the rows of podips 1.1, from a table that is widened for names of any length', async ({
  openCase,
}) => {
  const test = await openCase();
  const rows = Array.from({ length: 700 }, (_, n) => JSON.stringify(messageOf11(n)));
  await test.pool.query('CREATE TABLE messages (id serial PRIMARY KEY, message varchar(1000))');
  await test.pool.query('INSERT INTO messages (message) SELECT unnest($1::text[])', [rows]);
  await test.brokerProxy.refuse(true);
  test.cluster.pods.start({ name: 'p'.repeat(253), namespace: 'n'.repeat(63) });
  await test.startReader(database(test));
  await vi.waitFor(async () => expect(await test.outbox()).toHaveLength(rows.length + 1), PATIENCE);
  await test.brokerProxy.refuse(false);
  await vi.waitFor(() => expect(test.records).toHaveLength(rows.length + 1), PATIENCE);
  expect(test.records.slice(0, -1).map(({ record }) => JSON.stringify(record))).toEqual(rows);
  await vi.waitFor(async () => expect(await test.outbox()).toEqual([]), PATIENCE);
});

/** The message of podips 1.1 for a pod that waits for its address. */
function messageOf11(n: number): Record<string, string> {
  const timestamp = '2021-03-04 10:11:12.123456789 +0000 UTC m=+0.001';
  return {
    class: 'audit',
    subclass: 'pod_ip',
    origin: 'reader-0',
    host: 'reader-0',
    dc: 'unknown',
    pod_namespace: 'shop',
    pod: `cart-${n}`,
    pod_ip: '',
    pod_ip_status: 'allocated',
    short_message: `shop/cart-${n}:`,
    full_message: `shop/cart-${n}::allocated:${timestamp}`,
    timestamp,
    logtype: 'kube-api-server',
  };
}
