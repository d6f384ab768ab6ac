import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LeasesAnswer, type LeaseView } from '../../services/monitor/src/ledger/ledger-view.js';
import { getFrom, ledgerPage } from '../support/ask-monitor.js';
import { type SampleMonitor, startSampleMonitor } from '../support/sample-monitor.js';

const DAY = '2026-11-20';

let sample: SampleMonitor;
beforeAll(async () => {
  sample = await startSampleMonitor();
  await sample.database.query(
    `UPDATE leases SET workload_kind = 'Deployment', workload = 'web' WHERE pod LIKE 'web-%'`,
  );
});
afterAll(() => sample?.stop());

async function ask(fields: Record<string, string>) {
  const { status, body } = await getFrom(sample.monitor, `/api/v1/leases?${new URLSearchParams(fields)}`);
  const answer: LeasesAnswer & { error?: string; field?: string } = JSON.parse(body);
  if (status === 200) expect(Value.Errors(LeasesAnswer, answer)).toEqual([]);
  const codes = answer.reasons?.map(({ code }) => code);
  return { status, codes, sure: names(answer.leases), perhaps: names(answer.candidates), ...answer };
}

const names = (leases: readonly LeaseView[] = []) => leases.map(({ pod }) => pod);

describe('an address in a range of time', () => {
  it('had the pods whose leases reach into it, the newest first', async () => {
    const { answer, sure, certain, from, to, at } = await ask({
      ip: '10.64.0.182',
      from: `${DAY} 14:00`,
      to: `${DAY} 14:10`,
    });
    expect(answer).toBe('10.64.0.182 had 2 leases from 2026-11-20 14:00:00 UTC to 2026-11-20 14:10:00 UTC.');
    expect([sure, certain]).toEqual([['web-5cc97bc7d5-x7k2p', 'web-5cc97bc7d5-228ts'], true]);
    expect([from, to, at]).toEqual([`${DAY}T14:00:00.000Z`, `${DAY}T14:10:00.000Z`, null]);
  });

  it('has the gaps in it named, and what the ledger does not reach, for a whole day', async () => {
    const { codes, gaps, sure, answer } = await ask({ ip: '10.64.0.182', at: DAY });
    expect(codes).toEqual(['gap', 'gap', 'after-known']);
    expect(gaps.map(({ reason }) => reason)).toEqual(['start', 'expired']);
    expect(sure).toHaveLength(2);
    expect(answer).toMatch(
      /^Not sure: 10\.64\.0\.182 had 2 leases from 2026-11-20 00:00:00 UTC to 2026-11-21/,
    );
  });

  it.each([
    // Released between 13:00:02 and 13:00:06, leased again between 13:00:03 and 13:00:07.
    ['13:00:01', '13:00:03.500', ['job-1'], ['job-2']],
    ['13:00:03', '13:00:04', [], ['job-2', 'job-1']],
    ['13:00:06', '13:00:07', [], ['job-2']],
    ['13:00:00', '13:00:08', ['job-2', 'job-1'], []],
  ])('has leases that may reach into it apart: %s to %s', async (from, to, sure, perhaps) => {
    const asked = await ask({ ip: '10.64.0.20', from: `${DAY} ${from}`, to: `${DAY} ${to}` });
    expect(asked).toMatchObject({ sure, perhaps, codes: perhaps.length === 0 ? [] : ['bounds'] });
  });

  it('ends as far as is known when it has no end, and then says nothing of later times', async () => {
    const { to, certain, sure } = await ask({ ip: '10.64.0.7', from: `${DAY} 16:00` });
    expect([to, certain, sure]).toEqual([`${DAY}T17:59:58.001Z`, true, ['cart-0']]);
    const beyond = await ask({ ip: '10.64.0.7', from: `${DAY} 18:00`, to: `${DAY} 19:00` });
    expect(beyond).toMatchObject({ sure: [], perhaps: ['cart-0'], codes: ['bounds', 'after-known'] });
    const future = await ask({ ip: '10.64.0.7', from: `${DAY} 17:00`, to: '9998-12-31' });
    expect(future.codes).toEqual(['future', 'after-known']);
  });

  it('has no sure lease where a clock was set in all of it', async () => {
    await sample.database.query(
      `INSERT INTO gaps (cluster, started_at, ended_at, reason) VALUES ('default', '${DAY} 13:50Z', '${DAY} 13:55Z', 'clock')`,
    );
    const within = { from: `${DAY} 13:51`, to: `${DAY} 13:52` };
    expect(await ask({ ip: '10.64.0.182', ...within })).toMatchObject({ sure: [], certain: false });
    const around = { from: `${DAY} 13:49`, to: `${DAY} 13:52` };
    expect((await ask({ ip: '10.64.0.182', ...around })).sure).toEqual(['web-5cc97bc7d5-228ts']);
    await sample.database.query("DELETE FROM gaps WHERE reason = 'clock'");
  });
});

