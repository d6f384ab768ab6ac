import { createLogger, type DatabasePool, openPool } from '@podips/shared';
import { databaseEnvironment, startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Lookup, openLookup } from '../../services/monitor/src/lookup/lookup.js';
import { PATIENCE } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const DAY = '2026-11-20';
const log = createLogger('test', 'silent');

let database: DatabasePool;
let route: TcpProxy;
let monitor: MonitorProcess;
let lookup: Lookup;
beforeAll(async () => {
  const settings = await createDatabase();
  route = await startProxy({ host: '127.0.0.1', port: settings.port });
  database = openPool(settings, log, { statementTimeoutMs: 120_000 });
  await writeSampleLedger(database);
  lookup = openLookup({ database: settings, cluster: 'default', now: Date.now, log });
  monitor = await startMonitorProcess(databaseEnvironment({ ...settings, port: route.port }));
});
afterAll(async () => {
  await monitor?.destroy();
  await lookup?.stop();
  await database?.end();
  await route?.stop();
});

const fetchTable = (query: string, init?: RequestInit) =>
  fetch(`${monitor.url}/api/v1/leases.csv${query}`, init);

type Row = Readonly<Record<string, string>>;

/** The rows of a table whose values have no commas. */
async function table(query: string): Promise<readonly Row[]> {
  const response = await fetchTable(query);
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const [header = '', ...lines] = text.trimEnd().split('\n');
  const names = header.split(',');
  return lines.map((line) => {
    const values = line.split(',');
    expect(values).toHaveLength(names.length);
    return Object.fromEntries(names.map((name, n) => [name, values[n] ?? '']));
  });
}

describe('the leases of a time as CSV', () => {
  it('are those that reach into it, ordered by address and start, with their bounds', async () => {
    const rows = await table(`?from=${DAY}T13:00:04Z&to=${DAY}T14:10:00Z`);
    expect(rows.map(({ ip, pod }) => `${ip} ${pod}`)).toEqual([
      '10.64.0.7 cart-0',
      '10.64.0.20 job-1',
      '10.64.0.20 job-2',
      '10.64.0.30 old-1',
      expect.stringMatching(/^10\.64\.0\.66 .*alert/),
      '10.64.0.182 web-5cc97bc7d5-228ts',
      '10.64.0.182 web-5cc97bc7d5-x7k2p',
      '192.168.0.5 cni-1',
      '192.168.0.5 proxy-1',
      'fd00::7 cart-0',
    ]);
    expect(rows[1]).toEqual({
      ip: '10.64.0.20',
      started_at: `${DAY}T13:00:01.000Z`,
      ended_at: `${DAY}T13:00:04.000Z`,
      namespace: 'shop',
      pod: 'job-1',
      pod_uid: 'uid-job-1',
      workload_kind: '',
      workload: '',
      node: 'node-3',
      cluster: 'default',
      host_network: 'false',
      started_not_before: `${DAY}T12:59:59.000Z`,
      started_not_after: `${DAY}T13:00:03.000Z`,
      ended_not_before: `${DAY}T13:00:02.000Z`,
      ended_not_after: `${DAY}T13:00:06.000Z`,
      end_reason: 'deleted',
    });
    expect(rows[0]).toMatchObject({ ended_at: '', ended_not_after: '', end_reason: '' });
  });

  it('say up to when everything is in them, and have a type that spreadsheets know', async () => {
    const { headers } = await fetchTable('');
    expect([headers.get('known-until'), headers.get('content-type')]).toEqual([
      `${DAY}T17:59:58.000Z`,
      'text/csv; charset=utf-8; header=present',
    ]);
  });

  it('come in parts, each lease once', async () => {
    await database.query(
      `INSERT INTO leases (cluster, network, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
         started_at, start_inferred, started_not_before, started_not_after)
       SELECT 'default', 'many', 'uid-' || n, inet '10.9.0.0' + n / 10, n % 10, 'shop', 'pod-' || n, '', '', 'node-1', false,
         '${DAY} 13:00Z', false, '${DAY} 13:00Z', '${DAY} 13:00Z' FROM generate_series(1, 5001) AS n`,
    );
    const rows = await table('?network=many');
    expect([rows.length, new Set(rows.map(({ pod }) => pod)).size]).toEqual([5_001, 5_001]);
    expect((await table('')).some(({ ip }) => ip?.startsWith('10.9.'))).toBe(false);
  });

  it.each([
    ['cluster', '?cluster=other', 'those are default'],
    ['to', `?from=${DAY}&to=2026-11-19`, 'later than'],
    ['from', '?from=yesterday', 'a time as in'],
    ['timeline', '?timeline=yes', 'true or false'],
    ['since', '?since=2026-11-20', 'from is meant'],
  ])('are refused where %s is wrong', async (field, query, right) => {
    const response = await fetchTable(query);
    expect([response.status, await response.json()]).toEqual([
      400,
      { field, error: expect.stringContaining(right) },
    ]);
  });
});

