import { randomUUID } from 'node:crypto';
import { createLedger, createOutbox, type LeaseRecord, type Ledger, PodTable } from '@podips/reader';
import { createLogger, type DatabasePool, migrate, openPool } from '@podips/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ADDRESSES,
  leasesStatement,
  type Range,
  refuseLarge,
} from '../../services/monitor/src/ledger/list-queries.js';
import { findGapsWithin, NEAR, REPORT_LAG_MS } from '../../services/monitor/src/ledger/queries.js';
import type { Selection } from '../../services/monitor/src/ledger/question.js';
import { gapsOfTimes, leasesAround, toGapsOf } from '../../services/monitor/src/lookup/batch-queries.js';
import { readLedger } from '../support/ledger.js';
import { createDatabase } from '../support/test-databases.js';

const LEASES = 100_000;
const HOUR_MS = 3_600_000;
const GAPS_SQL = 'SELECT started_at AS "startedAt", ended_at AS "endedAt" FROM gaps';
const START = Date.parse('2026-01-01T00:00:00Z');
const never = new AbortController().signal;

let database: DatabasePool;
beforeAll(async () => {
  database = openPool(await createDatabase(), createLogger('test', 'silent'), {
    statementTimeoutMs: 120_000,
  });
  await migrate(database);
});
afterAll(() => database?.end());
beforeEach(() => database.query('TRUNCATE leases, restarts, gaps, reader_positions'));

/**
 * Leases of an hour each, one after the other, of 500 addresses; every hundredth of them is on one node's address, and
 * the last thousand are open.
 */
async function insertLeases(): Promise<void> {
  await database.query(
    `INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network,
       started_at, start_inferred, ended_at, end_reason, end_inferred)
     SELECT 'default', 'uid-' || n, CASE WHEN n % 100 = 0 THEN inet '192.168.0.1' ELSE inet '10.0.0.0' + n % 500 END, 0,
       'team-' || n % 7, 'pod-' || n, 'ReplicaSet', 'web', 'node-1', n % 100 = 0, $1::timestamptz + n * interval '1 minute',
       false, CASE WHEN n > $2 - 1000 THEN 'infinity' ELSE $1::timestamptz + (n + 60) * interval '1 minute' END,
       CASE WHEN n > $2 - 1000 THEN NULL ELSE 'deleted' END, CASE WHEN n > $2 - 1000 THEN NULL ELSE false END
     FROM generate_series(1, $2::int) AS n`,
    [new Date(START), LEASES],
  );
}

async function fill(): Promise<void> {
  await insertLeases();
  await database.query('VACUUM ANALYZE leases');
}

/** How the database answers a query: the names of the indexes that it uses, and blocks that it looks at. */
async function explain(sql: string, values: readonly unknown[]) {
  const { rows } = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${sql}`, [
    ...values,
  ]);
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
  return {
    indexes: [...plan.matchAll(/(?:using|Bitmap Index Scan on) (\w+)/g)].map((match) => match[1]),
    readsAll: plan.includes('Seq Scan'),
    /** Of the whole statement, which the first line is about. */
    blocks: [...(/Buffers: shared (.*)/.exec(plan)?.[1] ?? '').matchAll(/(?:hit|read)=(\d+)/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    ),
  };
}

it('an index answers whose many addresses were, also by a plan that was made when there were no leases', async () => {
  const probes = ['10.0.0.77', '192.168.0.1'].map((ip) => {
    const fromMs = START + 500 * HOUR_MS;
    return { ip, fromMs, toMs: fromMs + HOUR_MS, cluster: undefined };
  });
  const client = await database.connect();
  const plans: string[] = [];
  client.on('notice', ({ message }) => plans.push(message ?? ''));
  try {
    await client.query(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_verbose = on;
      SET auto_explain.log_nested_statements = on; SET client_min_messages = log`);
    await client.query(leasesAround(probes));
    for (const change of [insertLeases, () => database.query('VACUUM ANALYZE leases')]) {
      await change();
      plans.length = 0;
      expect((await client.query(leasesAround(probes))).rowCount).toBeGreaterThan(probes.length);
      const plan = plans.find((each) => each.includes('WITH ORDINALITY'));
      // Made for any addresses.
      expect(plan).toContain('Function Call: unnest($1)');
      expect(plan).toContain('Index Scan using leases_by_ends');
      expect(plan).not.toContain('Seq Scan');
    }
  } finally {
    client.release(true);
  }
});

