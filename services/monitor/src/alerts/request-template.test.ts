import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMonitorSettings } from '../settings.js';
import { testMessage, type WebhookBody } from './message.js';
import { parseRequestTemplate, readRequestTemplate } from './request-template.js';

const EXAMPLES = new URL('../../../../deploy/alert-requests/', import.meta.url);
const CLUSTER = 'fra "1"\n{{x}}\\/é';
const ALERT: WebhookBody = {
  ...testMessage(0, { cluster: CLUSTER, pageUrl: 'https://podips.example.com/?a=1&b="2"' }).body,
  subject: `[podips] ${'long '.repeat(60)}`,
  text: `Queue write fails: "\\\n${'x'.repeat(10_000)}`,
};
const change: WebhookBody['changes'][number] = {
  operation: 'log',
  name: 'Log',
  kind: 'ended',
  light: 'red',
  startedAt: ALERT.at,
  endedAt: ALERT.at,
  durationMs: 0,
  durationIsLeast: false,
  code: 500,
  message: 'refused',
  host: 'writer',
};
const workload: WebhookBody['workloads'][number] = {
  ...{ namespace: 'shop', workloadKind: 'Deployment', name: 'web', kind: 'ended', why: 'replaced' },
  ...{ startedAt: ALERT.at, endedAt: ALERT.at, durationMs: 0, measuredAt: ALERT.at, usual: null },
  hasGap: false,
  ...{
    replaced: 0,
    restarts: 0,
    failed: 0,
    lastPod: null,
    lastCause: null,
    lastExitCode: null,
    lastAt: null,
  },
};
const over: Partial<WebhookBody> = {
  changes: [change],
  failing: 0,
  lights: [{ operation: 'log', light: 'green' }],
};
const lasts: Partial<WebhookBody> = { ...over, failing: 1, lights: [{ operation: 'log', light: 'red' }] };
const stable: Partial<WebhookBody> = { failing: 1, workloads: [workload] };
const alerts = {
  problem: { ...ALERT, ...lasts, event: 'problem' },
  recovery: { ...ALERT, ...over, event: 'recovery' },
  'recovery of one of two': { ...ALERT, ...lasts, event: 'recovery' },
  'recovery while another light is muted': { ...ALERT, ...lasts, failing: 0, event: 'recovery' },
  'recovery from what the hourly limit suppressed': { ...ALERT, failing: 0, event: 'recovery' },
  'workload that is stable again': { ...ALERT, ...stable, event: 'recovery' },
  'workload that is stable again, unlike others': { ...ALERT, ...stable, lasting: 2, event: 'recovery' },
  test: ALERT,
} satisfies Record<string, WebhookBody>;

const render = (name: string, alert: WebhookBody) => {
  const [request, ...more] = renderAll(name, alert);
  if (request === undefined || more.length > 0) throw new Error('it is not one request');
  return request;
};
const renderAll = (name: string, alert: WebhookBody) =>
  readRequestTemplate(new URL(`${name}.http`, EXAMPLES).pathname)
    .render(alert)
    .map((request) => ({ ...request, json: JSON.parse(request.body) }));

describe.each(readdirSync(EXAMPLES).map((file) => file.replace('.http', '')))('the request to %s', (name) => {
  it.each(Object.entries(alerts))('is JSON that fits for a %s', (_, alert) => {
    const { method, url, headers, json } = render(name, alert);
    expect([method, new URL(url).protocol, headers['content-type']]).toEqual([
      'POST',
      'https:',
      'application/json',
    ]);
    const texts = Object.values(json.payload ?? json);
    for (const text of texts) expect(String(text).length).toBeLessThanOrEqual(4_096);
  });

  it('is JSON without a page to link to', () => {
    expect(() => render(name, { ...ALERT, page: null })).not.toThrow();
  });
});

