import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { createLogger, type DatabasePool, type DatabaseSettings, openPool } from '@podips/shared';
import { databaseEnvironment, startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { PATIENCE } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const LINE = '{"ip":"10.64.0.7","at":"2026-11-20T14:00:00Z"}\n';
/** About an address that no other test asks about, so that it has to be read. */
const NEW_LINE = '{"ip":"10.64.0.99","at":"2026-11-20T14:00:00Z"}\n';
const NDJSON = { 'content-type': 'application/x-ndjson' };

let settings: DatabaseSettings;
let route: TcpProxy;
let database: DatabasePool;
let monitor: MonitorProcess;
beforeAll(async () => {
  settings = await createDatabase();
  route = await startProxy({ host: '127.0.0.1', port: settings.port });
  database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  monitor = await startMonitorProcess({
    ...databaseEnvironment({ ...settings, port: route.port }),
    TRUSTED_PROXIES: '127.0.0.1',
  });
});
afterAll(async () => {
  await monitor?.destroy();
  await database?.end();
  await route?.stop();
});

function post(body: string, headers: Record<string, string> = NDJSON, query = '') {
  return fetch(`${monitor.url}/api/v1/lookup${query}`, { method: 'POST', headers, body });
}

/** A lookup whose client has not sent all yet, and its next lines, empty at the end; gone after the test. */
async function openLookup(client = '192.0.2.1'): Promise<{ sent: ClientRequest; next(): Promise<string> }> {
  const sent = request(`${monitor.url}/api/v1/lookup`, {
    method: 'POST',
    headers: { ...NDJSON, 'x-forwarded-for': client },
  });
  onTestFinished(() => void sent.destroy());
  sent.on('error', () => undefined);
  sent.write(LINE);
  const [answer]: IncomingMessage[] = await once(sent, 'response');
  if (answer === undefined) throw new Error('there is no answer');
  answer.on('error', () => undefined);
  const lines = createInterface({ input: answer })[Symbol.asyncIterator]();
  return { sent, next: async () => (await lines.next()).value ?? '' };
}

it('lines are answered while more are still to come', async () => {
  const { sent, next } = await openLookup();
  expect(JSON.parse(await next())).toMatchObject({ value: 'shop/cart-0' });
  sent.write(LINE);
  expect(JSON.parse(await next())).toMatchObject({ value: 'shop/cart-0' });
  sent.end();
  expect(JSON.parse(await next())).toEqual({ end: true, answers: 2 });
});

it('more lookups at a time than a few are refused, until a client has gone', async () => {
  const open = [];
  const clients = ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.3'];
  for (const client of clients) open.push(await openLookup(client));
  const refused = await post(LINE);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  expect((await getFrom(monitor, '/lookup/10.64.0.7')).status).toBe(200);
  open[0]?.sent.destroy();
  await vi.waitFor(async () => expect((await post(LINE)).status).toBe(200), PATIENCE);
  for (const { sent } of open) sent.destroy();
  await vi.waitFor(async () => {
    const all = await Promise.all(
      clients.map((client) => post(LINE, { ...NDJSON, 'x-forwarded-for': client })),
    );
    expect(all.map(({ status }) => status)).toEqual(all.map(() => 200));
  }, PATIENCE);
});

it('clients that take all they can leave a place to another one', async () => {
  const from = (client: string) => post(LINE, { ...NDJSON, 'x-forwarded-for': client });
  const refused = async (client: string) => {
    const answer = await from(client);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toEqual({ error: expect.stringContaining('more are free than it has') });
  };
  const slow = await openLookup('192.0.2.9');
  await openLookup('192.0.2.9');
  await refused('192.0.2.9');
  await openLookup('192.0.2.8');
  await refused('192.0.2.8');
  expect((await from('192.0.2.7')).status).toBe(200);
  slow.sent.destroy();
  await vi.waitFor(async () => expect((await from('192.0.2.9')).status).toBe(200), PATIENCE);
});

it('a database that goes in the middle is named in the last line, and one that is away by the status', async () => {
  const { sent, next } = await openLookup();
  expect(JSON.parse(await next())).toMatchObject({ value: 'shop/cart-0' });
  await route.refuse(true);
  onTestFinished(() => route.refuse(false));
  route.cut();
  sent.write(NEW_LINE);
  const last = JSON.parse(await next());
  expect(last).toEqual({ error: expect.stringContaining('database'), end: false, answers: 1 });
  expect(await next()).toBe('');
  for (const { status } of [await post(LINE), await getFrom(monitor, '/lookup/10.64.0.7')])
    expect(status).toBe(503);
  await route.refuse(false);
  await vi.waitFor(async () => expect((await post(LINE)).status).toBe(200), PATIENCE);
});

it('a request that is no lookup is refused with what is wrong', async () => {
  const status = async (answer: Promise<Response>) => {
    const { status, body } = await answer.then(async (got) => ({
      status: got.status,
      body: await got.text(),
    }));
    return `${status} ${JSON.parse(body).error}`;
  };
  expect(await status(fetch(`${monitor.url}/api/v1/lookup`, { method: 'POST' }))).toContain(
    '400 body must be lines of JSON',
  );
  expect(await status(post('a=b', { 'content-type': 'application/x-www-form-urlencoded' }))).toContain('415');
  expect(await status(post(LINE, { ...NDJSON, 'content-encoding': 'gzip' }))).toContain('415');
  expect(await status(post(LINE, NDJSON, '?skew=1h'))).toContain('400 skew must be');
  expect(await status(post(LINE, NDJSON, '?time=now'))).toContain('400 there is no parameter "time"');
});

it.each([
  ['0001-01-01T00:00:00Z', 'not watching'],
  ['9999-12-31T23:59:59Z', 'in the future'],
])(
  'the time %s, which stands for none in many logs, is answered, and disturbs no other question',
  async (at, reason) => {
    const answer = { verdict: 'unsure', reason: expect.stringContaining(reason) };
    const known = `10.64.0.182@2026-11-20T14:00:00Z`;
    const asked = [`10.64.0.7@${at}`, known, `10.64.0.7@${at}`, known].map((key) =>
      getFrom(monitor, `/lookup/${encodeURIComponent(key)}`),
    );
    expect(
      (await Promise.all(asked)).map(({ status, body }) => ({ status, ...JSON.parse(body) })),
    ).toMatchObject([
      { status: 200, ...answer },
      { status: 200, verdict: 'pod' },
      { status: 200, ...answer },
      { status: 200, verdict: 'pod' },
    ]);
    const lines = await (await post(`{"ip":"10.64.0.7","at":"${at}"}\n${LINE}`)).text();
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([answer, { verdict: 'pod' }, { end: true, answers: 2 }]);
    const { status, body } = await getFrom(monitor, `/api/v1/leases?ip=10.64.0.7&at=${at}`);
    expect([status, JSON.parse(body).answer]).toEqual([200, expect.stringContaining(reason)]);
  },
);

it('a cluster that no name can be is refused', async () => {
  const { status, body } = await getFrom(monitor, '/lookup/10.64.0.7?cluster=%00');
  expect([status, JSON.parse(body).field]).toEqual([400, 'cluster']);
});

it.each([
  ['web-1', 'ip must be'],
  ['10.64.0.7@yesterday', 'at must be'],
  ['10.64.0.7@', 'at must be'],
  ['10.64.0.0/24', 'ip must be'],
])('the key %s is refused', async (key, error) => {
  const { status, body } = await getFrom(monitor, `/lookup/${encodeURIComponent(key)}`);
  expect([status, JSON.parse(body).error]).toEqual([400, expect.stringContaining(error)]);
});

it.each([
  ['of a lease that has ended', '10.64.0.182@2026-11-20T14:00:00Z', 86_400],
  ['of no lease', '10.64.0.182@2026-11-20T16:00:00Z', 86_400],
  ['of a lease whose end is not known', '10.64.0.7@2026-11-20T14:00:00Z', 5],
  ['about a time that is not known', '10.64.0.7@2026-11-20T19:00:00Z', 5],
  ['about now', '10.64.0.7', 5],
])('an answer %s may be kept for a while', async (_what, key, seconds) => {
  const { headers } = await getFrom(monitor, `/lookup/${encodeURIComponent(key)}`);
  expect(headers.get('cache-control')).toBe(`max-age=${seconds}`);
});

it('a clock that is off further than a second can be said', async () => {
  const verdict = async (skew: string) =>
    JSON.parse((await getFrom(monitor, `/lookup/10.64.0.182%402026-11-20T14:05:00Z?skew=${skew}`)).body)
      .verdict;
  expect([await verdict('1s'), await verdict('500ms'), await verdict('1m')]).toEqual([
    'pod',
    'pod',
    'unsure',
  ]);
});

it('only the cluster that is named is asked', async () => {
  const verdict = async (cluster: string) =>
    JSON.parse((await getFrom(monitor, `/lookup/10.64.0.182%402026-11-20T14:00:00Z?cluster=${cluster}`)).body)
      .verdict;
  expect([await verdict('default'), await verdict('other')]).toEqual(['pod', 'unsure']);
});
