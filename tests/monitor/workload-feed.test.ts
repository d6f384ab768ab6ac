import { startWorkloads, type Workloads } from '@podips/monitor/workloads';
import { createLogger, type DatabasePool, openPool } from '@podips/shared';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findGaps } from '../../services/monitor/src/workloads/feed-queries.js';
import { PATIENCE } from '../support/browser.js';
import { MINUTE_MS, writeSampleWorkloads } from '../support/sample-workloads.js';
import { createDatabase } from '../support/test-databases.js';

const log = createLogger('test', 'silent');
const HOUR_MS = 60 * MINUTE_MS;
const AGENT = { cluster: 'default', namespace: 'shop', kind: 'DaemonSet', name: 'agent' };
const DB = { cluster: 'default', namespace: 'shop', kind: 'StatefulSet', name: 'db' };

let nowMs = Date.now();
let database: DatabasePool;
let workloads: Workloads;
beforeAll(async () => {
  const settings = await createDatabase();
  database = openPool(settings, log);
  await writeSampleWorkloads(database, nowMs);
  workloads = startWorkloads({ database: settings, now: () => nowMs, log, intervalMs: 5 });
  await vi.waitFor(() => expect(workloads.rank('1h', {}, 1).countedUntil).not.toBeNull(), PATIENCE);
});
afterAll(async () => {
  await workloads?.stop();
  await database?.end();
});

const restarts = () => workloads.look(DB, '24h')?.workload.restarts;

it('a restart and an end that are recorded hours later are counted, once', async () => {
  expect([restarts(), workloads.look(AGENT, '24h')?.workload.ended]).toEqual([5, 6]);
  await database.query(
    `INSERT INTO restarts VALUES ('default', 'uid-db-0', 'waited', 1, 0, 'shop', 'db-0', 'StatefulSet', 'db', 'node-2', $1, $1, $1,
       'Error', 1)`,
    [new Date(nowMs - 5 * HOUR_MS)],
  );
  await database.query(
    `INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network, started_at,
       start_inferred, ended_at, end_reason, end_inferred, workload_kind, workload, revision, end_cause)
     VALUES ('default', 'uid-late', '10.64.9.9', 0, 'shop', 'agent-late', 'DaemonSet', 'agent', 'node-3', false, $1, false, $2,
       'finished', false, 'DaemonSet', 'agent', '5c8', 'Evicted')`,
    [new Date(nowMs - 7 * HOUR_MS), new Date(nowMs - 6 * HOUR_MS)],
  );
  nowMs += 6 * MINUTE_MS;
  await vi.waitFor(() => expect(restarts()).toBe(6), PATIENCE);
  expect(workloads.look(AGENT, '24h')?.workload).toMatchObject({ ended: 7, started: 8 });
  for (let look = 0; look < 3; look += 1) {
    nowMs += 6 * MINUTE_MS;
    await new Promise<void>((resolve) => workloads.onNews(resolve));
  }
  expect([restarts(), workloads.look(AGENT, '24h')?.workload.ended]).toEqual([6, 7]);
});

it('of more gaps than are read, the time before the newest ones counts as one', async () => {
  await database.query(
    `INSERT INTO gaps (cluster, started_at, ended_at, reason)
     SELECT 'default', at - interval '1 second', at, 'restarted'
     FROM generate_series(1, 600) AS n, LATERAL (SELECT $1::timestamptz - n * interval '10 minutes' AS at) AS times`,
    [new Date(nowMs)],
  );
  const gaps = await findGaps(database, new Date(nowMs - 7 * 24 * HOUR_MS));
  expect(gaps).toHaveLength(500);
  expect(gaps.filter(({ fromMs }) => fromMs === Number.NEGATIVE_INFINITY)).toEqual(gaps.slice(-1));
});
