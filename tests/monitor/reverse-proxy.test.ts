import { request } from 'node:http';
import { type Nginx, startNginx } from '@podips/simulation';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchChromium, openPage, PATIENCE, untilLive } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';

/** The second as in nginx' own documentation of the header `Forwarded`. */
const ELEMENTS = `
  map $remote_addr $with_port {
    ~^[0-9.]+$ "$remote_addr:$remote_port";
    default "[$remote_addr]:$remote_port";
  }
  map $remote_addr $forwarded_element {
    ~^[0-9.]+$ "for=$remote_addr";
    ~^[0-9A-Fa-f:.]+$ "for=\\"[$remote_addr]:$remote_port\\"";
    default "for=unknown";
  }`;

let monitor: MonitorProcess;
let nginx: Nginx;
beforeAll(async () => {
  monitor = await startMonitorProcess({ TRUSTED_PROXIES: '127.0.0.1', BASE_PATH: '/tools/podips' });
  nginx = await startNginx(
    `
    location /appended/ { proxy_pass ${monitor.url}/; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }
    location /ported/ { proxy_pass ${monitor.url}/; proxy_set_header X-Forwarded-For $with_port; }
    location /standard/ { proxy_pass ${monitor.url}/; proxy_set_header Forwarded "$http_forwarded, $forwarded_element;proto=$scheme"; }
    location /silent/ { proxy_pass ${monitor.url}/; }
    location /stripped/ { proxy_pass ${monitor.url}/; proxy_set_header X-Forwarded-Prefix /stripped; }
    location /tools/podips { proxy_pass ${monitor.url}; }`,
    ELEMENTS,
  );
});
afterAll(async () => {
  await nginx?.stop();
  await monitor?.destroy();
});

describe('the address of a client behind nginx', () => {
  /** Sends a heartbeat by way of nginx. @returns the address that the monitor shows for it */
  async function seenFrom(path: string, from: string, headers = {}): Promise<string | undefined> {
    const status = await new Promise((resolve, reject) => {
      const options = {
        host: from.includes(':') ? '::1' : '127.0.0.1',
        localAddress: from,
        port: nginx.port,
      };
      request({ ...options, path: `${path}/log/200/OK`, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
    // The shape that the API documents.
    const view = (await (await fetch(`${monitor.url}/api/v1/status`)).json()) as {
      operations: { operation: string; heartbeat: { remoteAddress: string } | null }[];
    };
    return view.operations.find(({ operation }) => operation === 'log')?.heartbeat?.remoteAddress;
  }

  const forged = { 'x-forwarded-for': '203.0.113.9', forwarded: 'for=203.0.113.9' };

  it.each([
    [
      'appended',
      'X-Forwarded-For, with what the client says of itself before it',
      { 'x-forwarded-for': '203.0.113.9' },
    ],
    ['ported', 'X-Forwarded-For, with a port', {}],
    ['standard', 'Forwarded', { forwarded: 'for=203.0.113.9;by=_x' }],
  ])('/%s/ is what it says in %s', async (location, _how, headers) => {
    expect(await seenFrom(`/${location}`, '127.0.5.1', headers)).toBe('127.0.5.1');
    expect(await seenFrom(`/${location}`, '::1', headers)).toBe('::1');
  });

  it.each(['appended', 'standard'])(
    '/%s/ is never what the client says in the other header',
    async (location) => {
      expect(await seenFrom(`/${location}`, '127.0.5.1', forged)).toBe('127.0.0.1');
    },
  );

  it('is the last one of several headers that nginx passes on', async () => {
    const headers = { 'x-forwarded-for': ['203.0.113.9', '203.0.113.8, 198.51.100.7'] };
    expect(await seenFrom('/silent', '127.0.5.1', headers)).toBe('198.51.100.7');
  });

  it('is that of nginx when that says nothing', async () => {
    expect(await seenFrom('/silent', '127.0.5.1')).toBe('127.0.0.1');
  });
});

describe('the pages below a path of nginx', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it.each([
    ['/stripped/', 'which it strips and names in X-Forwarded-Prefix'],
    ['/tools/podips', 'which it passes on, as in BASE_PATH'],
    ['/tools/podips/', 'which it passes on, with a slash at its end'],
  ])('%s, %s, work and stay live', async (path) => {
    const root = `http://127.0.0.1:${nginx.port}`;
    const base = `${root}${path.replace(/\/$/, '')}`;
    const failed: string[] = [];
    const { page, complaints, close } = await openPage(browser, `${root}${path}`);
    page.on('response', (response) => {
      if (response.status() !== 200 || !response.url().startsWith(base)) failed.push(response.url());
    });
    await untilLive(page);
    const message = `below ${path.length} letters`;
    await monitor.beat(`log/503/${message}`);
    await expect.poll(() => page.textContent('body'), PATIENCE).toContain(message);
    const links = page.locator('[data-part] a[href^="/"]');
    for (const link of await links.all())
      expect(await link.getAttribute('href')).toContain(base.slice(root.length));
    expect(await page.getAttribute('link[rel=icon]', 'href')).toBe(
      `${base.slice(root.length)}/assets/favicon-red.svg`,
    );
    await page.click('nav >> text=API');
    expect(page.url()).toBe(`${base}/api`);
    const document = await page.getAttribute('text=OpenAPI document', 'href');
    expect(await (await fetch(`${root}${document}`)).json()).toMatchObject({
      servers: [{ url: base.slice(root.length) }],
    });
    expect((await fetch(`${base}/badge.svg`)).status).toBe(200);
    expect([failed, complaints]).toEqual([[], []]);
    await monitor.beat('log/200/OK');
    await close();
  });
});
