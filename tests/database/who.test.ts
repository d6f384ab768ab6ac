import { type DatabasePool, type DatabaseSettings, openPool } from '@podips/shared';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Ledger, openLedger } from '../../services/monitor/src/ledger/ledger.js';
import { type Lookup, openLookup } from '../../services/monitor/src/lookup/lookup.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase, log } from '../support/test-databases.js';

interface Who {
  readonly verdict: string;
  readonly reason: string;
  readonly pod: string | null;
  readonly node: string | null;
}

const ANALYST = `analyst-${process.pid}`;

let settings: DatabaseSettings;
let database: DatabasePool;
let analyst: DatabasePool;
let ledger: Ledger;
beforeAll(async () => {
  settings = await createDatabase();
  database = openPool(settings, log);
  await writeSampleLedger(database);
  await database.query(`CREATE ROLE "${ANALYST}" LOGIN PASSWORD 'correct-horse';
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${ANALYST}";
    ALTER ROLE "${ANALYST}" SET search_path = pg_catalog`);
  analyst = openPool({ ...settings, user: ANALYST, password: 'correct-horse' }, log);
  ledger = openLedger(options());
});
afterAll(async () => {
  await ledger?.stop();
  await analyst?.end();
  await database?.query(`DROP OWNED BY "${ANALYST}"; DROP ROLE "${ANALYST}"`);
  await database?.end();
});

const options = () => ({ database: settings, cluster: 'default', now: Date.now, log });

async function who(ip: string, times: readonly number[]): Promise<Who[]> {
  const { rows } = await analyst.query<Who>(
    `SELECT who.* FROM unnest($2::timestamptz[]) WITH ORDINALITY AS asked (at, place), public.podips_who($1, asked.at) AS who
     ORDER BY place`,
    [ip, times.map((ms) => new Date(ms))],
  );
  expect(rows).toHaveLength(times.length);
  return rows;
}

/** What the monitor answers, in the words of the function. */
async function monitorSays(lookup: Lookup, ip: string, atMs: number) {
  const at = { ms: atMs, precisionMs: 1 };
  const { certain, reasons } = await ledger.ask({ ip, at });
  const [{ answer } = { answer: undefined }] = await lookup.answerAll([
    { ip, at, skewMs: 0, cluster: undefined },
  ]);
  const codes = certain && answer?.verdict === 'unsure' ? ['several'] : reasons.map(({ code }) => code);
  const { verdict, pod, node } = answer ?? {};
  return { verdict, pod: pod || null, node: node || null, reasons: [...new Set(codes)].sort() };
}

/** Every time at which a lease of the address, a gap or a watermark has a bound, and just before and after it. */
async function timesOfInterest(ip: string): Promise<number[]> {
  const { rows } = await database.query<{ at: Date }>(
    `SELECT at FROM leases, LATERAL (VALUES (started_at), (started_not_before), (started_not_after), (ended_at),
       (ended_not_before), (ended_not_after)) AS times (at) WHERE ip = $1 AND isfinite(at)
     UNION SELECT at FROM gaps, LATERAL (VALUES (started_at), (ended_at)) AS times (at) WHERE at IS NOT NULL
     UNION SELECT known_at FROM reader_positions UNION SELECT now() + interval '1 day'`,
    [ip],
  );
  return rows.flatMap(({ at }) => [-2_001, -2_000, -1, 0, 1, 2_000, 2_001].map((off) => at.getTime() + off));
}

/** Asks both about every address at every time that may make a difference. @returns the verdicts and reasons there were */
async function compareAll(): Promise<Set<string>> {
  const { rows } = await database.query<{ ip: string }>('SELECT DISTINCT host(ip) AS ip FROM leases');
  const seen = new Set<string>();
  // A new one each time: it keeps leases in memory, and the tests change what was already known.
  await using opened = new AsyncDisposableStack();
  const lookup = opened.adopt(openLookup(options()), (each) => each.stop());
  for (const ip of [...rows.map((row) => row.ip), '10.64.99.99', '203.0.113.7']) {
    const times = await timesOfInterest(ip);
    const answers = await who(ip, times);
    for (const [index, atMs] of times.entries()) {
      const { verdict, reason, pod, node } = answers[index] as Who;
      const codes = reason === '' ? [] : reason.split(', ');
      const shown = { ip, at: new Date(atMs).toISOString() };
      expect({ ...shown, verdict, reasons: codes.sort(), pod, node }).toEqual({
        ...shown,
        ...(await monitorSays(lookup, ip, atMs)),
      });
      for (const code of [verdict, ...codes]) seen.add(code);
    }
  }
  return seen;
}