describe('several addresses at a time', () => {
  it('are decided one by one', async () => {
    const ip = '10.64.0.182, 10.64.0.20 10.99.99.99';
    const { answer, addresses, sure, perhaps, codes } = await ask({ ip, at: `${DAY} 13:00:04` });
    expect(answer).toBe(
      'Not sure: 1 of 3 addresses belonged to pods at 2026-11-20 13:00:04 UTC, and 1 more perhaps. ' +
        'Of 1 address the leases leave open who had it.',
    );
    expect([sure, perhaps, codes]).toEqual([['web-5cc97bc7d5-228ts'], ['job-1', 'job-2'], ['bounds']]);
    expect(addresses).toMatchObject([
      { ip: '10.64.0.182', certain: true, answer: expect.stringContaining('belonged to shop/web') },
      { ip: '10.64.0.20', certain: false, answer: expect.stringContaining('may have belonged to') },
      { ip: '10.99.99.99', certain: true, answer: expect.stringContaining('No pod held 10.99.99.99') },
    ]);
    const { body } = await ledgerPage(sample.monitor, { ip, at: `${DAY} 13:00:04` });
    expect(body).toContain('2 addresses without a certain holder');
  });

  it('are those of a network that the ledger has leases of, in pages', async () => {
    const network = { ip: '10.64.0.0/16', at: `${DAY} 14:30` };
    const all = await ask(network);
    expect(all.addresses.map(({ ip }) => ip)).toEqual([
      '10.64.0.7',
      '10.64.0.20',
      '10.64.0.30',
      '10.64.0.66',
      '10.64.0.182',
    ]);
    expect(all.sure).toEqual(['cart-0', expect.stringContaining('script'), 'web-5cc97bc7d5-x7k2p']);
    const pages = await walk({ ...network, limit: '2' }, ({ addresses }) => addresses);
    expect(pages).toEqual([all.addresses.slice(0, 2), all.addresses.slice(2, 4), all.addresses.slice(4)]);
    // An address of which nothing is known may have had a pod in a gap.
    expect(await ask({ ip: '10.99.0.0/16', at: `${DAY} 15:35` })).toMatchObject({
      codes: ['gap'],
      addresses: [],
    });
  });
});

/** All pages of an answer. */
async function walk<T>(fields: Record<string, string>, pick: (answer: LeasesAnswer) => T): Promise<T[]> {
  const answer = await ask(fields);
  const rest = answer.cursor === null ? [] : await walk({ ...fields, after: answer.cursor }, pick);
  expect(answer.more).toBe(answer.cursor !== null);
  return [pick(answer), ...rest];
}