describe('the timeline of each address', () => {
  it('has rows that follow each other from 1970 to 2200, without an answer outside of what is exported', async () => {
    for (const query of ['?timeline=true', `?timeline=true&from=${DAY}T13:00:00Z&to=${DAY}T14:00:00Z`]) {
      const byIp = Map.groupBy(await table(query), ({ ip }) => ip);
      expect(byIp.size).toBe(7);
      for (const rows of byIp.values()) {
        expect(rows[0]).toMatchObject({ started_at: '1970-01-01T00:00:00.000Z', verdict: 'unsure' });
        expect(rows.at(-1)).toMatchObject({ ended_at: '2200-01-01T00:00:00.000Z', verdict: 'unsure' });
        expect(rows.slice(1).map(({ started_at }) => started_at)).toEqual(
          rows.slice(0, -1).map(({ ended_at }) => ended_at),
        );
      }
    }
  });

  it('says of every time what a lookup says', async () => {
    await database.query(
      `INSERT INTO gaps (cluster, started_at, ended_at, reason) VALUES ('default', '${DAY} 13:40Z', '${DAY} 13:41Z', 'clock');
       INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
         started_at, start_inferred, started_not_before, started_not_after, ended_at, end_reason, end_inferred,
         ended_not_before, ended_not_after)
       SELECT 'default', 'uid-' || pod, ip::inet, 0, 'shop', pod, '', '', node, host_network, since, false, since - off, since + off,
         until, 'deleted', false, until - off, until + off
       FROM (VALUES ('twin', '10.64.0.7', 'node-1', false, '14:00', '14:10', 0),
         ('dns-1', '192.168.0.5', 'node-3', true, '13:50', '14:20', 30),
         ('dns-2', '192.168.0.6', 'node-4', true, '13:50', '14:20', 30),
         ('dns-3', '192.168.0.6', 'node-5', true, '14:20', '16:00', 30)
       ) AS added (pod, ip, node, host_network, since_clock, until_clock, seconds),
       LATERAL (SELECT ('${DAY} ' || since_clock || 'Z')::timestamptz AS since, seconds * interval '1 second' AS off,
         ('${DAY} ' || until_clock || 'Z')::timestamptz AS until) AS times`,
    );
    const rows = await table('?timeline=true');
    const asked = rows.flatMap((row) => pointsOf(row));
    const answers = await lookup.answerAll(
      asked.map(({ ip, ms }) => ({ ip, at: { ms, precisionMs: 1 }, skewMs: 0, cluster: 'default' })),
    );
    const seen = new Set<string>();
    for (const [n, { row, ip, ms }] of asked.entries()) {
      const { verdict = '', pod, node, started_at } = row;
      const said = answers[n]?.answer;
      const shown = { ip, at: new Date(ms).toISOString() };
      expect({ ...shown, verdict, pod, node }).toEqual({
        ...shown,
        verdict: said?.verdict,
        pod: said?.pod,
        node: said?.node,
      });
      seen.add(verdict);
      expect(started_at).toBeDefined();
    }
    expect(seen).toEqual(new Set(['pod', 'node', 'nobody', 'unsure']));
  });

  /** The first and the last millisecond of a row, and one between them. */
  function pointsOf(row: Row) {
    const { ip = '', started_at = '', ended_at = '' } = row;
    const [from, to] = [Date.parse(started_at), Date.parse(ended_at)];
    return [from, Math.floor((from + to) / 2), to - 1].map((ms) => ({ row, ip, ms }));
  }
});

describe('an export that cannot be completed', () => {
  beforeAll(async () => {
    await database.query(
      `INSERT INTO leases (cluster, network, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
         started_at, start_inferred)
       SELECT 'default', 'long', 'uid-' || n, inet '10.9.0.0' + n, 0, 'shop', repeat('p', 2000) || n, '', '', 'node-1',
         false, '${DAY} 13:00Z', false FROM generate_series(1, 20000) AS n`,
    );
  });

  it('breaks off, which the client notices', async () => {
    const response = await fetchTable('?network=long');
    expect(response.status).toBe(200);
    await route.refuse(true);
    route.cut();
    await expect(response.text()).rejects.toThrow();
    await route.refuse(false);
    expect(monitor.process.output()).toContain('export of leases failed');
    expect((await table('?network=many')).length).toBe(5_001);
  });

  it('leaves its place to others when its client has gone', async () => {
    const clients = [new AbortController(), new AbortController()];
    const responses = await Promise.all(clients.map(({ signal }) => fetchTable('?network=long', { signal })));
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    const refused = await fetchTable('');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    for (const client of clients) client.abort();
    await vi.waitFor(async () => expect((await fetchTable('')).status).toBe(200), PATIENCE);
  });

  it('is none before it begins where the database does not answer', async () => {
    await route.refuse(true);
    route.cut();
    expect((await fetchTable('')).status).toBe(503);
    await route.refuse(false);
  });
});