describe('an incident is opened once, and closed when everything works again:', () => {
  it.each<[keyof typeof alerts, string, string]>([
    ['problem', 'trigger', 'chain'],
    ['recovery of one of two', 'trigger', 'chain'],
    ['recovery', 'resolve', 'chain'],
    ['recovery while another light is muted', 'resolve', 'chain'],
    ['recovery from what the hourly limit suppressed', 'resolve', 'chain'],
    ['workload that is stable again, unlike others', 'trigger', 'workloads'],
    ['workload that is stable again', 'resolve', 'workloads'],
    ['test', 'trigger', 'test'],
  ])('a %s is a %s', (name, event_action, incident) => {
    const dedup_key = `podips-${CLUSTER}-${incident}`;
    expect(render('pagerduty', alerts[name]).json).toMatchObject({ event_action, dedup_key });
    const { url, headers, json } = render('opsgenie', alerts[name]);
    expect(headers.authorization).toBe('GenieKey API_KEY');
    const base = 'https://api.opsgenie.com/v2/alerts';
    if (event_action === 'resolve')
      expect(url).toBe(`${base}/${encodeURIComponent(dedup_key)}/close?identifierType=alias`);
    else expect([url, json.alias, json.message.length <= 130]).toEqual([base, dedup_key, true]);
  });
});

it('an alert about lights and workloads is one of each incident, and ends only what is over', () => {
  const lights = [{ ...change, kind: 'started' as const }];
  const both: WebhookBody = {
    ...ALERT,
    event: 'problem',
    changes: lights,
    failing: 1,
    workloads: [workload],
  };
  const actions = (alert: WebhookBody) =>
    renderAll('pagerduty', alert).map(({ json }) => `${json.event_action} ${json.dedup_key}`);
  expect(actions(both)).toEqual([`trigger podips-${CLUSTER}-chain`, `resolve podips-${CLUSTER}-workloads`]);
  expect(actions({ ...both, ...over, event: 'recovery', lasting: 1 })).toEqual([
    `resolve podips-${CLUSTER}-chain`,
    `trigger podips-${CLUSTER}-workloads`,
  ]);
  // What has no key for an incident gets one message.
  expect(renderAll('ntfy', both)).toHaveLength(1);
});

it('encodes what a tag stands for as its place demands', () => {
  const [request] = parseRequestTemplate(
    'plain',
    'PUT https://example.com/{{cluster}} HTTP/1.1\r\nX-Cluster: {{cluster}}\r\nContent-Type: text/plain\r\n\r\n{{cluster}}',
  ).render(ALERT);
  expect(request?.url).toBe(`https://example.com/${encodeURIComponent(CLUSTER)}`);
  expect(request?.headers['x-cluster']).toBe('fra "1" {{x}}\\/');
  expect(request?.body).toBe(CLUSTER);
});

it.each([
  [
    'no request line',
    '{"text":"secret"}',
    'must begin with a line such as "POST https://example.com/alerts"',
  ],
  ['another method', 'GET https://secret/\n\n', 'must begin with a line such as'],
  ['no URL', 'POST secret\n\n', 'has no http(s) URL in its first line'],
  ['a line that is no header', 'POST https://x/\nsecret\n\n{}', 'has a line before its first empty line'],
  ['an open section', 'POST https://x/\n\n{{#page}}secret', 'has a wrong tag: Unclosed section "page"'],
  [
    'no JSON',
    'POST https://x/\nContent-Type: application/json\n\n{secret',
    'body that is not JSON for a problem',
  ],
  [
    'no JSON at the end of an incident',
    'POST https://x/\nContent-Type: application/json\n\n{{#firing}}{}{{/firing}}',
    'body that is not JSON for a recovery',
  ],
])('%s is a wrong setting, of which nothing secret is repeated', async (_, text, problem) => {
  const dir = await mkdtemp(join(tmpdir(), 'podips-request-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const path = join(dir, 'mine.http');
  await writeFile(path, text);
  const error = (() => {
    try {
      return readMonitorSettings({ ALERT_REQUEST_FILES: path });
    } catch (err) {
      return String(err);
    }
  })();
  expect(error).toContain(`ALERT_REQUEST_FILES must be files with an HTTP request each, but ${path} `);
  expect(error).toContain(problem);
  expect(error).not.toContain('secret');
});

it('a file that is not there is a wrong setting', () => {
  expect(() => readMonitorSettings({ ALERT_REQUEST_FILES: '/none/x.http' })).toThrow(
    'ALERT_REQUEST_FILES must be files with an HTTP request each, but /none/x.http cannot be read (ENOENT)',
  );
});