describe('gaps', () => {
  const GAPS = 100_000;

  /** One every five minutes, of a minute each; one in a thousand lasts for an hour, and one without a beginning. */
  beforeEach(async () => {
    await database.query(
      `INSERT INTO gaps (cluster, started_at, ended_at, reason)
       SELECT 'default', ended_at - CASE WHEN n % 1000 = 0 THEN interval '1 hour' ELSE interval '1 minute' END, ended_at, 'restarted'
       FROM generate_series(1, $2::int) AS n, LATERAL (SELECT $1::timestamptz + n * interval '5 minutes' AS ended_at) AS times
       UNION ALL SELECT 'default', NULL, $1::timestamptz, 'start'`,
      [new Date(START), GAPS],
    );
    await database.query('ANALYZE gaps');
  });

  it('of hundreds of days that are far apart are read without a look at all gaps for each day', async () => {
    const days = Array.from({ length: 400 }, (_, n) => {
      const fromMs = START + ((n * 37) % 400) * 24 * HOUR_MS;
      return { fromMs, toMs: fromMs + 25 * HOUR_MS };
    });
    const sql = gapsOfTimes(days, 5_000);
    const { indexes, readsAll, blocks } = await explain(sql, []);
    expect([indexes, readsAll]).toEqual([['gaps_by_range'], false]);
    // The table has some thousand blocks: for each day they would be a few hundred thousand.
    expect(blocks).toBeLessThan(20_000);
    const { rows } = await database.query({ text: sql, rowMode: 'array' });
    const all = (await database.query<{ startedAt: Date | null; endedAt: Date }>(GAPS_SQL)).rows;
    const expected = days.map(
      ({ fromMs, toMs }) =>
        all.filter(
          ({ startedAt, endedAt }) =>
            endedAt.getTime() >= fromMs - REPORT_LAG_MS &&
            (startedAt === null || startedAt.getTime() <= toMs + REPORT_LAG_MS),
        ).length,
    );
    expect(toGapsOf(days.length, rows).map((gaps) => gaps.length)).toEqual(expected);
  });

  it('whose ends are in the wrong order are stored and found', async () => {
    const [at, before] = [new Date(START - 24 * HOUR_MS), new Date(START - 25 * HOUR_MS)];
    await database.query(
      `INSERT INTO gaps (cluster, started_at, ended_at, reason) VALUES ('default', $1, $2, 'clock')`,
      [at, before],
    );
    const { rows } = await findGapsWithin(database, before.getTime(), at.getTime(), 10);
    expect(rows.map(({ reason }) => reason)).toContain('clock');
  });
});

