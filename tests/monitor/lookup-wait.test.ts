import { createLogger, type DatabasePool, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDocument } from '../docs/documents.js';
import { getFrom } from '../support/ask-monitor.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

let database: DatabasePool;
let monitor: MonitorProcess;
beforeAll(async () => {
  const settings = await createDatabase();
  database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  monitor = await startMonitorProcess(databaseEnvironment(settings));
});
afterAll(async () => {
  await monitor?.destroy();
  await database?.end();
});

/** The ledger is complete up to then, by seconds from now. */
const reach = (seconds: number) =>
  database.query(`UPDATE reader_positions SET known_at = now() + $1 * interval '1 second'`, [seconds]);

async function ask(query: string) {
  const at = new Date().toISOString();
  const { status, body } = await getFrom(
    monitor,
    `/lookup/${encodeURIComponent(`10.64.0.7@${at}`)}?${query}`,
  );
  return { status, ...JSON.parse(body) };
}

it('no answer is waited for that will not come: of a ledger that is not written, or of a time that is known', async () => {
  await reach(-3_600);
  expect(await ask('wait=2m')).toMatchObject({ status: 200, verdict: 'unsure' });
  const { body } = await getFrom(monitor, '/lookup/10.64.0.9@2026-11-20T15:35:00Z?wait=2m');
  expect(JSON.parse(body)).toMatchObject({ verdict: 'unsure' });
});

it('an event of now is answered as soon as the ledger reaches it, as the documents have it for live messages', async () => {
  const { text } = readDocument('docs/lookup.md');
  expect(text.match(/\?wait=90s/g)?.length).toBeGreaterThanOrEqual(2);
  await reach(-20);
  expect(await ask('')).toMatchObject({ status: 200, verdict: 'unsure' });
  const answered = ask('wait=90s');
  // Another one that waits shows that the first has been asked meanwhile.
  expect(await ask('wait=1s')).toMatchObject({ status: 200, verdict: 'unsure', value: '' });
  await reach(30);
  expect(await answered).toMatchObject({ status: 200, verdict: 'pod', value: 'shop/cart-0' });
});

it.each(['3m', 'long', ''])('a length of time that is none is refused: "%s"', async (wait) => {
  const { status, body } = await getFrom(monitor, `/lookup/10.64.0.7?wait=${wait}`);
  expect([status, JSON.parse(body).field]).toEqual([400, 'wait']);
});
