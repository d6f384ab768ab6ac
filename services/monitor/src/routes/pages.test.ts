import { OPERATIONS } from '@podips/shared';
import { expect, test } from 'vitest';
import { heartbeat, LIMIT_MS, memoryStore, NOW_MS, openApp } from '../app.test.helpers.js';
import type { Heartbeat } from '../statuses.js';

async function dashboard(heartbeats: readonly Heartbeat[], problem?: string): Promise<string> {
  const app = await openApp(memoryStore(heartbeats, problem));
  return (await app.inject('/')).body;
}

/** What the page says of one operation. */
function itemOf(page: string, name: string): string {
  const items = page.split('<li>').slice(1);
  return items.find((item) => item.includes(`<h2>${name}</h2>`)) ?? '';
}

const GOOD = OPERATIONS.map((operation) => heartbeat(operation));
const old = { receivedAtMs: NOW_MS - LIMIT_MS - 1 };

test.each([
  ['green', 'working', heartbeat('log'), '<circle cx'],
  ['yellow', 'silent', heartbeat('log', old), '<path d="M12 2 23 21H1z"/>'],
  ['red', 'failing', heartbeat('log', { code: 500 }), '<path d="M8 2h8l6 6v8l-6 6H8l-6-6V8z"/>'],
])('%s is told by colour, shape and the word %s', async (light, word, last, shape) => {
  const page = await dashboard([...GOOD, last]);
  const item = itemOf(page, 'Fluentd write');
  expect(item).toContain(`class="light ${light}"`);
  expect(item).toContain(shape);
  expect(item).toContain(`</svg> ${word}</span>`);
  expect(page).toContain(`<title>${word} – podips monitor</title>`);
});

test('an operation never heard of is grey, a ring, and without details', async () => {
  const page = await dashboard([]);
  const item = itemOf(page, 'Kubernetes read');
  expect(item).toContain('class="light grey"');
  expect(item).toContain('class="ring"');
  expect(item).toContain('never heard of');
  expect(item).not.toContain('<dt>');
  expect(page).toContain('<title>never heard of – podips monitor</title>');
});

test('the operations stand in the order in which data flows', async () => {
  const names = [...(await dashboard(GOOD)).matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1]);
  expect(names).toEqual(['Kubernetes read', 'Queue write', 'Queue read', 'Fluentd write']);
});

test('a heartbeat is shown with code, message, exact time, age, address and host', async () => {
  const last = heartbeat('queue/read', {
    code: 42,
    message: 'broker gone',
    receivedAtMs: NOW_MS - 125_250,
    remoteAddress: '2001:db8::1',
    host: 'writer-0',
  });
  const item = itemOf(await dashboard([last]), 'Queue read');
  for (const detail of [
    '<dd>042</dd>',
    'broker gone',
    '<time datetime="2026-01-31T11:57:54.750Z">2026-01-31 11:57:54.750 UTC</time>',
    '<dd>2 min 5 s</dd>',
    '<dd>2001:db8::1</dd>',
    '<dd>writer-0</dd>',
  ])
    expect(item).toContain(detail);
});

test('reader, writer and both are summed up as other programs are answered', async () => {
  const page = await dashboard([...GOOD, heartbeat('log', { ...old, code: 500 })]);
  expect(page).toContain('<dt>Reader</dt><dd>success</dd>');
  expect(page).toContain('<dt>Writer</dt><dd>no logs for more than 5 minutes</dd>');
  expect(page).toContain('<dt>Both</dt><dd>fail</dd>');
});

test('a message from outside cannot become markup, or act on what stands beside it', async () => {
  const store = memoryStore();
  const app = await openApp(store);
  const message = '</dd><script>alert("1")</script><img src=x onerror=\'y\'>&amp;\u202e\u0000\u2066';
  await app.inject(`/log/200/${encodeURIComponent(message)}`);
  const page = (await app.inject('/')).body;
  expect(page).toContain(
    '<bdi>&lt;/dd&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=x onerror=&#39;y&#39;&gt;&amp;amp;‹U+202E›‹U+0000›‹U+2066›</bdi>',
  );
  expect(page).not.toContain('<script');
});

test('a disk that cannot be written is a warning on the page', async () => {
  expect(await dashboard(GOOD, 'it cannot be saved (ENOSPC)')).toContain(
    '<p class="warning" role="alert">Warning: it cannot be saved (ENOSPC).</p>',
  );
  expect(await dashboard(GOOD)).not.toContain('class="warning"');
});

test('the page loads itself again and has nothing that its policy forbids', async () => {
  const app = await openApp(memoryStore(GOOD));
  const { body, headers } = await app.inject('/');
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  expect(headers['content-security-policy']).toContain("default-src 'none'; style-src 'self'");
  expect(body).toContain('<meta http-equiv="refresh" content="60">');
  expect(body).not.toMatch(/<script|<style|\sstyle=|\son\w+=|https?:\/\//);
});

test('the style sheet may be kept for ever, under a name that changes with it', async () => {
  const app = await openApp(memoryStore());
  const path = /href="(\/assets\/style-[0-9a-f]+\.css)"/.exec((await app.inject('/')).body)?.[1] ?? '';
  const reply = await app.inject(path);
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['content-type']).toBe('text/css; charset=utf-8');
  expect(reply.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  expect((await app.inject('/assets/style-000000000000.css')).statusCode).toBe(404);
});

test('the OpenAPI document names every route of the interface', async () => {
  const app = await openApp(memoryStore());
  const reply = await app.inject('/api/openapi.json');
  const document = reply.json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths).sort()).toEqual([
    '/',
    '/api',
    '/api/openapi.json',
    '/api/ping',
    '/healthz',
    '/kubernetes/{code}/{message}',
    '/log/{code}/{message}',
    '/metrics',
    '/podips/{operation}',
    '/queue/{operation}/{code}/{message}',
    '/readyz',
  ]);
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
