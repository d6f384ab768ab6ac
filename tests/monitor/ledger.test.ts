import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LeasesAnswer } from '../../services/monitor/src/ledger/ledger-view.js';
import { getFrom, ledgerPage } from '../support/ask-monitor.js';
import { EVIL } from '../support/sample-ledger.js';
import { type SampleMonitor, startSampleMonitor } from '../support/sample-monitor.js';

const DAY = '2026-11-20';

let sample: SampleMonitor;
beforeAll(async () => {
  sample = await startSampleMonitor();
});
afterAll(() => sample?.stop());

const get = (path: string) => getFrom(sample.monitor, path);
const page = (fields: Record<string, string>) => ledgerPage(sample.monitor, fields);

async function ask(fields: Record<string, string>) {
  const { status, body } = await get(`/api/v1/leases?${new URLSearchParams(fields)}`);
  const answer: LeasesAnswer & { error?: string; field?: string } = JSON.parse(body);
  return { status, ...answer };
}

describe('who had an address', () => {
  it.each([
    [
      '10.64.0.182',
      '14:05',
      'Not sure: 10.64.0.182 belonged to shop/web-5cc97bc7d5-228ts at 2026-11-20 14:05:00 UTC.',
    ],
    ['10.64.0.182', '14:05:00', 'belonged to shop/web-5cc97bc7d5-228ts at 2026-11-20 14:05:00 UTC.'],
    ['::ffff:10.64.0.182', '14:05:20.499', 'No pod held 10.64.0.182'],
    ['10.64.0.182', '14:05:20.500', 'belonged to shop/web-5cc97bc7d5-x7k2p'],
    [
      '10.64.0.182',
      '13:00:00.122',
      'the first holder was shop/web-5cc97bc7d5-228ts from 2026-11-20 13:00:00.123 UTC',
    ],
    ['10.64.0.182', '16:00', 'the last holder was shop/web-5cc97bc7d5-x7k2p until 2026-11-20 15:00:00 UTC'],
    ['FD00:0::7', '17:00', 'fd00::7 belonged to shop/cart-0'],
    ['192.168.0.5', '13:00', '192.168.0.5, the address of node node-3, belonged to 2 pods on its network'],
    [
      '10.99.99.99',
      '13:00',
      'No pod held 10.99.99.99 at 2026-11-20 13:00:00 UTC; the ledger has no lease of it.',
    ],
    ['10.64.0.7', '15:35', 'belonged to shop/cart-0'],
    ['10.64.0.9', '15:35', 'Not sure: no pod is known to have held 10.64.0.9'],
    ['10.64.0.7', '11:00', 'Not sure: no pod is known to have held 10.64.0.7'],
    ['10.64.0.9', '19:00', 'Not sure: no pod is known to have held 10.64.0.9'],
    ['10.64.0.7', '19:00', 'Not sure: 10.64.0.7 may have belonged to shop/cart-0, or to no pod,'],
    [
      '10.64.0.20',
      '13:00:04',
      'Not sure: 10.64.0.20 may have belonged to shop/job-1 or shop/job-2, or to no pod,',
    ],
    ['10.64.0.30', '13:30', 'Not sure: 10.64.0.30 may have belonged to shop/old-1, or to no pod,'],
  ])('%s at %s', async (ip, clock, sentence) => {
    const { status, ...answer } = await ask({ ip, at: `${DAY} ${clock}` });
    expect([status, Value.Check(LeasesAnswer, answer)]).toEqual([200, true]);
    expect(answer.answer).toContain(sentence);
    expect(answer.certain).toBe(!sentence.startsWith('Not sure'));
    expect(answer.reasons.length === 0).toBe(answer.certain);
    if (!answer.certain) expect(answer.leases).toEqual([]);
    expect((await page({ ip, at: `${DAY} ${clock}` })).body).toContain(`${sentence}`);
  });

  it('answers the whole lease, and the changes within the minute that was asked for', async () => {
    const answer = await ask({ ip: '10.64.0.182', at: `${DAY} 14:05` });
    expect(answer.candidates).toEqual([
      {
        cluster: 'default',
        namespace: 'shop',
        pod: 'web-5cc97bc7d5-228ts',
        podUid: 'uid-web-5cc97bc7d5-228ts',
        ownerKind: 'ReplicaSet',
        ownerName: 'web',
        workloadKind: null,
        workload: null,
        node: 'node-3',
        hostNetwork: false,
        ip: '10.64.0.182',
        network: '',
        startedAt: '2026-11-20T13:00:00.123Z',
        startedNotBefore: '2026-11-20T13:00:00.123Z',
        startedNotAfter: '2026-11-20T13:00:00.123Z',
        startInferred: false,
        endedAt: '2026-11-20T14:05:20.000Z',
        endedNotBefore: '2026-11-20T14:05:20.000Z',
        endedNotAfter: '2026-11-20T14:05:20.000Z',
        endReason: 'deleted',
        endInferred: false,
      },
    ]);
    expect([answer.reasons.length, answer.notes]).toEqual([2, []]);
    expect(answer.next).toMatchObject({ pod: 'web-5cc97bc7d5-x7k2p' });
  });

  it('names the gaps that cover the time, also before the first start, and how far the ledger reaches', async () => {
    const [inGap, early, late] = await Promise.all(
      ['15:35', '11:00', '19:00'].map((clock) => ask({ ip: '10.64.0.7', at: `${DAY} ${clock}` })),
    );
    expect(inGap?.gaps).toMatchObject([{ reason: 'expired', startedAt: '2026-11-20T15:30:00.000Z' }]);
    expect(early?.gaps.map(({ text }) => text)).toEqual([
      'Before 2026-11-20 12:00:00 UTC podips was not watching: which pod held an address then is unknown.',
    ]);
    expect(late?.reasons).toEqual([
      {
        code: 'after-known',
        text: 'The ledger is complete up to 2026-11-20 17:59:58 UTC; later changes may be missing.',
      },
    ]);
    const { body } = await page({ ip: '10.64.0.9', at: `${DAY} 15:35` });
    expect(body).toContain(
      'From 2026-11-20 15:30:00 UTC to 2026-11-20 15:40:00 UTC podips may have missed changes',
    );
  });

  it('without a time it is about the newest time that is known, and certain only if that is about now', async () => {
    const { answer, at, certain, reasons } = await ask({ ip: '10.64.0.7' });
    expect(answer).toBe(
      '10.64.0.7 belonged to shop/cart-0 at 2026-11-20 17:59:58 UTC. ' +
        'The ledger is complete up to 2026-11-20 17:59:58 UTC; what is true now is not known.',
    );
    expect({ at, certain }).toEqual({ at: '2026-11-20T17:59:58.000Z', certain: false });
    expect(reasons.map(({ code }) => code)).toEqual(['after-known']);
    expect(await ask({ ip: '10.64.0.7 10.64.0.182' })).toMatchObject({
      certain: false,
      addresses: [{ certain: false }, { certain: false }],
    });
    expect(await ask({ node: 'node-3' })).toMatchObject({ certain: false });
    await sample.database.query(`UPDATE reader_positions SET known_at = now()`);
    onTestFinished(async () => {
      await sample.database.query(`UPDATE reader_positions SET known_at = '2026-11-20T18:00:00Z'`);
    });
    expect(await ask({ ip: '10.64.0.7' })).toMatchObject({ certain: true, reasons: [] });
    expect(await ask({ node: 'node-3' })).toMatchObject({ certain: true });
  });

  it.each([
    ['a minute in which it changed hands', '10.64.0.182', '14:05', ['end', 'start'], '14:05:20 UTC'],
    ['a minute at whose end nobody had it', '10.64.0.182', '14:59:59', [], ''],
    ['a minute in which it was leased', '10.64.0.7', '13:29:59', [], ''],
    ['the minute of its first lease', '10.64.0.182', '12:59', [], ''],
    ['the minute of its second lease', 'fd00::7', '13:29:30', [], ''],
    ['a minute in which a pod may have released it', '10.64.0.20', '13:00', ['start'], 'between'],
    ['a second in which it was leased', '10.64.0.182', '13:00:00', ['start'], '13:00:00.123 UTC'],
    ['a minute in which it was not', '10.64.0.182', '14:06', [], ''],
    ['a minute of which the end is not known', '10.64.0.99', '17:59', ['after-known'], 'complete up to'],
  ])('is certain only if it is of all of %s', async (_what, ip, clock, codes, text) => {
    const { certain, reasons, answer } = await ask({ ip, at: `${DAY} ${clock}` });
    expect([certain, reasons.map(({ code }) => code)]).toEqual([codes.length === 0, codes]);
    expect(answer).toContain(text);
  });

  it('says in the page whether the answer is certain, and names the candidates and the reasons', async () => {
    const { candidates, reasons } = await ask({ ip: '10.64.0.20', at: `${DAY} 13:00:04` });
    expect(candidates.map(({ pod }) => pod)).toEqual(['job-1', 'job-2']);
    expect(reasons.map(({ code }) => code)).toEqual(['end', 'start']);
    const { body } = await page({ ip: '10.64.0.20', at: `${DAY} 13:00:04` });
    expect(body).toMatch(
      /<h2 id="said" class="answer unsure"><bdi>Not sure: [^<]* at 2026-11-20 13:00:04 UTC\.<\/bdi>/,
    );
    expect(body).toContain(
      'shop/job-1 released it between 2026-11-20 13:00:02 UTC and 2026-11-20 13:00:06 UTC.',
    );
    expect(body).toContain('Leases that may cover that time');
    const future = await ask({ ip: '10.64.0.7', at: '9999-12-31 00:00' });
    expect(future.answer).toContain('9999-12-31 00:00:00 UTC is in the future.');
    expect([future.certain, future.leases]).toEqual([false, []]);
  });

  it('answers two hundred leases at most, and that there are more', async () => {
    await sample.database.query(
      `INSERT INTO leases SELECT cluster, 'many-' || n, '192.168.7.7', 0, namespace, pod || n, owner_kind, owner_name, node,
         true, started_at, false, 'infinity', null, null, started_at, started_at FROM leases, generate_series(1, 250) AS n WHERE pod = 'proxy-1'`,
    );
    const answer = await ask({ ip: '192.168.7.7', at: `${DAY} 13:00` });
    expect([answer.leases.length, answer.more]).toEqual([200, true]);
    expect(answer.answer).toContain('more than 200 pods');
    const { body } = await page({ ip: '192.168.7.7', at: `${DAY} 13:00` });
    expect(body).toContain('<strong>There are more:</strong> only 200 are shown.');
  });

  it('shows text from the ledger as text', async () => {
    const { body } = await page({ ip: '10.64.0.66', at: `${DAY} 13:00` });
    expect(body).toContain('&lt;/bdi&gt;&lt;script&gt;alert(1)&lt;/script&gt;‹U+202E›');
    expect(body).not.toMatch(/<script>|\u202e/);
    expect((await ask({ namespace: 'shop', pod: EVIL })).leases).toHaveLength(1);
  });
});