describe('an index answers', () => {
  beforeEach(fill);

  it.each(['10.0.0.77', '192.168.0.1'])('which pods held %s at a time', async (ip) => {
    const sql = `SELECT namespace, pod FROM leases WHERE ip = $1 AND started_at <= $2 AND ended_at > $2`;
    const { indexes, readsAll } = await explain(sql, [ip, new Date(START + 500 * HOUR_MS)]);
    expect(readsAll).toBe(false);
    expect(indexes).toEqual(['leases_by_ip']);
  });

  it.each(['10.0.0.77', '192.168.0.1'])('which pods may have held %s at a time', async (ip) => {
    const at = new Date(START + 500 * HOUR_MS);
    const { indexes, readsAll } = await explain(NEAR, [ip, at, 200, at]);
    expect(readsAll).toBe(false);
    expect(indexes).toEqual(['leases_by_bounds', 'leases_by_ip', 'leases_by_ip']);
  });

  const HOUR = { fromMs: START + 500 * HOUR_MS, toMs: START + 501 * HOUR_MS };
  const EVER = { fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY };
  const NONE = { namespace: '', pod: '', workload: '', workloadKind: '', node: '', podUid: '' };

  it.each<[string, Selection, Range, ...string[]]>([
    ['an address', { ips: ['10.0.0.77'] }, HOUR, 'leases_by_bounds'],
    ['a network', { network: '10.0.0.0/28' }, HOUR, 'leases_by_bounds'],
    ['a namespace', { ...NONE, namespace: 'team-3' }, HOUR, 'leases_by_namespace'],
    ['a workload', { ...NONE, namespace: 'team-3', workload: 'web' }, HOUR, 'leases_by_namespace'],
    ['a node', { ...NONE, node: 'node-1' }, HOUR, 'leases_by_node'],
    ['a pod', { ...NONE, namespace: 'team-3', pod: 'pod-3' }, EVER, 'leases_by_pod'],
    ['pods whose names begin so', { ...NONE, namespace: 'team-3', pod: 'pod-33*' }, EVER, 'leases_by_pod'],
    // The other one has the names of the clusters.
    ['a UID', { ...NONE, podUid: 'uid-3' }, EVER, 'leases_by_cluster', 'leases_pkey'],
  ])('which leases of %s reach into a range of time', async (_, selection, range, ...expected) => {
    const { text, values } = leasesStatement(selection, range, { limit: 200, after: undefined });
    const { indexes, readsAll } = await explain(text, values);
    expect(readsAll).toBe(false);
    expect(new Set(indexes)).toEqual(new Set(expected));
  });

  it('which addresses of a network have had leases', async () => {
    const { indexes, readsAll } = await explain(ADDRESSES, ['10.0.0.0/8', '0.0.0.0/0', 201]);
    expect([readsAll, new Set(indexes).size]).toEqual([false, 1]);
  });

  it('whether a network has had too many leases to look through', async () => {
    await expect(refuseLarge(database, '10.0.0.0/8', 10)).rejects.toThrow(
      '10.0.0.0/8 has had more than 10 leases',
    );
    await refuseLarge(database, '10.0.0.0/8');
    await refuseLarge(database, '172.16.0.0/12', 0);
  });

  it('which were all leases of a pod, by its name and by its UID', async () => {
    const byName = 'SELECT * FROM leases WHERE namespace = $1 AND pod = $2 ORDER BY started_at';
    expect(await explain(byName, ['team-3', 'pod-3'])).toMatchObject({
      indexes: ['leases_by_pod'],
      readsAll: false,
    });
    const byUid = 'SELECT * FROM leases WHERE cluster = $1 AND pod_uid = $2';
    expect(await explain(byUid, ['default', 'uid-3'])).toMatchObject({
      indexes: ['leases_pkey'],
      readsAll: false,
    });
  });

  it('what is open, for a reader that starts', async () => {
    const sql = `SELECT * FROM leases WHERE cluster = $1 AND ended_at = 'infinity'`;
    expect(await explain(sql, ['default'])).toMatchObject({ indexes: ['leases_open'], readsAll: false });
    expect((await createLedger(database, 'default').load()).known.size).toBe(1_000);
  });

  it('what retention may delete: closed leases that are old enough, and never open ones', async () => {
    const ledger = createLedger(database, 'default');
    await ledger.load();
    // Hours 1 to 1000 of 1666: 60 leases end in each hour.
    expect(await pruneBefore(ledger, new Date(START + 1_000 * HOUR_MS))).toBe(59_939);
    expect(await pruneBefore(ledger, new Date(START + 1_000_000 * HOUR_MS))).toBe(LEASES - 1_000 - 59_939);
    const { rows } = await database.query('SELECT count(*)::int AS count FROM leases');
    expect(rows).toEqual([{ count: 1_000 }]);
  });

  it('retention in small steps, which can be stopped between them', async () => {
    const ledger = createLedger(database, 'default');
    await ledger.load();
    expect(await pruneBefore(ledger, new Date(START + 1_000 * HOUR_MS), AbortSignal.abort())).toBe(0);
    const transactions = vi.spyOn(database, 'connect');
    expect(await ledger.prune(new Date(START + 1_000 * HOUR_MS), never)).toBe(59_939);
    // Steps of 2,000, and one each for gaps, restarts and failed pods.
    expect(transactions).toHaveBeenCalledTimes(33);
    transactions.mockRestore();
  });
});

function lease(ip: string, end?: LeaseRecord['end']): LeaseRecord {
  const pod = {
    uid: 'uid-1',
    namespace: 'shop',
    name: 'cart-1',
    ownerKind: 'ReplicaSet',
    ownerName: 'cart',
    node: 'node-1',
    hostNetwork: false,
  };
  return { pod, ip, occurrence: 0, startedAt: new Date(START), startInferred: false, end };
}

