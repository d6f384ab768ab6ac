import {
  createLogger,
  type DatabasePool,
  type DatabaseSettings,
  type Environment,
  migrate,
  openPool,
} from '@podips/shared';
import { databaseEnvironment, startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { getFrom, ledgerPage, ledgerView } from '../support/ask-monitor.js';
import { PATIENCE } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const ADDRESS = { ip: '10.64.0.7' };
const LEASES_OF_ADDRESS = '/api/v1/leases?ip=10.64.0.7';
const log = createLogger('test', 'silent');

let settings: DatabaseSettings;
let route: TcpProxy;
let database: DatabasePool;
let monitor: MonitorProcess;
beforeAll(async () => {
  settings = await createDatabase();
  route = await startProxy({ host: '127.0.0.1', port: settings.port });
  database = openPool(settings, log);
  await writeSampleLedger(database);
  monitor = await startMonitorProcess(databaseEnvironment({ ...settings, port: route.port }));
});
afterAll(async () => {
  await monitor?.destroy();
  await database?.end();
  await route?.stop();
});

/** A monitor of its own, gone after the test. */
async function another(env: Environment): Promise<MonitorProcess> {
  const started = await startMonitorProcess({ ...databaseEnvironment(settings), ...env });
  onTestFinished(() => started.destroy());
  return started;
}

/** Status and error of a question. */
async function ask() {
  const { status, body } = await getFrom(monitor, LEASES_OF_ADDRESS);
  const { error }: { error?: string } = JSON.parse(body);
  return { status, error };
}

it('the dashboard, its JSON and the metrics show the state of the ledger', async () => {
  await database.query(`INSERT INTO messages (message) VALUES ('{}')`);
  const own = await another({});
  await vi.waitFor(async () => {
    expect(await ledgerView(own)).toMatchObject({
      waiting: 1,
      knownUntil: '2026-11-20T18:00:00.000Z',
      error: null,
      failingSince: null,
    });
  }, PATIENCE);
  const { body } = await getFrom(own, '/');
  expect(body).toContain('<a href="/leases">Ledger</a>');
  expect(body).toContain('<dd>1 message</dd>');
  const metrics = (await getFrom(own, '/metrics')).body;
  expect(metrics).toContain('podips_ledger_up 1\n');
  expect(metrics).toContain('podips_ledger_outbox_messages 1\n');
  expect(metrics).toMatch(/podips_ledger_behind_seconds \d+/);
});

it('a user that may only read these four tables is enough, and fewer rights are reported', async () => {
  await database.query(`CREATE ROLE analyst LOGIN PASSWORD 'correct-horse';
    CREATE ROLE stranger LOGIN PASSWORD 'correct-horse';
    GRANT SELECT ON leases, gaps, reader_positions, messages TO analyst`);
  const login = { DB_PASSWORD: 'correct-horse' };
  const analyst = await another({ ...login, DB_USER: 'analyst' });
  expect((await ledgerPage(analyst, ADDRESS)).status).toBe(200);
  const stranger = await another({ ...login, DB_USER: 'stranger' });
  expect((await ledgerPage(stranger, ADDRESS)).body).toContain('may not read the ledger');
});

it('pages of the ledger need the login of the other pages', async () => {
  const guarded = await another({ READ_USER: 'analyst', READ_PASSWORD: 'correct-horse' });
  for (const path of ['/leases', LEASES_OF_ADDRESS, '/api/v1/gaps'])
    expect((await getFrom(guarded, path)).status).toBe(401);
});

it('without a database there is neither page nor link', async () => {
  const alone = await another({ DB_HOST: '' });
  for (const path of ['/leases', LEASES_OF_ADDRESS, '/api/v1/gaps'])
    expect((await getFrom(alone, path)).status).toBe(404);
  expect((await getFrom(alone, '/')).body).not.toContain('/leases');
  expect(await ledgerView(alone)).toBeNull();
});

describe('a database that', () => {
  afterEach(async () => {
    // Nothing else has suffered.
    expect((await getFrom(monitor, '/podips/all')).status).toBe(200);
  });

  it('has no tables yet is waited for', async () => {
    await database.query('CREATE DATABASE bare');
    const fresh = await another({ DB_NAME: 'bare' });
    const { status, body } = await ledgerPage(fresh, ADDRESS);
    expect([status, body.includes('The database has no ledger yet')]).toEqual([503, true]);
    const bare = openPool({ ...settings, database: 'bare' }, log);
    onTestFinished(() => bare.end());
    await migrate(bare);
    const after = await ledgerPage(fresh, ADDRESS);
    expect([after.status, after.body.includes('no reader has written to it yet')]).toEqual([200, true]);
  });

  it('is one of an earlier version says what it lacks, and still answers questions that do not need it', async () => {
    await database.query(
      'ALTER FUNCTION podips_leases_around RENAME TO renamed; ALTER TABLE failed_pods RENAME TO renamed',
    );
    onTestFinished(async () => {
      await database.query(
        'ALTER FUNCTION renamed RENAME TO podips_leases_around; ALTER TABLE renamed RENAME TO failed_pods',
      );
    });
    const early = await another({});
    const lacks = 'failed_pods, podips_leases_around';
    await vi.waitFor(
      async () => expect(await ledgerView(early)).toMatchObject({ error: null, lacks }),
      PATIENCE,
    );
    expect((await ledgerPage(early, ADDRESS)).status).toBe(200);
    const { status, body } = await getFrom(early, '/lookup/10.64.0.7@2026-11-20T14:00:00Z');
    expect([status, JSON.parse(body).error]).toEqual([503, expect.stringContaining('an earlier version')]);
  });

  it('refuses the login is reported, without the password', async () => {
    const locked = await another({ DB_PASSWORD: 'wrong-password' });
    await vi.waitFor(async () => {
      const { ledgerLight } = JSON.parse((await getFrom(locked, '/api/v1/status')).body);
      expect(ledgerLight).toMatchObject({ light: 'red' });
    }, PATIENCE);
    const { status, body } = await ledgerPage(locked, ADDRESS);
    expect([status, body.includes('The database refuses the login')]).toEqual([503, true]);
    expect(body + locked.process.output()).not.toContain('wrong-password');
  });

  it('takes too long is not waited for', async () => {
    const client = await database.connect();
    onTestFinished(() => client.release(true));
    await client.query('BEGIN; LOCK TABLE leases IN ACCESS EXCLUSIVE MODE');
    expect(await ask()).toMatchObject({
      status: 503,
      error: expect.stringContaining('database'),
    });
    await client.query('ROLLBACK');
    expect((await ask()).status).toBe(200);
  });

  it('vanishes with its connections open is left, and found again', async () => {
    const proxy = await startProxy({ host: '127.0.0.1', port: settings.port });
    onTestFinished(() => proxy.stop());
    const far = await another({ DB_PORT: String(proxy.port) });
    expect((await ledgerPage(far, ADDRESS)).status).toBe(200);
    proxy.halfOpen(true);
    expect((await ledgerPage(far, ADDRESS)).status).toBe(503);
    expect((await getFrom(far, '/healthz')).status).toBe(200);
    proxy.halfOpen(false);
    await vi.waitFor(async () => expect((await ledgerPage(far, ADDRESS)).status).toBe(200), PATIENCE);
    proxy.halfOpen(true);
    // It does not wait for it at its stop, either.
    await far.stop();
  });

  it('stops is shown on the dashboard, with the time, until it is back', async () => {
    await route.refuse(true);
    route.cut();
    expect(await ask()).toMatchObject({
      status: 503,
      error: 'the database does not answer',
    });
    await vi.waitFor(async () => {
      const view = { error: 'the database does not answer', failingSince: expect.any(String) };
      expect(await ledgerView(monitor)).toMatchObject(view);
    }, PATIENCE);
    const status = JSON.parse((await getFrom(monitor, '/api/v1/status')).body);
    expect(status).toMatchObject({
      worst: 'red',
      headline: expect.stringContaining('The ledger cannot be used: the database does not answer.'),
      ledgerLight: { light: 'red' },
      operations: expect.toSatisfy((four) => four.length === 4),
    });
    expect((await getFrom(monitor, '/')).body).toContain('<title>failing ');
    for (const path of ['/badge.svg', '/badge/ledger.svg'])
      expect((await getFrom(monitor, path)).body).toContain(': failing');
    await vi.waitFor(
      async () => expect((await getFrom(monitor, '/metrics')).body).toContain('podips_ledger_up 0\n'),
      PATIENCE,
    );
    await monitor.beat('log/200/OK');
    await route.refuse(false);
    expect((await ask()).status).toBe(200);
    await vi.waitFor(async () => expect(await ledgerView(monitor)).toMatchObject({ error: null }), PATIENCE);
  });
});
