import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { LookupAnswer } from '../../services/monitor/src/lookup/lookup-answer.js';
import { getFrom } from '../support/ask-monitor.js';
import { PATIENCE } from '../support/browser.js';
import { type SampleMonitor, startSampleMonitor } from '../support/sample-monitor.js';

const DAY = '2026-11-20';

let sample: SampleMonitor;
beforeAll(async () => {
  sample = await startSampleMonitor();
});
afterAll(() => sample?.stop());

async function lookup(key: string, query = ''): Promise<LookupAnswer> {
  const { status, body } = await getFrom(sample.monitor, `/lookup/${encodeURIComponent(key)}${query}`);
  expect([status, body]).toEqual([200, expect.any(String)]);
  const answer: LookupAnswer = JSON.parse(body);
  expect(Value.Check(LookupAnswer, answer)).toBe(true);
  return answer;
}

/** Sends lines, and gives those of the answer. */
async function lookUpLines(lines: readonly unknown[], query = ''): Promise<unknown[]> {
  const response = await fetch(`${sample.monitor.url}/api/v1/lookup${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** With what a parameter of /api/v1/leases goes together, where it says nothing alone. */
const BESIDE: Readonly<Record<string, readonly string[]>> = {
  at: ['ip'],
  from: ['ip'],
  to: ['ip'],
  limit: ['ip'],
  after: ['namespace'],
  pod: ['namespace'],
  workload: ['namespace'],
  workload_kind: ['namespace', 'workload'],
};

interface Described {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: string }[];
}

it('each parameter in the description of the API has an example, which is right', async () => {
  const { body } = await getFrom(sample.monitor, '/api/openapi.json');
  const { paths }: { paths: Record<string, { get?: Described; post?: Described }> } = JSON.parse(body);
  const refused: string[] = [];
  for (const [path, { get, post }] of Object.entries(paths))
    for (const { parameters = [] } of [get, post].filter((each) => each !== undefined)) {
      const missing = parameters.filter(({ example }) => example === undefined);
      expect(missing, path).toEqual([]);
      const filled = parameters
        .filter((parameter) => parameter.in === 'path')
        .reduce((url, { name, example = '' }) => url.replace(`{${name}}`, encodeURIComponent(example)), path);
      if (get === undefined) continue;
      const examples = new Map(parameters.map(({ name, example = '' }) => [name, example]));
      // One at a time: some do not go together.
      for (const { name } of parameters.filter((parameter) => parameter.in === 'query')) {
        const beside = path === '/api/v1/leases' ? (BESIDE[name] ?? []) : [];
        const asked = [...beside, name].map((each): [string, string] => [each, examples.get(each) ?? '']);
        const url = `${filled}?${new URLSearchParams(asked)}`;
        const answer = await getFrom(sample.monitor, url);
        if (answer.status === 400) refused.push(`${url}: ${answer.body}`);
      }
    }
  expect(refused).toEqual([]);
});

const UNSURE = { verdict: 'unsure', value: '', pod: '', namespace: '', node: '' };
const NOBODY = { verdict: 'nobody', value: '', reason: '' };

const CASES: readonly (readonly [ip: string, clock: string, expected: object])[] = [
  ['10.64.0.182', '14:05:00', { verdict: 'pod', value: 'shop/web-5cc97bc7d5-228ts', reason: '' }],
  ['10.64.0.182', '14:05:17', { verdict: 'pod', value: 'shop/web-5cc97bc7d5-228ts' }],
  [
    '10.64.0.182',
    '14:05:19',
    { ...UNSURE, reason: expect.stringContaining('released it at 2026-11-20 14:05:20 UTC') },
  ],
  ['10.64.0.182', '14:05:22', { verdict: 'pod', value: 'shop/web-5cc97bc7d5-x7k2p' }],
  ['10.64.0.182', '14:05', { ...UNSURE, reason: expect.stringContaining('Too close to a change') }],
  ['10.64.0.182', '16:00:00', NOBODY],
  ['fd00::7', '17:00:00', { verdict: 'pod', value: 'shop/cart-0', ip: 'fd00::7' }],
  ['192.168.0.5', '13:00:00', { verdict: 'node', value: '', node: 'node-3', pod: '', reason: '' }],
  ['10.99.99.99', '13:00:00', { verdict: 'outside', value: '', reason: '' }],
  ['10.64.99.99', '13:00:00', NOBODY],
  ['fd00::99', '13:00:00', NOBODY],
  ['fd01::7', '13:00:00', { verdict: 'outside' }],
  ['10.64.0.7', '15:35:00', { verdict: 'pod', value: 'shop/cart-0' }],
  ['10.64.0.9', '15:35:00', { ...UNSURE, reason: expect.stringContaining('may have missed changes') }],
  ['10.99.99.99', '15:35:00', UNSURE],
  ['10.64.0.7', '11:00:00', { ...UNSURE, reason: expect.stringContaining('not watching') }],
  ['10.64.0.7', '19:00:00', { ...UNSURE, reason: expect.stringContaining('complete up to') }],
  ['10.64.0.20', '13:00:04', UNSURE],
  ['10.64.0.30', '13:30:00', UNSURE],
];

describe('whose an address was', () => {
  it.each(CASES)('%s at %s', async (ip, clock, expected) => {
    expect(await lookup(`${ip}@${DAY} ${clock}`)).toMatchObject(expected);
  });

  it('in lines as one by one, in their order', async () => {
    const answers = await lookUpLines(CASES.map(([ip, clock]) => ({ ip, at: `${DAY}T${clock}Z` })));
    expect(answers).toMatchObject([
      ...CASES.map(([, , expected]) => expected),
      { end: true, answers: CASES.length },
    ]);
  });

  it('has all fields of the lease, and "value" before all others', async () => {
    const answer = await lookup(`10.64.0.182@${DAY}T14:00:00.000Z`);
    expect(Object.keys(answer)[0]).toBe('value');
    expect(answer).toEqual({
      value: 'shop/web-5cc97bc7d5-228ts',
      verdict: 'pod',
      reason: '',
      ip: '10.64.0.182',
      at: '2026-11-20T14:00:00.000Z',
      namespace: 'shop',
      pod: 'web-5cc97bc7d5-228ts',
      pod_uid: 'uid-web-5cc97bc7d5-228ts',
      workload_kind: '',
      workload: '',
      node: 'node-3',
      cluster: 'default',
      started_at: '2026-11-20T13:00:00.123Z',
      ended_at: '2026-11-20T14:05:20.000Z',
    });
  });

  it('uses nothing that was read before the time was known', async () => {
    const ask = async (...clocks: string[]) =>
      (await lookUpLines(clocks.map((clock) => ({ ip: '192.168.0.5', at: `${DAY}T${clock}Z` })))).slice(
        0,
        -1,
      );
    const NODE = { verdict: 'node', node: 'node-3' };
    expect(await ask('17:00:00', '18:30:00')).toMatchObject([NODE, UNSURE]);
    const knownUntil = (clock: string) =>
      sample.database.query('UPDATE reader_positions SET known_at = $1', [`${DAY}T${clock}Z`]);
    await knownUntil('19:00:00');
    onTestFinished(async () => {
      await knownUntil('18:00:00');
    });
    expect(await ask('17:00:00', '18:30:00')).toMatchObject([NODE, NODE]);
  });

  it('without a time is about now, and not known where the ledger is not complete up to about now', async () => {
    expect(await lookup('10.64.0.7')).toMatchObject({
      ...UNSURE,
      reason: expect.stringContaining('complete up to'),
    });
    expect(await lookUpLines([{ ip: '10.64.0.7' }])).toMatchObject([UNSURE, { end: true }]);
    await sample.database.query(`UPDATE reader_positions SET known_at = now() - interval '70 seconds'`);
    onTestFinished(async () => {
      await sample.database.query(`UPDATE reader_positions SET known_at = '${DAY}T18:00:00Z'`);
    });
    await vi.waitFor(
      async () => expect(await lookup('10.64.0.7')).toMatchObject({ verdict: 'pod', value: 'shop/cart-0' }),
      PATIENCE,
    );
  });
});