describe('podips_who, for a user with SELECT only and another search path,', () => {
  it('says what the monitor says of every address at every time that makes a difference', async () => {
    const seen = await compareAll();
    for (const each of ['pod', 'node', 'nobody', 'outside', 'unsure', 'start', 'end', 'gap', 'after-known'])
      expect(seen).toContain(each);
  });

  it('has ranges without an end for leases that last, and nothing sure where a clock was set', async () => {
    const at = '2026-11-20 17:00Z';
    const held = async () => {
      const { rows } = await analyst.query<{ pod: string; isSure: boolean; upper: Date | null }>(
        `SELECT pod, surely @> $1::timestamptz AS "isSure", upper(during) AS upper FROM public.podips_leases
         WHERE during @> $1::timestamptz AND possibly @> $1::timestamptz AND ip IN ('10.64.0.7', '192.168.0.5') ORDER BY pod`,
        [at],
      );
      return rows;
    };
    const open = (pod: string, isSure = true) => ({ pod, isSure, upper: null });
    expect(await held()).toEqual([open('cart-0'), open('cni-1'), open('proxy-1')]);
    await database.query(`INSERT INTO gaps (cluster, started_at, ended_at, reason)
      VALUES ('default', '2026-11-20 13:00Z', '2026-11-20 13:01Z', 'clock')`);
    onTestFinished(async () => void (await database.query(`DELETE FROM gaps WHERE reason = 'clock'`)));
    expect(await held()).toEqual([open('cart-0'), open('cni-1', false), open('proxy-1', false)]);
  });

  it('reads an address however it is written, and answers nothing for none', async () => {
    const { rows } = await analyst.query<{ pod: string | null; verdict: string | null }>(
      `SELECT who.pod, who.verdict FROM (VALUES (1, '10.64.0.182/24'::inet), (2, '::ffff:10.64.0.182'), (3, NULL)) AS asked (n, ip)
       LEFT JOIN LATERAL public.podips_who(ip, '2026-11-20 14:00Z') AS who ON true ORDER BY n`,
    );
    expect(rows).toEqual([
      { pod: 'web-5cc97bc7d5-228ts', verdict: 'pod' },
      { pod: 'web-5cc97bc7d5-228ts', verdict: 'pod' },
      { pod: null, verdict: null },
    ]);
  });

  it('says so as well where clusters share addresses, a clock was set, and the ledger contradicts itself', async () => {
    await database.query(
      `INSERT INTO gaps (cluster, started_at, ended_at, reason)
         VALUES ('default', '2026-11-20 13:40Z', '2026-11-20 13:41Z', 'clock');
       INSERT INTO leases (cluster, network, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
         started_at, start_inferred, started_not_before, started_not_after, ended_at, end_reason, end_inferred,
         ended_not_before, ended_not_after)
       SELECT cluster, network, 'uid-' || pod, ip::inet, 0, 'shop', pod, 'Job', 'x', node, host_network, started_at, false,
         started_at - off, started_at + off, ended_at, reason, false, CASE WHEN reason IS NOT NULL THEN ended_at - off END,
         CASE WHEN reason IS NOT NULL THEN ended_at + off END
       FROM (VALUES ('default', '', 'twin', '10.64.0.7', 'node-1', false, '14:00', '14:10', 0),
         ('default', 'fast', 'fast-1', '10.64.0.182', 'node-1', false, '13:10', '13:20', 1),
         ('default', '', 'dns-1', '192.168.0.5', 'node-3', true, '13:50', '14:20', 30),
         ('default', '', 'dns-2', '192.168.0.6', 'node-4', true, '13:50', '14:20', 30),
         ('default', '', 'dns-3', '192.168.0.6', 'node-4', true, '14:20', NULL, 30),
         ('other', '', 'far-1', '10.64.0.182', 'node-1', false, '13:30', '13:45', 5),
         ('other', '', 'far-2', '10.64.0.20', 'node-1', false, '13:30', NULL, 5),
         ('other', '', 'far-3', '192.168.0.5', 'node-9', true, '13:50', NULL, 5)
       ) AS added (cluster, network, pod, ip, node, host_network, since, until, seconds),
       LATERAL (SELECT ('2026-11-20 ' || since || 'Z')::timestamptz AS started_at, seconds * interval '1 second' AS off,
         coalesce('2026-11-20 ' || until || 'Z', 'infinity')::timestamptz AS ended_at,
         CASE WHEN until IS NOT NULL THEN 'deleted' END AS reason) AS times`,
    );
    const seen = await compareAll();
    for (const each of ['conflict', 'several']) expect(seen).toContain(each);
    await database.query(
      `INSERT INTO reader_positions (cluster, resource_version, known_at, ignored_namespaces, deleted_before)
       VALUES ('other', '1', '2026-11-20 14:30Z', '{kube-system}', '2026-11-20 13:45Z')`,
    );
    const shared = await compareAll();
    for (const each of ['deleted', 'scope']) expect(shared).toContain(each);
    await database.query(`DELETE FROM leases WHERE cluster = 'other' AND ended_at <> 'infinity'`);
    expect(await compareAll()).toContain('deleted');
    await database.query('DELETE FROM reader_positions');
    expect(await compareAll()).toContain('empty');
  });
});
