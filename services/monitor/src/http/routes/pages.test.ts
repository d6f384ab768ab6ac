import { OPERATIONS } from '@podips/shared';
import { expect, onTestFinished, test } from 'vitest';
import type { StatusView } from '../../view/status-view.js';
import {
  ago,
  flowView,
  fullView,
  operationView,
  statusView,
  strip,
} from '../../view/status-view.test.helpers.js';
import { heartbeat, LIMIT_MS, memoryStore, NOW_MS, openApp } from '../app.test.helpers.js';
import { buildPages } from '../pages.test.helpers.js';

async function openPages(view: StatusView) {
  const { app } = await buildPages(view);
  onTestFinished(() => app.close());
  return app;
}

async function dashboard(view: StatusView): Promise<string> {
  return (await (await openPages(view)).inject('/')).body;
}

/** The text of the page about one operation. */
function cardOf(page: string, name: string): string {
  const items = page.split('<li>\n<span class="node"').slice(1);
  return items.find((item) => item.includes(`<h3>${name}`)) ?? '';
}

const GREEN = ['green', 'green', 'green', 'green'] as const;

test.each([
  ['green', 'working', '<circle cx'],
  ['yellow', 'silent', '<path d="M12 2 23 21H1z"/>'],
  ['red', 'failing', '<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/>'],
  ['grey', 'not known yet', '<circle class="ring"'],
] as const)(
  '%s is shown by colour, shape and the word %s, in title and icon too',
  async (light, word, shape) => {
    const page = await dashboard(statusView(['green', 'green', 'green', light]));
    const card = cardOf(page, 'Fluentd write');
    expect(card).toContain(`class="light ${light}"`);
    expect(card).toContain(shape);
    expect(card).toContain(`<strong>${word}</strong>`);
    expect(page).toContain(`<title>${word} – fra1 – podips monitor</title>`);
    expect(page).toContain(`href="/assets/favicon-${light}.svg"`);
  },
);

test('an operation without heartbeats has no details', async () => {
  const card = cardOf(await dashboard(statusView(['grey', ...GREEN.slice(1)])), 'Kubernetes read');
  expect(card).toContain('No heartbeat received yet.');
  expect(card).not.toContain('<dt>');
});

