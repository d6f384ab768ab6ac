import { createLedger } from '@podips/reader';
import {
  type DatabasePool,
  type DatabaseSettings,
  inTransaction,
  migrate,
  openPool,
  readAtOnce,
} from '@podips/shared';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openExporter } from '../../services/monitor/src/export/export.js';
import {
  answerBatch,
  answerFromMemory,
  type LedgerReads,
} from '../../services/monitor/src/lookup/answer-batch.js';
import type { Asked } from '../../services/monitor/src/lookup/lookup-question.js';
import { createMemory } from '../../services/monitor/src/lookup/memory.js';
import { createDatabase, log } from '../support/test-databases.js';

const DAY = '2026-11-20';
const AT_MS = Date.parse(`${DAY}T00:30:00Z`);
const OLD = new Date(`${DAY}T02:00:00Z`);
const CLUSTER = 'default';
const DELETED = { verdict: 'unsure', reason: expect.stringContaining('those are deleted') };

let settings: DatabaseSettings;
let database: DatabasePool;
beforeAll(async () => {
  settings = await createDatabase();
  database = openPool(settings, log);
  await migrate(database);
});
afterAll(() => database?.end());
beforeEach(() =>
  database.query(
    `TRUNCATE leases, gaps, reader_positions;
     INSERT INTO reader_positions (cluster, resource_version, known_at) VALUES ('${CLUSTER}', '1', '${DAY} 06:00Z');
     INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
       started_at, start_inferred, ended_at, end_reason, end_inferred, started_not_before, started_not_after,
       ended_not_before, ended_not_after)
     SELECT '${CLUSTER}', pod, ip::inet, 0, 'shop', pod, '', '', 'node-1', false, since, false, until, 'deleted', false,
       since, since, until, until
     FROM (VALUES ('oldest', '10.0.0.9', '00:00', '00:10'), ('gone', '10.0.0.1', '00:00', '01:00'),
       ('alone', '10.9.0.1', '00:00', '01:00'), ('stays', '10.0.0.1', '04:00', '05:00')) AS added (pod, ip, since_at, until_at),
     LATERAL (SELECT ('${DAY} ' || since_at || 'Z')::timestamptz AS since, ('${DAY} ' || until_at || 'Z')::timestamptz AS until) AS times`,
  ),
);

/** Deletes all but the last lease, as the reader does some time after it announced that. */
async function deleteOld(): Promise<void> {
  expect(await createLedger(database, CLUSTER).prune(OLD, new AbortController().signal)).toBe(3);
}

const announce = () => createLedger(database, CLUSTER).announce(OLD);

/** @param before is called before the first use of that kind, the first transaction of which reads the coverage */
function readsWith(
  when: 'leases are read ahead' | 'an answer is read',
  before: () => Promise<void>,
): LedgerReads {
  let transactions = 0;
  return {
    atOnce: async (statements) => {
      if (when === 'leases are read ahead') await before();
      return readAtOnce(database, statements);
    },
    inTransaction: async (work) => {
      transactions += 1;
      if (when === 'an answer is read' && transactions === 2) await before();
      return inTransaction(database, work, { readOnly: true });
    },
  };
}

const asked = (ip: string): Asked => ({
  ip,
  at: { ms: AT_MS, precisionMs: 1 },
  skewMs: 0,
  cluster: undefined,
});

const asker = () => ({
  cluster: CLUSTER,
  nowMs: Date.parse(`${DAY}T06:00:00Z`),
  memory: createMemory(() => 0),
});

it('a lease that is deleted before it is read ahead leaves an answer that is not sure, also for those who ask from memory', async () => {
  await announce();
  const known = asker();
  const reads = readsWith('leases are read ahead', deleteOld);
  const [first] = await answerBatch(reads, [asked('10.0.0.1')], known);
  expect(first?.answer).toMatchObject(DELETED);
  expect(answerFromMemory(asked('10.0.0.1'), known)?.answer).toMatchObject(DELETED);
});

it('a lease that is deleted while a timeline is exported leaves an answer that is not sure', async () => {
  const exporter = openExporter({ database: settings, cluster: CLUSTER, log });
  try {
    const question = { fromMs: AT_MS, toMs: undefined, network: '', cluster: undefined, isTimeline: true };
    const timeline = await exporter.begin(question);
    await announce();
    await deleteOld();
    let text = '';
    for await (const part of timeline?.text ?? []) text += part;
    timeline?.leave();
    const rows = text.split('\n').filter((row) => row.startsWith('10.0.0.1,'));
    expect(rows.map((row) => row.split(',').slice(1, 4))).toEqual([
      ['1970-01-01T00:00:00.000Z', `${DAY}T02:00:00.000Z`, 'unsure'],
      [`${DAY}T02:00:00.000Z`, `${DAY}T04:00:00.000Z`, 'nobody'],
      [`${DAY}T04:00:00.000Z`, `${DAY}T05:00:00.000Z`, 'pod'],
      [`${DAY}T05:00:00.000Z`, `${DAY}T05:59:58.001Z`, 'nobody'],
      [`${DAY}T05:59:58.001Z`, '2200-01-01T00:00:00.000Z', 'unsure'],
    ]);
  } finally {
    await exporter.stop();
  }
});