const at = new Date(START + HOUR_MS);

/** Announces and deletes, as a reader with a checkpoint does. */
async function pruneBefore(ledger: Ledger, endedBefore: Date, signal = never): Promise<number> {
  await database.query(`INSERT INTO reader_positions (cluster, resource_version, known_at)
    VALUES ('default', '1', '2026-12-01Z') ON CONFLICT DO NOTHING`);
  await ledger.announce(endedBefore);
  return ledger.prune(endedBefore, signal);
}

it('an end, once written, stays, whatever is written later', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const write = (record: LeaseRecord) =>
    ledger.write(term, { leases: [record], gaps: [], checkpoint: undefined });
  await write(lease('fd00::1'));
  await write(lease('fd00::1', { at, reason: 'deleted', inferred: false }));
  await write(lease('fd00::1'));
  await write(lease('fd00::1', { at, reason: 'missing', inferred: true }));
  expect(await readLedger(database)).toMatchObject([
    { ip: 'fd00::1', endReason: 'deleted', endInferred: false },
  ]);
  // Bounds that are not known are not made up of others.
  const { rows } = await database.query('SELECT ended_not_before, ended_not_after FROM leases');
  expect(rows).toEqual([{ ended_not_before: null, ended_not_after: null }]);
});

it('what is loaded is what was written, in the one spelling of each address', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const checkpoint = { resourceVersion: '42', knownAt: at };
  await ledger.write(term, { leases: [lease('10.0.0.1'), lease('fd00:0:0:0::A')], gaps: [], checkpoint });
  const state = await ledger.load();
  expect(state.checkpoint).toEqual(checkpoint);
  expect(
    state.known
      .get('uid-1')
      ?.leases.map(({ ip }) => ip)
      .sort(),
  ).toEqual(['10.0.0.1', 'fd00::a']);
  const other = await createLedger(database, 'other').load();
  expect(other).toEqual({
    term: expect.any(Number),
    known: new PodTable(),
    ended: new Map(),
    checkpoint: undefined,
  });
});

it('pods that hold nothing are loaded in the order in which they are forgotten: those that may need it last', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const ended = (uid: string, hours: number, reason: 'deleted' | 'changed'): LeaseRecord => {
    const end = { at: new Date(START + hours * HOUR_MS), reason, inferred: false };
    const { pod, ...plain } = lease(`10.0.0.${hours}`, end);
    return { ...plain, pod: { ...pod, uid } };
  };
  const leases = [
    ended('again', 1, 'deleted'),
    ended('gave up', 2, 'changed'),
    ended('old', 3, 'deleted'),
    ended('again', 4, 'deleted'),
    ended('new', 5, 'deleted'),
  ];
  const checkpoint = { resourceVersion: '42', knownAt: new Date(START + 6 * HOUR_MS) };
  await ledger.write(term, { leases, gaps: [], checkpoint });
  expect([...(await ledger.load()).ended.keys()]).toEqual(['old', 'again', 'new', 'gave up']);
});

it('the bounds of a start and of an end are kept, also where there are none, or is no earliest time', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const write = (record: LeaseRecord) =>
    ledger.write(term, { leases: [record], gaps: [], checkpoint: undefined });
  const startBounds = { notBefore: Number.NEGATIVE_INFINITY, notAfter: START + 5 };
  const bounds = { notBefore: at.getTime() - 1_500, notAfter: at.getTime() + 2_500 };
  await write({ ...lease('10.0.0.1'), startBounds });
  // Only what follows a complete list has to follow what it recorded.
  expect((await ledger.load()).latest).toBeUndefined();
  const checkpoint = { resourceVersion: '1', knownAt: new Date(START - 1) };
  await ledger.write(term + 1, { leases: [], gaps: [], checkpoint });
  const loaded = await ledger.load();
  expect(loaded.known.get('uid-1')?.leases[0]?.started).toEqual({ ...startBounds, best: START });
  expect(loaded.latest).toEqual(new Date(START));
  const next = { ...lease('10.0.0.1'), end: { at, bounds, reason: 'deleted', inferred: false } } as const;
  await ledger.write(loaded.term, { leases: [next], gaps: [], checkpoint: undefined });
  await ledger.write(loaded.term, { leases: [lease('10.0.0.2')], gaps: [], checkpoint: undefined });
  const end = { at, reason: 'deleted', inferred: false } as const;
  await ledger.write(loaded.term, { leases: [lease('10.0.0.2', end)], gaps: [], checkpoint: undefined });
  const { rows } = await database.query(
    `SELECT started_not_before::text AS from, started_not_after AS to, ended_not_before AS "endFrom", ended_not_after AS "endTo"
     FROM leases ORDER BY ip`,
  );
  expect(rows).toEqual([
    {
      from: '-infinity',
      to: new Date(startBounds.notAfter),
      endFrom: new Date(bounds.notBefore),
      endTo: new Date(bounds.notAfter),
    },
    { from: null, to: null, endFrom: null, endTo: null },
  ]);
  expect((await ledger.load()).latest).toEqual(at);
});