it('a pod is asked for all its leases, the newest first', async () => {
  const { answer, leases } = await ask({ namespace: 'shop', pod: 'cart-0' });
  expect(answer).toBe(
    'shop/cart-0 had 2 leases of 2 addresses; at 2026-11-20 17:59:58 UTC it held 10.64.0.7 and fd00::7.',
  );
  expect(leases.map(({ startInferred }) => startInferred)).toEqual([true, true]);
  expect((await ask({ namespace: 'shop', pod: 'none' })).answer).toBe(
    'The ledger has no lease of shop/none. The ledger is complete up to 2026-11-20 17:59:58 UTC; what is true now is not known.',
  );
});

it('the gaps are listed, the newest first', async () => {
  const { body } = await get('/api/v1/gaps?limit=1');
  expect(JSON.parse(body)).toMatchObject({ gaps: [{ reason: 'expired' }] });
  expect(JSON.parse((await get('/api/v1/gaps')).body).gaps).toHaveLength(2);
  expect((await get('/api/v1/gaps?limit=0')).status).toBe(400);
});

describe('a question that is wrong', () => {
  const HOSTILE = [
    ['ip', { ip: '<script>alert(1)</script>' }],
    ['ip', { ip: "10.0.0.1'; DROP TABLE leases; --" }],
    ['ip', { ip: '10.0.0.1\0' }],
    ['ip', { ip: 'x'.repeat(8_000) }],
    ['at', { ip: '10.0.0.1', at: '\u202e2026' }],
    ['at', { ip: '10.0.0.1', at: '"><img src=x onerror=alert(1)>' }],
    ['pod', { namespace: 'shop', pod: 'a\0b' }],
    ['namespace', { namespace: '../'.repeat(100), pod: 'b' }],
    ['question', { ip: '10.0.0.1', namespace: 'shop', pod: 'b' }],
  ] as const;

  it.each(HOSTILE)(
    'is answered with 400, in the page and as JSON, and names what is wrong: %s',
    async (field, fields) => {
      const answer = await ask(fields);
      expect([answer.status, answer.field]).toEqual([400, field]);
      const { status, body, headers } = await page(fields);
      expect(status).toBe(400);
      expect(body).toContain(
        field === 'question'
          ? 'Ask for one of these: addresses (ip)'
          : `<p id="${field}-hint" class="wrong">This must be`,
      );
      expect(body).not.toMatch(/<script>|<img|[\0\u202e]/);
      expect(headers.get('content-security-policy')).toContain("form-action 'self'");
    },
  );

  it.each([
    '/leases?ip=10.0.0.1&ip=10.0.0.2',
    '/leases?__proto__=x&ip[]=1',
    '/leases?ip=%ff%fe',
    '/leases?%00=1',
  ])('never fails the monitor: %s', async (path) => {
    expect((await get(path)).status).toBeLessThan(500);
    expect((await get(`/api/v1${path}`)).status).toBe(400);
  });

  it.each([
    ['time', 'at is meant'],
    ['since', 'from is meant'],
    ['until', 'to is meant'],
    ['cidr', 'ip is meant'],
    ['address', 'ip is meant'],
    ['<b>x</b>', 'known are ip, at, from, to, namespace, pod'],
  ])('has a parameter that is not known: %s', async (name, right) => {
    const { status, field, error } = await ask({ ip: '10.64.0.7', [name]: '2026-11-20 14:05' });
    expect([status, field]).toEqual([400, name]);
    expect(error).toContain(right);
    const { status: ofPage, body } = await page({ ip: '10.64.0.7', [name]: '2026-11-20 14:05' });
    expect(ofPage).toBe(400);
    expect(body).toContain(right);
    expect(body).not.toContain('<b>x');
  });

  it('has a parameter that another route knows', async () => {
    const { status, body } = await get('/api/v1/gaps?max=3');
    expect([status, JSON.parse(body)]).toEqual([
      400,
      { error: 'there is no parameter "max" here: limit is meant', field: 'max' },
    ]);
    expect((await get('/api/v1/incidents?since=1')).status).toBe(400);
  });

  it('asks for something', async () => {
    expect((await get('/leases')).status).toBe(200);
    expect((await get('/api/v1/leases')).status).toBe(400);
  });
});
