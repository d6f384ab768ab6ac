import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SampleMonitor, startSampleMonitor } from '../support/sample-monitor.js';

const LOGIN = { READ_USER: 'analyst', READ_PASSWORD: 'correct-horse' };
const AUTHORIZATION = `Basic ${Buffer.from('analyst:correct-horse').toString('base64')}`;
const BASE_PATH = '/tools/podips';
const LINE = '{"ip":"10.64.0.182","at":"2026-11-20T14:00:00Z"}\n';
const CSV = 'time,src\n2026-11-20T14:00:00Z,10.64.0.182\n';
const POD = 'web-5cc97bc7d5-228ts';

let sample: SampleMonitor;
beforeAll(async () => {
  sample = await startSampleMonitor({ ...LOGIN, BASE_PATH });
});
afterAll(() => sample?.stop());

function form(): FormData {
  const fields = new FormData();
  fields.set('file', new Blob([CSV]), 'fw.csv');
  return fields;
}

const NDJSON = { 'content-type': 'application/x-ndjson' };
const ROUTES: readonly (readonly [
  string,
  () => { headers?: Record<string, string>; body?: string | FormData },
])[] = [
  ['/lookup/10.64.0.182%402026-11-20T14:00:00Z', () => ({})],
  ['/api/v1/lookup', () => ({ headers: NDJSON, body: LINE })],
  ['/api/v1/leases?ip=10.64.0.182&at=2026-11-20T14:00:00Z', () => ({})],
  ['/api/v1/leases.csv?from=2026-11-20', () => ({})],
  ['/leases?ip=10.64.0.182&at=2026-11-20T14:00:00Z', () => ({})],
  ['/leases/file', () => ({ body: form() })],
];

describe.each(['', BASE_PATH])('below %j', (path) => {
  it.each(ROUTES)('%s answers those alone who log in', async (route, requestOf) => {
    const ask = (authorization: Record<string, string>) => {
      const { headers = {}, body } = requestOf();
      const method = body === undefined ? 'GET' : 'POST';
      return fetch(`${sample.monitor.url}${path}${route}`, {
        method,
        headers: { ...headers, ...authorization },
        ...(body !== undefined && { body }),
      });
    };
    const refused = await ask({});
    expect([refused.status, await refused.text()]).toEqual([401, expect.not.stringContaining(POD)]);
    const answer = await ask({ authorization: AUTHORIZATION });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining(POD)]);
  });

  it('every link and form of the page of leases leads below the path that clients see', async () => {
    const headers = { authorization: AUTHORIZATION };
    const page = await fetch(`${sample.monitor.url}${path}/leases?namespace=shop&limit=1`, { headers });
    const targets = [...(await page.text()).matchAll(/ (?:href|src|action|formaction)="([^"#]+)/g)];
    const paths = targets.map(([, target = '']) => target).filter((target) => target.startsWith('/'));
    expect(paths.filter((target) => target.includes('/leases')).length).toBeGreaterThan(1);
    expect(paths.filter((target) => !target.startsWith(`${BASE_PATH}/`))).toEqual([]);
  });
});