it('a write of an earlier term is refused, even by the one that has loaded the ledger again', async () => {
  const ledger = createLedger(database, 'default');
  const first = await ledger.load();
  const second = await ledger.load();
  const write = (term: number, ip: string) =>
    ledger.write(term, { leases: [lease(ip)], gaps: [], checkpoint: undefined });
  await expect(write(first.term, '10.0.0.1')).rejects.toMatchObject({ code: 'LEDGER_TAKEN' });
  await write(second.term, '10.0.0.2');
  expect(await readLedger(database)).toMatchObject([{ ip: '10.0.0.2' }]);
});

it('a term that the database has again after it did not shows that it went back, with what the outbox had', async () => {
  const current = { writes: undefined };
  const ledger = createLedger(database, 'default', { current });
  const { term } = await ledger.load();
  await database.query('CREATE TABLE earlier AS SELECT * FROM reader_terms');
  await createLedger(database, 'default').load();
  await createOutbox(database, { current }).store(['of a reader that was fenced off']);
  await database.query(`
    DELETE FROM messages; DELETE FROM reader_terms; INSERT INTO reader_terms SELECT * FROM earlier; DROP TABLE earlier`);
  await expect(ledger.write(term, { leases: [], gaps: [], checkpoint: undefined })).rejects.toMatchObject({
    code: 'LEDGER_REVERTED',
  });
});

it('gaps are deleted with the leases of their time', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const gap = (endedAt: Date) => ({ startedAt: undefined, endedAt, reason: 'start' });
  // What is near a gap may be missing as well: the last one matters up to the time before which all is deleted.
  const near = new Date(at.getTime() - 2_000);
  const gaps = [gap(new Date(START)), gap(new Date(near.getTime() - 1)), gap(near)];
  await ledger.write(term, { leases: [], gaps, checkpoint: undefined });
  await pruneBefore(ledger, at);
  expect((await database.query('SELECT ended_at FROM gaps')).rows).toEqual([{ ended_at: near }]);
});

it('restarts are deleted with the leases of their time, but for the last of each container of a pod that runs', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const bounds = { notBefore: START, notAfter: START };
  const holding = lease('10.0.0.1');
  const gone = lease('10.0.0.2', { at, reason: 'deleted', inferred: false });
  const ended = { ...gone, pod: { ...gone.pod, uid: 'uid-that-ended' } };
  const of = ({ pod }: LeaseRecord, container: string, count: number) => ({
    ...{ pod, container, count, countBefore: count - 1, at: holding.startedAt, bounds },
    ...{ reason: 'OOMKilled', exitCode: 137 },
  });
  const restarts = [
    of(holding, 'app', 1),
    of(holding, 'app', 2),
    of(holding, 'init', 1),
    of(ended, 'app', 3),
  ];
  await ledger.write(term, { leases: [holding, ended], restarts, gaps: [], checkpoint: undefined });
  await pruneBefore(ledger, at);
  const { rows } = await database.query(
    'SELECT pod_uid, container, restarts FROM restarts ORDER BY container',
  );
  expect(rows).toEqual([
    { pod_uid: 'uid-1', container: 'app', restarts: 2 },
    { pod_uid: 'uid-1', container: 'init', restarts: 1 },
  ]);
});