test('the operations stand in the order in which data flows, between what they connect', async () => {
  const page = await dashboard(statusView(GREEN));
  const order = [...page.matchAll(/class="node[^>]*>(.*?)<|<h3>(.*?)</g)].map(
    ([, node, name]) => node ?? name,
  );
  expect(order.slice(0, 9)).toEqual([
    'Kubernetes',
    'Kubernetes read',
    'reader',
    'Queue write',
    'queue',
    'Queue read',
    'writer',
    'Fluentd write',
    'Fluentd',
  ]);
});

test('a heartbeat is shown with code, message, relative and exact time, address and host', async () => {
  const last = {
    code: 42,
    message: 'broker gone',
    receivedAt: ago(125_250),
    ageMs: 125_250,
    remoteAddress: '2001:db8::1',
    host: 'writer-0',
  };
  const operation = operationView(2, 'red', { heartbeat: last, since: ago(3_600_000) });
  const card = cardOf(await dashboard({ ...statusView(GREEN), operations: [operation] }), 'Queue read');
  for (const detail of [
    '<span class="code">042</span> <bdi>broker gone</bdi>',
    '>2 min 5 s ago</time>',
    '<time datetime="2026-01-31T12:05:24.750Z">2026-01-31 12:05:24 UTC</time>',
    '2001:db8::1',
    'writer-0',
    'failing</strong> <span class="lasts">for <time datetime="2026-01-31T11:07:30.000Z" data-run="since"',
    '>1 h</time>',
  ])
    expect(card).toContain(detail);
});

test('another cluster that is worse is named in title, icon and a line of its own', async () => {
  const page = await dashboard(statusView(GREEN, { clusters: fullView().clusters }));
  expect(page).toContain('<title>lon1 failing – fra1 – podips monitor</title>');
  expect(page).toContain('href="/assets/favicon-red.svg"');
  expect(page).toContain('<h1 class="headline green">');
  expect(page).toMatch(/<p class="elsewhere red">.*>Elsewhere: lon1 failing, nyc1 silent\.</);
});

test('another cluster that is no worse is not in the title', async () => {
  const page = await dashboard(fullView());
  expect(page).toContain('<title>failing – fra1 – podips monitor</title>');
  expect(page).toContain('Elsewhere: lon1 failing, nyc1 silent.');
});

test('several other clusters that are worse are counted in the title', async () => {
  const clusters = fullView().clusters.map((cluster) => ({
    ...cluster,
    reachable: true,
    light: 'red' as const,
  }));
  const page = await dashboard(statusView(GREEN, { clusters }));
  expect(page).toContain('<title>ams1 and 2 more failing – fra1 – podips monitor</title>');
});

test('the likely cause is marked where it is, and on top is what is broken, since when, what waits, and its repair', async () => {
  const page = await dashboard(statusView(['green', 'red', 'red', 'green']));
  expect(page.match(/Look here first/g)).toHaveLength(1);
  expect(cardOf(page, 'Queue write')).toContain('Look here first');
  expect(page).toMatch(/<div class="headline red">.*<h1>The broker cannot be used: /s);
  expect(page).toMatch(/since <time datetime="2026-01-31T12:05:18.000Z">/);
  expect(page).toContain('Nothing is lost: messages go to the outbox');
  expect(page).toContain('<strong>Waiting: 1,716 in the outbox.</strong>');
  expect(page).toContain('<a class="repair" href="/help/troubleshooting#the-broker-is-down">');
});

test('reader, writer and both are summed up as other programs are answered', async () => {
  const answers = { read: 'success', write: 'no logs for more than 5 minutes', all: 'fail' } as const;
  const page = await dashboard(statusView(GREEN, { answers }));
  for (const [scope, name, answer] of [
    ['read', 'Reader', 'success'],
    ['write', 'Writer', 'no logs for more than 5 minutes'],
    ['all', 'Both', 'fail'],
  ])
    expect(page).toMatch(
      new RegExp(`<a href="/podips/${scope}">${name}</a></dt><dd>.*?</span> ${answer}</span></dd>`),
    );
});

test('incidents, other clusters, alerts and problems of the monitor are shown', async () => {
  const page = await dashboard(fullView());
  for (const text of [
    'The monitor itself has a problem',
    'the last heartbeats cannot be saved (ENOSPC)',
    '<strong>not yet</strong>',
    '1 h 2 min',
    '<a href="https://podips.lon1.example">lon1</a>',
    '<strong>No answer</strong> for',
    'Answered <time',
    'podips fra1: Queue write is failing',
    '3 suppressed by the hourly limit',
    'HTTP 503',
  ])
    expect(page).toContain(text);
});

test('what there is nothing of is not shown, or said in a sentence', async () => {
  const page = await dashboard(statusView(GREEN));
  expect(page).not.toMatch(/Other clusters|class="warning"|<table|Ledger|\/leases/);
  expect(page).toContain('No incidents.');
  expect(page).toContain('no recipient is configured');
});

test('text from outside cannot become markup, a script link, or act on what stands beside it', async () => {
  const evil = (field: string) => `</bdi><script>${field}</script><img src=x onerror='y'>\u202e\u0000`;
  const view = fullView();
  const [first, ...others] = view.operations;
  const [incident] = view.incidents;
  const [cluster] = view.clusters;
  const [channel] = view.alerting.channels;
  if (!first || !incident || !cluster || !channel) throw new Error('the full view is not full');
  const heartbeat = {
    code: 500,
    message: evil('message'),
    receivedAt: ago(0),
    ageMs: 0,
    remoteAddress: evil('address'),
    host: evil('host'),
  };
  const strip = first.strip.map((slot) => ({ ...slot, message: evil('slot') }));
  const gone = { reachable: false, error: evil('error'), headline: evil('headline of another') };
  if (view.incident === null) throw new Error('the full view has no incident');
  const raw = await dashboard({ ...view, incident: { ...view.incident, error: evil('raw') } });
  expect(raw).toContain('&lt;/bdi&gt;&lt;script&gt;raw&lt;');
  expect(raw).not.toMatch(/<script>|\u202e/);
  const page = await dashboard({
    ...view,
    incident: { ...view.incident, error: null },
    cluster: evil('cluster'),
    headline: evil('headline'),
    problems: [evil('problem')],
    operations: [{ ...first, heartbeat, strip }, ...others],
    incidents: [{ ...incident, message: evil('incident') }],
    clusters: [{ ...cluster, ...gone, name: evil('name'), url: 'javascript:alert(1)' }],
    alerting: {
      ...view.alerting,
      lastAlert: { at: ago(0), subject: evil('subject') },
      channels: [{ ...channel, kind: evil('kind'), target: evil('target'), error: evil('failure') }],
    },
  });
  const fields = ['message', 'address', 'host', 'error', 'headline of another', 'cluster', 'headline'];
  for (const field of [...fields, 'problem', 'name', 'subject', 'kind', 'target', 'failure'])
    expect(page).toContain(
      `&lt;/bdi&gt;&lt;script&gt;${field}&lt;/script&gt;&lt;img src=x onerror=&#39;y&#39;&gt;‹U+202E›‹U+0000›`,
    );
  for (const cut of [
    '0 working: &lt;/bdi&gt;&lt;script&gt;slot',
    '<bdi>&lt;/bdi&gt;&lt;script&gt;incident&lt;',
  ])
    expect(page).toContain(cut);
  for (const wrong of ['<script>', '<img', 'javascript:', '\u202e', '\u0000'])
    expect(page).not.toContain(wrong);
});

test('the page has nothing that its policy forbids, and loads itself again only without scripts', async () => {
  const { body, headers } = await (await openPages(fullView())).inject('/');
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['content-security-policy']).toContain(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'",
  );
  expect(body).toContain('<noscript><meta http-equiv="refresh" content="60"></noscript>');
  expect(body.match(/<meta http-equiv/g)).toHaveLength(1);
  expect(body).not.toMatch(/<style|\sstyle=|\son\w+=|<script>/);
});

