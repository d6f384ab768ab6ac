import { createNetworks } from '@podips/shared';
import { fastify } from 'fastify';
import { describe, expect, it, test } from 'vitest';
import { memoryStore, openApp } from './app.test.helpers.js';
import { installBasePath, isBasePath, isOwnPath, prefixOf, stripBasePath } from './base-path.js';

const PROXY = '10.0.0.1';

test.each(['/podips', '/tools/podips-1.x', '/a/.well-known'])('%s is a base path', (path) => {
  expect(isBasePath(path)).toBe(true);
});

test.each([
  '',
  '/',
  'podips',
  '/podips/',
  '//evil.example',
  '/a//b',
  '/..',
  '/a/../b',
  '/a"b',
  '/a b',
  '/a%2fb',
  `/${'x'.repeat(256)}`,
])('%j is none', (path) => {
  expect(isBasePath(path)).toBe(false);
});

test.each([
  ['/podips', '/'],
  ['/podips?a=b', '/?a=b'],
  ['/podips/', '/'],
  ['/podips/leases?ip=10.0.0.1', '/leases?ip=10.0.0.1'],
  ['/podips/podips/all', '/podips/all'],
  ['/podips/all', '/podips/all'],
  ['/podips/read?', '/podips/read?'],
  ['/podipsx', '/podipsx'],
  ['/leases', '/leases'],
  ['/', '/'],
])('%s below /podips is %s', (url, path) => {
  expect(stripBasePath(url, '/podips')).toBe(path);
});

test.each([
  ['nothing', PROXY, undefined, '/base'],
  ['a trusted proxy', PROXY, '/tools/podips/', '/tools/podips'],
  ['two proxies', PROXY, '/outer, /inner', '/outer/inner'],
  ['somebody', '192.0.2.1', '/tools', '/base'],
  ['a proxy that passes on what is none', PROXY, '//evil.example', '/base'],
])('the prefix that %s names', (_who, remoteAddress, header, expected) => {
  const headers = header === undefined ? {} : { 'x-forwarded-prefix': header };
  const options = { basePath: '/base', isTrusted: createNetworks([PROXY]) };
  expect(prefixOf({ headers, socket: { remoteAddress } }, options)).toBe(expected);
});

describe('below a base path', () => {
  it('a redirect leads to where its client sees it', async () => {
    const app = fastify();
    installBasePath(app, { basePath: '/podips', isTrusted: () => false });
    app.get('/old', (_request, reply) => reply.redirect('/new'));
    app.get('/elsewhere', (_request, reply) => reply.redirect('https://podips.example/'));
    expect((await app.inject('/old')).headers.location).toBe('/podips/new');
    expect((await app.inject('/elsewhere')).headers.location).toBe('https://podips.example/');
  });

  it('pages, stream and the rest are found with it and without it, and links have it', async () => {
    const app = await openApp(memoryStore(), {}, '/podips');
    for (const base of ['', '/podips']) {
      for (const path of [
        '/',
        '/api',
        '/badge.svg',
        '/healthz',
        '/api/v1/status',
        '/log/200/OK',
        '/podips/all',
      ])
        expect((await app.inject(`${base}${path}`)).statusCode, `${base}${path}`).toBe(200);
      const { body } = await app.inject(`${base}/`);
      const links = [...body.matchAll(/ (?:href|src|action)="(\/[^"]*)"/g)].map(([, link = '']) => link);
      expect(links.length).toBeGreaterThan(5);
      for (const link of links) expect((await app.inject(link)).statusCode, link).toBe(200);
      expect(links.filter((link) => !link.startsWith('/podips/'))).toEqual([]);
    }
    expect((await app.inject('/podips/podips/all')).json()).toHaveProperty('status');
    expect((await app.inject('/podips/api/openapi.json')).json()).toMatchObject({
      servers: [{ url: '/podips' }],
    });
  });

  it('is none that begins like a path of the monitor', async () => {
    const app = await openApp(memoryStore());
    const { paths }: { paths: Record<string, unknown> } = (await app.inject('/api/openapi.json')).json();
    for (const path of Object.keys(paths)) {
      const first = `/${path.split('/')[1]}`;
      expect(isOwnPath(first), first).toBe(!['/', '/podips'].includes(first));
    }
  });
});