describe('pods', () => {
  it.each([
    ['a namespace', { namespace: 'kube-system', at: `${DAY} 13:00` }, ['proxy-1', 'cni-1']],
    ['a workload', { namespace: 'shop', workload: 'web', at: `${DAY} 14:30` }, ['web-5cc97bc7d5-x7k2p']],
    [
      'a workload of a kind',
      { namespace: 'shop', workload: 'web', workload_kind: 'Deployment', at: `${DAY} 14:00` },
      ['web-5cc97bc7d5-228ts'],
    ],
    ['another kind', { namespace: 'shop', workload: 'web', workload_kind: 'Job', at: `${DAY} 14:00` }, []],
    ['a node', { node: 'node-3', at: `${DAY} 12:30` }, ['proxy-1', 'cni-1']],
    ['names that begin so', { namespace: 'shop', pod: 'job-*' }, ['job-2', 'job-1']],
    ['names that begin so at a time', { namespace: 'shop', pod: 'job-*', at: `${DAY} 13:00:10` }, ['job-2']],
    ['a beginning with a wildcard of SQL', { namespace: 'shop', pod: 'job%*', at: `${DAY} 13:00:10` }, []],
    ['a UID', { pod_uid: 'uid-cart-0' }, ['cart-0', 'cart-0']],
    ['a UID at a time', { pod_uid: 'uid-cart-0', at: `${DAY} 13:00` }, []],
  ])('are those of %s', async (_, fields, pods) => {
    const { sure, certain } = await ask(fields);
    expect([sure, certain]).toEqual([pods, true]);
  });

  it('are those of a namespace when the ledger was last complete, which is not now', async () => {
    const { sure, codes, at, answer } = await ask({ namespace: 'kube-system' });
    expect([sure, codes, at]).toEqual([['proxy-1', 'cni-1'], ['after-known'], `${DAY}T17:59:58.000Z`]);
    expect(answer).toMatch(/^Pods of the namespace .* what is true now is not known\.$/);
  });

  it('that the ledger has no lease of may have had some, where they are not watched or were deleted', async () => {
    const none = { namespace: 'kube-system', pod: 'dns-1' };
    await sample.database.query(`UPDATE reader_positions SET known_at = now()`);
    expect(await ask(none)).toMatchObject({ certain: true, codes: [] });
    await sample.database.query(`UPDATE reader_positions SET ignored_namespaces = '{kube-system}'`);
    expect(await ask(none)).toMatchObject({
      certain: false,
      codes: ['scope'],
      answer: expect.stringContaining('The namespace kube-system is not watched.'),
    });
    await sample.database.query(
      `UPDATE reader_positions SET ignored_namespaces = '{}', known_at = '${DAY}T18:00:00Z',
         deleted_before = '${DAY}T11:00:00Z'`,
    );
    expect(await ask(none)).toMatchObject({ certain: false, codes: ['deleted', 'after-known'] });
    await sample.database.query('UPDATE reader_positions SET deleted_before = NULL');
  });

  it('may be missing where a namespace is not watched', async () => {
    await sample.database.query(`UPDATE reader_positions SET ignored_namespaces = '{kube-system}'`);
    expect((await ask({ namespace: 'shop', at: `${DAY} 12:30` })).codes).toEqual([]);
    expect((await ask({ namespace: 'kube-system', at: `${DAY} 13:00` })).codes).toEqual(['scope']);
    expect((await ask({ node: 'node-3', at: `${DAY} 12:30` })).codes).toEqual(['scope']);
    await sample.database.query(`UPDATE reader_positions SET ignored_namespaces = '{}'`);
  });

  it.each([
    { node: 'node-3' },
    { namespace: 'shop' },
    { namespace: 'shop', pod: '*' },
    { ip: '10.64.0.0/16' },
  ])('come in pages that have each lease once, whatever begins at the same time: %j', async (fields) => {
    const range = { ...fields, from: DAY, to: DAY };
    const all = await ask(range);
    const keys = (answer: LeasesAnswer) =>
      [...answer.leases, ...answer.candidates].map(({ podUid, ip }) => `${podUid} ${ip}`);
    const pages = await walk({ ...range, limit: '1' }, keys);
    expect(pages.flat()).toHaveLength(all.leases.length + all.candidates.length);
    expect(new Set(pages.flat())).toEqual(new Set(keys(all)));
  });

  it('have a link to the next page, where they are more', async () => {
    const { body } = await ledgerPage(sample.monitor, { node: 'node-3', at: `${DAY} 14:00`, limit: '2' });
    const [, next = ''] = /href="(\/leases\?[^"]*after=[^"]*)#answer"/.exec(body) ?? [];
    const { status, body: second } = await getFrom(sample.monitor, next.replaceAll('&amp;', '&'));
    expect([status, /Pods on the node node-3 had [^<]*further lease/.test(second)]).toEqual([200, true]);
    expect(second).toContain('value="node-3"');
  });
});

it.each([
  ['after', { node: 'node-3', after: 'abc' }],
  ['after', { node: 'node-3', after: cursor(['2026-99-99 00:00:00+00', 'a', 'b', '', '10.0.0.1', '0']) }],
  ['after', { node: 'node-3', after: cursor(['-infinity', 'a', 'b', '', "'", '0']) }],
  ['after', { node: 'node-3', after: cursor(['-infinity', 'a\0', 'b', '', '::', '0']) }],
  ['after', { ip: '10.0.0.0/8', after: cursor(['fe80::1%eth0']) }],
  ['time', { node: 'node-3', at: DAY, from: DAY }],
  ['question', { node: 'node-3', namespace: 'shop' }],
])('a question with a wrong %s is refused, as JSON and in the page', async (field, fields) => {
  expect(await ask(fields)).toMatchObject({ status: 400, field });
  const { status, body } = await ledgerPage(sample.monitor, fields);
  expect([status, body.includes('role="alert"')]).toEqual([400, true]);
});

it.each(['at', 'from', 'to'])('a program that sends an empty "%s" does not ask about now', async (field) => {
  const asked = await ask({ ip: '10.64.0.7', [field]: ' ' });
  expect(asked).toMatchObject({ status: 400, field });
  // Forms send empty fields.
  expect((await ledgerPage(sample.monitor, { ip: '10.64.0.7', [field]: '' })).status).toBe(200);
});

function cursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}