test('style sheet and scripts may be kept for ever, under names that change with them', async () => {
  const app = await openPages(statusView(GREEN));
  const page = (await app.inject('/')).body;
  const paths = [...page.matchAll(/"(\/assets\/\w+-[0-9a-f]{12}\.(?:css|js))"/g)].map(
    ([, path]) => path ?? '',
  );
  expect(paths).toHaveLength(3);
  for (const path of paths) {
    const reply = await app.inject(path);
    expect(reply.statusCode).toBe(200);
    expect(reply.headers['content-type']).toMatch(/^text\/(css|javascript); charset=utf-8$/);
    expect(reply.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  }
  expect((await app.inject('/assets/style-000000000000.css')).statusCode).toBe(404);
});

test('there is an icon for each light', async () => {
  const app = await openPages(statusView(GREEN));
  for (const light of ['red', 'yellow', 'grey', 'green']) {
    const reply = await app.inject(`/assets/favicon-${light}.svg`);
    expect(reply.headers['content-type']).toBe('image/svg+xml');
    expect(reply.body).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    // Neither is there, and the policy allows no style sheet.
    expect(reply.body).not.toMatch(/<style|class=/);
  }
});

/** The worst of what can be said, in every place: each slot another light than the one before. */
function longestView(message: string): StatusView {
  const view = statusView(['red', 'red', 'red', 'red']);
  const lights = ['red', 'green'] as const;
  const slots = strip(
    Object.fromEntries(
      Array.from({ length: 96 }, (_, slot) => [
        slot,
        { light: lights[slot % 2] ?? 'red', message: slot % 2 === 0 ? message : '' },
      ]),
    ),
  );
  const [incident] = fullView().incidents;
  if (!incident) throw new Error('the full view is not full');
  return {
    ...view,
    operations: view.operations.map((operation) => ({
      ...operation,
      heartbeat: operation.heartbeat && { ...operation.heartbeat, message },
      strip: slots,
    })),
    incidents: Array.from({ length: 20 }, () => ({ ...incident, message })),
    flow: flowView(),
  };
}

test.each([
  ['all lights green', statusView(GREEN)],
  ['everything at once', fullView()],
  ['long messages for 24 hours', longestView('x'.repeat(256))],
  ['control characters for 24 hours', longestView('\u0001'.repeat(256))],
  ['entities for 24 hours', longestView("'".repeat(256))],
  ['pictures for 24 hours', longestView('😀'.repeat(256))],
])('the first view is smaller than 64 kB, uncompressed: %s', async (_what, view) => {
  const app = await openPages(view);
  const page = (await app.inject('/')).body;
  const assets = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
  expect(assets).toHaveLength(5);
  const bodies = await Promise.all(assets.map(async (path) => (await app.inject(path)).body));
  const bytes = [page, ...bodies].reduce((sum, body) => sum + Buffer.byteLength(body), 0);
  expect(bytes).toBeLessThan(64_000);
});

test('the real monitor shows the heartbeats that it received', async () => {
  const old = { receivedAtMs: NOW_MS - LIMIT_MS - 1 };
  const received = [...OPERATIONS.map((operation) => heartbeat(operation)), heartbeat('log', old)];
  const app = await openApp(
    memoryStore([...received, heartbeat('queue/write', { code: 500, message: 'broker gone' })]),
  );
  const page = (await app.inject('/')).body;
  expect(page).toContain('<title>failing – default – podips monitor</title>');
  expect(cardOf(page, 'Queue write')).toContain('<bdi>broker gone</bdi>');
  expect(cardOf(page, 'Fluentd write')).toContain('<strong>silent</strong>');
});

test('the OpenAPI document names every route of the interface', async () => {
  const app = await openApp(memoryStore());
  const document = (await app.inject('/api/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining([
      '/',
      '/api',
      '/api/openapi.json',
      '/api/ping',
      '/api/v1/events',
      '/api/v1/incidents',
      '/api/v1/status',
      '/healthz',
      '/kubernetes/{code}/{message}',
      '/log/{code}/{message}',
      '/metrics',
      '/podips/{operation}',
      '/queue/{operation}/{code}/{message}',
      '/readyz',
    ]),
  );
  expect(Object.keys(document.paths['/log/{code}/{message}'])).toEqual(['get', 'post']);
});

test('the API page shows every path and needs nothing from elsewhere', async () => {
  const app = await openApp(memoryStore());
  const { statusCode, body, headers } = await app.inject('/api');
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  const { paths } = (await app.inject('/api/openapi.json')).json();
  for (const path of Object.keys(paths)) expect(body).toContain(`<code>${path}</code>`);
  expect(body).toContain('<span class="method">GET, POST</span> <code>/log/{code}/{message}</code>');
  expect(body).not.toMatch(/<script|<style|\sstyle=|https?:\/\//);
});
