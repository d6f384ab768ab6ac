import { startWorkloads } from '@podips/monitor/workloads';
import { createLogger, type DatabasePool, type DatabaseSettings, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { PATIENCE } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { MINUTE_MS, writeSampleWorkloads } from '../support/sample-workloads.js';
import { createDatabase } from '../support/test-databases.js';

let settings: DatabaseSettings;
let database: DatabasePool;
let monitor: MonitorProcess;
const startedMs = Date.now();
beforeAll(async () => {
  settings = await createDatabase();
  database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleWorkloads(database, startedMs);
  await database.query(`INSERT INTO gaps (cluster, ended_at, reason) VALUES ('default', $1, 'start')`, [
    new Date(startedMs - 20 * 60 * MINUTE_MS),
  ]);
  monitor = await startMonitorProcess(databaseEnvironment(settings));
  await vi.waitFor(async () => expect((await ask('')).countedUntil).not.toBeNull(), PATIENCE);
});
afterAll(async () => {
  await monitor?.destroy();
  await database?.end();
});

async function ask(query: string) {
  const { status, body } = await getFrom(monitor, `/api/v1/workloads${query}`);
  expect(status, body).toBe(200);
  return JSON.parse(body);
}

it('the workloads of the ledger are ranked, the worst first, each pod once', async () => {
  const { workloads, total } = await ask('?window=1h');
  expect(total).toBe(4);
  const page = await getFrom(monitor, '/workloads?window=24h');
  expect(page.body).toContain('Nothing is recorded of the time before');
  expect(workloads).toMatchObject([
    { name: 'agent', kind: 'DaemonSet', replaced: 6, started: 6, unstable: 'replaced', lastCause: 'Evicted' },
    { name: 'import', kind: 'Job', failed: 6, replaced: 0, unstable: 'replaced', lastExitCode: 2 },
    { name: 'db', kind: 'StatefulSet', restarts: 5, unstable: 'restarts', lastCause: 'OOMKilled' },
    { name: 'web', kind: 'Deployment', replaced: 0, unstable: null, started: 3, ended: 3 },
  ]);
  expect(workloads[2].text).toMatch(
    /^shop\/db, StatefulSet: 5 container restarts in the last hour; last one OOMKilled, exit code 137, \d min ago$/,
  );
  expect((await ask('?kind=Job')).workloads).toMatchObject([{ name: 'import' }]);
  expect((await ask('?namespace=other')).workloads).toEqual([]);
});

it('what happens later is counted at the next look, once', async () => {
  await database.query(
    `INSERT INTO restarts VALUES ('default', 'uid-db-0', 'app', 9, 5, 'shop', 'db-0', 'StatefulSet', 'db', 'node-2', $1, $1, $1,
       'Error', 1)`,
    [new Date(startedMs)],
  );
  await vi.waitFor(async () => {
    const [first] = (await ask('')).workloads;
    expect(first).toMatchObject({ name: 'db', restarts: 9, lastExitCode: 1 });
  }, PATIENCE);
});

it('one workload has its pods, and a page of its own', async () => {
  const { status, body } = await getFrom(monitor, '/api/v1/workloads/shop/DaemonSet/agent');
  expect(status).toBe(200);
  const { pods, workload } = JSON.parse(body);
  expect(workload).toMatchObject({ name: 'agent', medianLifeMs: Math.round(9.9 * MINUTE_MS) });
  expect(pods).toHaveLength(7);
  const page = await getFrom(monitor, '/workloads/shop/DaemonSet/agent');
  expect([page.status, page.body.match(/<rect class="life"/g)?.length]).toEqual([200, 7]);
  const web = await getFrom(monitor, '/workloads/shop/Deployment/web');
  expect(web.body.match(/class="rollout"/g)).toHaveLength(1);
});

it('addresses lead to the ledger, and filters say what there is to choose from', async () => {
  const { pods } = JSON.parse((await getFrom(monitor, '/api/v1/workloads/shop/DaemonSet/agent')).body);
  const page = await getFrom(monitor, '/workloads/shop/DaemonSet/agent');
  const link = /<a href="([^"]+)">10\.64\.1\.0</.exec(page.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect((await getFrom(monitor, link)).body).toContain('shop/agent-0');
  expect(pods).toContainEqual(expect.objectContaining({ pod: 'agent-0', ip: '10.64.1.0' }));
  const list = await getFrom(monitor, '/workloads?kind=Job&namespace=');
  expect(list.body).toContain('<option selected>Job</option>');
  expect(list.body).not.toContain('shop/agent</bdi>');
});