it('retention of gaps takes small steps as well, and waits while leases of their time cannot be deleted', async () => {
  const ledger = createLedger(database, 'default');
  const many =
    "INSERT INTO gaps (cluster, ended_at, reason) SELECT 'default', $1, 'start' FROM generate_series(1, 4500)";
  await database.query(many, [new Date(START)]);
  await pruneBefore(ledger, at, AbortSignal.abort());
  await database.query('ALTER TABLE leases RENAME TO elsewhere');
  await expect(ledger.prune(at, never)).rejects.toThrow('"leases" does not exist');
  await database.query('ALTER TABLE elsewhere RENAME TO leases');
  const gaps = async () => (await database.query('SELECT count(*)::int AS gaps FROM gaps')).rows;
  expect(await gaps()).toEqual([{ gaps: 4_500 }]);
  const transactions = vi.spyOn(database, 'connect');
  await ledger.prune(at, never);
  // Three for the gaps, and one each for leases, restarts and failed pods.
  expect(transactions).toHaveBeenCalledTimes(6);
  transactions.mockRestore();
  expect(await gaps()).toEqual([{ gaps: 0 }]);
});

it('what retention will delete is not certain any more as of its announcement; what may have lasted for longer stays', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const [beganAt, endedAt, until] = [START, START + HOUR_MS, START + 10 * HOUR_MS];
  const ended = (ip: string, uid: string, notAfter: number): LeaseRecord => {
    const bounds = { notBefore: endedAt, notAfter };
    const record = lease(ip, { at: new Date(endedAt), bounds, reason: 'deleted', inferred: false });
    return {
      ...record,
      pod: { ...record.pod, uid },
      startBounds: { notBefore: beganAt, notAfter: beganAt },
    };
  };
  await ledger.write(term, {
    leases: [ended('10.0.9.9', 'uid-1', endedAt), ended('10.0.9.10', 'uid-2', until)],
    gaps: [{ startedAt: undefined, endedAt: new Date(START - HOUR_MS), reason: 'start' }],
    checkpoint: { resourceVersion: '42', knownAt: new Date(START + 2_000 * HOUR_MS) },
  });
  const who = async (ip: string, ms: number) => {
    const sql = 'SELECT verdict, reason FROM podips_who($1, $2)';
    return Object.values((await database.query(sql, [ip, new Date(ms)])).rows[0]);
  };
  const leases = async () => (await readLedger(database)).map(({ ip }) => ip);
  const middle = START + 5 * HOUR_MS;
  // Nothing ended before.
  await ledger.announce(new Date(START - 2 * HOUR_MS));
  expect(await who('10.0.9.9', beganAt)).toEqual(['pod', '']);
  expect(await who('10.0.9.9', middle)).toEqual(['nobody', '']);
  await ledger.announce(new Date(middle + 1));
  expect(await who('10.0.9.9', middle)).toEqual(['unsure', 'deleted']);
  expect(await who('10.0.9.9', middle + 1)).toEqual(['nobody', '']);
  // Retention that is longer now gives nothing back.
  await ledger.announce(new Date(START + 2 * HOUR_MS));
  expect(await leases()).toEqual(['10.0.9.9', '10.0.9.10']);
  // No more is deleted than was announced.
  expect(await ledger.prune(new Date(until + 1), never)).toBe(1);
  expect(await leases()).toEqual(['10.0.9.10']);
  expect(await who('10.0.9.10', middle)).toEqual(['unsure', 'end, deleted']);
  await ledger.announce(new Date(until + 1));
  expect(await ledger.prune(new Date(until + 1), never)).toBe(1);
  expect(await who('10.0.9.10', until)).toEqual(['unsure', 'deleted']);
});

it('a gap that is written again is there once', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const reason = 'expired';
  const gaps = [
    { startedAt: undefined, endedAt: at, reason },
    { startedAt: new Date(START), endedAt: at, reason },
  ];
  await ledger.write(term, { leases: [], gaps, checkpoint: undefined });
  await ledger.write(term, { leases: [], gaps, checkpoint: undefined });
  expect((await database.query('SELECT FROM gaps')).rowCount).toBe(2);
});

