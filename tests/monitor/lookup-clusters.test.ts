import { createLogger, type DatabasePool, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const DAY = '2026-11-20';

/** Another cluster, complete up to 17:00, with a pod near 10.64.0.182 and a gap around 14:00; and none near the nodes. */
const OTHER = `
  INSERT INTO reader_positions (cluster, resource_version, known_at) VALUES ('other', '1', '${DAY} 17:00Z');
  INSERT INTO gaps (cluster, started_at, ended_at, reason) VALUES
    ('other', NULL, '${DAY} 12:00Z', 'start'), ('other', '${DAY} 13:55Z', '${DAY} 14:02Z', 'expired');
  INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
    started_at, start_inferred, started_not_before, started_not_after)
  VALUES ('other', 'uid-far', '10.64.7.7', 0, 'shop', 'far', 'Job', 'far', 'node-9', false,
    '${DAY} 12:30Z', false, '${DAY} 12:30Z', '${DAY} 12:30Z')`;

let database: DatabasePool;
let monitor: MonitorProcess;
beforeAll(async () => {
  const settings = await createDatabase();
  database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  await database.query(OTHER);
  monitor = await startMonitorProcess(databaseEnvironment(settings));
});
afterAll(async () => {
  await monitor?.destroy();
  await database?.end();
});

const asJson = async (path: string) => JSON.parse((await getFrom(monitor, path)).body);

it.each([
  ['is in a gap', '10.64.0.182', '14:00:00', '', 'unsure', 'missed changes in other'],
  ['is behind', '10.64.0.7', '17:30:00', '', 'unsure', 'The ledger of other is complete up to'],
  ['knows that it had none', '10.64.0.182', '13:30:00', '', 'pod', ''],
  ['never had an address near it', '192.168.0.5', '14:00:00', '', 'node', ''],
  ['never had an address near it and is behind', 'fd00::7', '17:30:00', '', 'pod', ''],
  ['is not asked about', '10.64.0.182', '14:00:00', '&cluster=default', 'pod', ''],
  [
    'is none',
    '10.64.0.182',
    '14:00:00',
    '&cluster=prod',
    'unsure',
    'no cluster "prod": those are default, other',
  ],
])('where another cluster %s, nobody else is named', async (_what, ip, clock, query, verdict, text) => {
  const at = `${DAY}T${clock}Z`;
  // Once from the database, and once from memory.
  for (const _ of [1, 2]) {
    const answer = await asJson(`/lookup/${ip}@${at}?skew=0s${query}`);
    expect(answer).toMatchObject({ verdict, reason: expect.stringContaining(text) });
  }
  if (query !== '') return;
  const { certain, answer } = await asJson(`/api/v1/leases?ip=${ip}&at=${at}`);
  expect([certain, answer]).toEqual([verdict !== 'unsure', expect.stringContaining(text)]);
  const { rows } = await database.query<{ verdict: string }>('SELECT verdict FROM podips_who($1, $2)', [
    ip,
    at,
  ]);
  expect(rows).toEqual([{ verdict }]);
});
