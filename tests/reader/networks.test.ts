import { untilWatched } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { it, PATIENCE } from '../support/reader-case.js';

const STATUS = 'k8s.v1.cni.cncf.io/network-status';
const status = (ip: string, name = 'shop/blue') => ({
  [STATUS]: JSON.stringify([{ name, interface: 'net1', ips: [ip], dns: {} }]),
});

it('has leases of addresses on other networks, which may be the same as others', async ({ openCase }) => {
  const test = await openCase();
  const { pods, workloads } = test.cluster;
  const env = { ...test.withDatabase, LEDGER_INTERVAL_MS: '20', SECONDARY_NETWORKS: 'true' };
  const reader = await test.startReader(env);
  await untilWatched(test.cluster);
  const [web, db] = [workloads.startBarePod('web'), workloads.startBarePod('db')];
  const ip = web.status.podIP ?? '';
  pods.annotate(db, status(ip));
  // Nothing is known of its other networks for a while: it keeps what it has.
  pods.annotate(db, { [STATUS]: '{"broken' });
  pods.annotate(web, { [STATUS]: '[0]' });
  pods.annotate(db, status('192.0.2.1', 'shop/red'));
  pods.annotate(db, status(ip));
  pods.fail(db);
  const seen = () =>
    test.records
      .filter(({ record }) => record.network)
      .map(({ record }) => `${record.pod_ip_status} ${record.pod} ${record.pod_ip} ${record.network}`);
  await vi.waitFor(
    () =>
      expect(seen()).toEqual([
        `allocated db ${ip} shop/blue`,
        `deallocated db ${ip} shop/blue`,
        'allocated db 192.0.2.1 shop/red',
        'deallocated db 192.0.2.1 shop/red',
        `allocated db ${ip} shop/blue`,
        `deallocated db ${ip} shop/blue`,
      ]),
    PATIENCE,
  );
  expect(new Set(test.records.map(({ record }) => record.event_id)).size).toBe(test.records.length);
  const leases = `SELECT pod, network, occurrence, ended_at = 'infinity' AS open FROM leases WHERE ip = $1
    ORDER BY network, occurrence`;
  await vi.waitFor(
    async () =>
      expect((await test.pool.query(leases, [ip])).rows).toEqual([
        { pod: 'web', network: '', occurrence: 0, open: true },
        { pod: 'db', network: 'shop/blue', occurrence: 0, open: false },
        { pod: 'db', network: 'shop/blue', occurrence: 1, open: false },
      ]),
    PATIENCE,
  );
  expect(await reader.metric('skipped_total{what="malformed-annotation"}')).toBe(2);
  expect(reader.logged().filter((line) => line.startsWith('annotation not understood'))).toHaveLength(1);
});

it('has none of them by default', async ({ openCase }) => {
  const test = await openCase();
  await test.startReader();
  await untilWatched(test.cluster);
  test.cluster.pods.annotate(test.cluster.workloads.startBarePod('db'), status('192.0.2.1'));
  await test.caughtUp();
  expect(test.records.map(({ record }) => record.pod_ip)).not.toContain('192.0.2.1');
  expect(test.records.map(({ record }) => record)).not.toContainEqual(
    expect.objectContaining({ network: expect.anything() }),
  );
});