it('the gap of a lease that the database will never accept is as wide as its bounds', async () => {
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  const bounds = (time: Date) => ({ notBefore: time.getTime() - 2_000, notAfter: time.getTime() + 2_000 });
  const { pod, ...facts } = lease('10.0.0.1', { at, bounds: bounds(at), reason: 'deleted', inferred: false });
  const refused = { ...facts, pod: { ...pod, name: '\0' }, startBounds: bounds(facts.startedAt) };
  await ledger.write(term, { leases: [refused], gaps: [], checkpoint: undefined });
  const { rows } = await database.query('SELECT started_at, ended_at, reason FROM gaps');
  const [started_at, ended_at] = [new Date(START - 2_000), new Date(at.getTime() + 2_000)];
  expect(rows).toEqual([{ started_at, ended_at, reason: 'refused' }]);
});

it('leases that the database will never accept become a gap each, and the others are written', async () => {
  const onRefused = vi.fn();
  const ledger = createLedger(database, 'default', { onRefused });
  const { term } = await ledger.load();
  // No text of PostgreSQL holds a NUL, and no index this much.
  const unusual = new Map([
    [7, { node: 'node-\0' }],
    [1_900, { name: Array.from({ length: 100 }, () => randomUUID()).join('') }],
    [2_999, { namespace: '\0' }],
  ]);
  const leases = Array.from({ length: 3_000 }, (_, n) => {
    const plain = lease('10.0.0.1');
    return { ...plain, pod: { ...plain.pod, uid: `uid-${n}`, ...unusual.get(n) } };
  });
  const checkpoint = { resourceVersion: '42', knownAt: at };
  // Twice, as when the first commit was not confirmed.
  await ledger.write(term, { leases, gaps: [], checkpoint });
  await ledger.write(term, { leases, gaps: [], checkpoint });
  expect(onRefused.mock.calls.map(([{ record, error }]) => [record.pod.uid, error.code])).toEqual(
    Array(2)
      .fill([
        ['uid-7', '22P05'],
        ['uid-1900', '54000'],
        ['uid-2999', '22P05'],
      ])
      .flat(),
  );
  const state = await ledger.load();
  expect(state.known.size).toBe(2_997);
  expect(state.checkpoint).toEqual(checkpoint);
  const { rows } = await database.query('SELECT started_at, ended_at, reason FROM gaps');
  // They began at the same moment.
  expect(rows).toEqual([{ started_at: new Date(START), ended_at: new Date(START), reason: 'refused' }]);
});

it('a restart that the database will never accept becomes a gap, and the others are written', async () => {
  const onRefused = vi.fn();
  const ledger = createLedger(database, 'default', { onRefused });
  const { term } = await ledger.load();
  const { pod } = lease('10.0.0.1');
  const bounds = { notBefore: START, notAfter: at.getTime() };
  // No integer of PostgreSQL is so large.
  const restarts = [1, 2 ** 31, 2].map((count) => ({
    ...{ pod, container: 'app', count, countBefore: 0, at, bounds, reason: 'Error', exitCode: 1 },
  }));
  await ledger.write(term, { leases: [], restarts, gaps: [], checkpoint: undefined });
  expect(onRefused.mock.calls.map(([{ record }]) => record.count)).toEqual([2 ** 31]);
  expect((await database.query('SELECT restarts FROM restarts')).rows).toEqual([
    { restarts: 1 },
    { restarts: 2 },
  ]);
  const gaps = (await database.query('SELECT started_at, ended_at, reason FROM gaps')).rows;
  expect(gaps).toEqual([{ started_at: new Date(START), ended_at: at, reason: 'refused' }]);
});

it('a lease with the number of an earlier one becomes a gap; one that is written again does not', async () => {
  const onRefused = vi.fn();
  const ledger = createLedger(database, 'default', { onRefused });
  const { term } = await ledger.load();
  const write = (record: LeaseRecord) =>
    ledger.write(term, { leases: [record], gaps: [], checkpoint: undefined });
  const open = lease('10.0.0.1');
  const ended = { ...open, end: { at, reason: 'missing', inferred: true } as const };
  for (const record of [open, ended, open, ended]) await write(record);
  expect(onRefused).not.toHaveBeenCalled();
  await write({ ...open, startedAt: new Date(at.getTime() + 1_000), startBounds: undefined });
  expect(onRefused).toHaveBeenCalledOnce();
  const gaps = (await database.query('SELECT reason FROM gaps')).rows;
  expect(gaps).toEqual([{ reason: 'refused' }]);
});