it('IP changes are counted by the quarter of an hour, with gaps', async () => {
  const { status, body } = await getFrom(monitor, '/api/v1/changes');
  const { starts, ends, gaps, quarterMs, error } = JSON.parse(body);
  expect([status, starts.length, quarterMs, error]).toEqual([200, 96, 15 * MINUTE_MS, null]);
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  // Twice for each pod with two addresses.
  expect([sum(starts), sum(ends)]).toEqual([27, 21]);
  expect(gaps).toMatchObject([{ from: null }]);
  expect((await getFrom(monitor, '/workloads?window=24h')).body).toContain('Something may be missing before');
  const { body: refused, status: code } = await getFrom(monitor, '/api/v1/changes?since=1h');
  expect([code, JSON.parse(refused)]).toMatchObject([400, { field: 'since' }]);
});

it('a workload that is not known is a 404, and a window that is none a 400', async () => {
  expect((await getFrom(monitor, '/workloads/shop/Job/other')).status).toBe(404);
  expect((await getFrom(monitor, '/api/v1/workloads/shop/Job/other')).status).toBe(404);
  for (const path of [
    '/workloads?limit=501',
    '/workloads?window=2h',
    '/workloads?window=toString',
    '/api/v1/workloads?window=2h',
    '/api/v1/workloads?since=1h',
  ])
    expect((await getFrom(monitor, path)).status, path).toBe(400);
});

it('of a ledger that is behind, the last hour that is known is ranked, and what is not known is not said to be nothing', async () => {
  const log = createLogger('test', 'silent');
  const now = () => startedMs + 70 * MINUTE_MS;
  const workloads = startWorkloads({ database: settings, now, log });
  onTestFinished(() => workloads.stop());
  await vi.waitFor(() => expect(workloads.rank('1h', {}, 9).countedUntil).not.toBeNull(), PATIENCE);
  const { doubt, workloads: ranked } = workloads.rank('1h', {}, 9);
  expect(doubt).toContain('the ledger is behind');
  const agent = ranked.find(({ name }) => name === 'agent');
  expect(agent).toMatchObject({
    replaced: 6,
    unstable: 'replaced',
    until: new Date(startedMs).toISOString(),
  });
  expect(agent?.text).toContain('6 pods replaced in the hour before');
  const name = { cluster: 'default', namespace: 'shop', kind: 'DaemonSet', name: 'agent' };
  expect(workloads.look(name, '1h')?.workload).toEqual(agent);
  expect(workloads.doubt({ ...name, name: 'new' })).toBe(doubt);
});

it('a cluster whose reader is gone is named, and holds up no statement about the others', async () => {
  const goneMs = startedMs - 8 * 24 * 60 * MINUTE_MS;
  await database.query(
    `INSERT INTO reader_positions (cluster, resource_version, known_at, written_at) VALUES ('gone', '1', $1, $1)`,
    [new Date(goneMs)],
  );
  onTestFinished(
    async () => void (await database.query(`DELETE FROM reader_positions WHERE cluster = 'gone'`)),
  );
  const log = createLogger('test', 'silent');
  const workloads = startWorkloads({ database: settings, now: () => startedMs, log });
  onTestFinished(() => workloads.stop());
  await vi.waitFor(() => expect(workloads.rank('1h', {}, 9).countedUntil).not.toBeNull(), PATIENCE);
  const unwatched = expect.stringMatching(/^cluster gone is not watched since \d{4}-/);
  const countedUntil = new Date(startedMs).toISOString();
  expect(workloads.summary()).toMatchObject({ countedUntil, unwatched });
  expect(workloads.rank('1h', {}, 9)).toMatchObject({ countedUntil, unwatched, doubt: unwatched });
  expect(workloads.rank('1h', { cluster: 'default' }, 9)).toMatchObject({ unwatched: null, doubt: null });
  expect(workloads.rank('1h', { cluster: 'gone' }, 9).doubt).toContain('the ledger is behind');
});

it.each([
  ['/workloads', 200, 'Not known: the ledger cannot be read'],
  ['/workloads/shop/DaemonSet/agent', 503, 'may exist all the same: the ledger cannot be read'],
  ['/api/v1/workloads/shop/DaemonSet/agent', 503, 'may exist all the same: the ledger cannot be read'],
])('of a database that is away, %s answers with %i that nothing is known', async (path, status, text) => {
  const blind = await startMonitorProcess(databaseEnvironment({ ...settings, port: 1 }));
  onTestFinished(() => blind.destroy());
  await vi.waitFor(async () => {
    const reply = await getFrom(blind, path);
    expect([reply.status, reply.body]).toEqual([status, expect.stringContaining(text)]);
  }, PATIENCE);
});
