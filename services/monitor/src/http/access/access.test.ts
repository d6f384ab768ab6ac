import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryStore, openApp } from '../app.test.helpers.js';

const TOKEN = 'correct-horse-battery-staple';
const LOGIN = { user: 'ops', password: 'tr0ub4dor&3' };
const BASIC = `Basic ${Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64')}`;
const HEARTBEATS = ['/kubernetes/200/OK', '/queue/write/200/OK', '/queue/read/200/OK', '/log/200/OK'];
const OPEN = [
  '/healthz',
  '/readyz',
  '/api/ping',
  '/podips/all',
  '/badge.svg',
  '/badge/log.svg',
  '/badge/uptime/90d/log.svg',
];
const GUARDED = [
  '/',
  '/api',
  '/api/openapi.json',
  '/metrics',
  '/api/v1/status',
  '/api/v1/events',
  '/no/such/page',
  '/assets/../metrics',
];

describe('with a token', () => {
  it.each(HEARTBEATS)('a heartbeat to %s is accepted with it', async (url) => {
    const app = await openApp(memoryStore(), { heartbeatToken: TOKEN });
    const headers = { authorization: `Bearer ${TOKEN}` };
    for (const method of ['GET', 'POST'] as const)
      expect((await app.inject({ method, url, headers })).json()).toEqual({ status: 'success' });
  });

  it.each(HEARTBEATS)('a heartbeat to %s is refused without it, and stored nowhere', async (url) => {
    const store = memoryStore();
    const app = await openApp(store, { heartbeatToken: TOKEN, login: LOGIN });
    for (const authorization of [undefined, 'Bearer wrong', `Bearer ${TOKEN}x`, BASIC])
      for (const method of ['GET', 'POST'] as const) {
        const reply = await app.inject({ method, url, headers: authorization ? { authorization } : {} });
        expect(reply.statusCode).toBe(401);
        expect(reply.headers['www-authenticate']).toBe('Bearer realm="podips heartbeats"');
        expect(reply.headers['x-content-type-options']).toBe('nosniff');
        expect(reply.json()).toEqual({ error: expect.stringContaining('HEARTBEAT_TOKEN') });
        expect(reply.body).not.toContain(TOKEN);
      }
    expect(store.latest()).toEqual(memoryStore().latest());
  });

  it('the pages need no login', async () => {
    const app = await openApp(memoryStore(), { heartbeatToken: TOKEN });
    for (const url of [...OPEN, '/metrics']) expect((await app.inject(url)).statusCode).toBe(200);
  });
});

describe('with a login', () => {
  it.each(GUARDED)('%s is refused without it, and says who it is for', async (url) => {
    const app = await openApp(memoryStore(), { login: LOGIN });
    for (const authorization of [undefined, 'Basic b3BzOg==', `Bearer ${LOGIN.password}`]) {
      const reply = await app.inject({ url, headers: authorization ? { authorization } : {} });
      expect(reply.statusCode).toBe(401);
      expect(reply.headers['www-authenticate']).toBe('Basic realm="podips", charset="UTF-8"');
      expect(reply.json()).toEqual({ error: expect.stringContaining('READ_USER') });
      expect(reply.body).not.toContain(LOGIN.password);
    }
  });

  it('everything is shown with it', async () => {
    const app = await openApp(memoryStore(), { login: LOGIN });
    for (const url of ['/api/openapi.json', '/metrics'])
      expect((await app.inject({ url, headers: { authorization: BASIC } })).statusCode).toBe(200);
  });

  it.each(OPEN)(
    '%s answers without a secret, which probes, the cron job and other pages do not know',
    async (url) => {
      const app = await openApp(memoryStore(), { login: LOGIN, heartbeatToken: TOKEN });
      expect((await app.inject(url)).statusCode).toBe(200);
    },
  );

  it('heartbeats need none', async () => {
    const app = await openApp(memoryStore(), { login: LOGIN });
    for (const url of HEARTBEATS) expect((await app.inject(url)).statusCode).toBe(200);
  });
});

describe('a heartbeat that a browser sends', () => {
  it.each(['cross-site', 'same-site'])('for a page elsewhere (%s) is refused', async (site) => {
    const store = memoryStore();
    const app = await openApp(store);
    for (const url of HEARTBEATS)
      for (const method of ['GET', 'POST'] as const) {
        const reply = await app.inject({ method, url, headers: { 'sec-fetch-site': site } });
        expect(reply.statusCode).toBe(403);
        expect(reply.json()).toEqual({ error: 'pages of other sites may not send heartbeats' });
      }
    expect(store.latest()).toEqual(memoryStore().latest());
  });

  it('for a page elsewhere is refused also where browsers say only which page it is', async () => {
    const store = memoryStore();
    const app = await openApp(store, { trustedProxies: ['10.1.2.3'] });
    const status = async (headers: Record<string, string>, remoteAddress = '192.0.2.1') =>
      (await app.inject({ url: '/log/200/OK', headers: { host: 'monitor', ...headers }, remoteAddress }))
        .statusCode;
    for (const name of ['origin', 'referer']) {
      expect(await status({ [name]: 'http://evil.example' })).toBe(403);
      expect(await status({ [name]: 'http://evil.example', 'x-forwarded-host': 'evil.example' })).toBe(403);
      expect(store.latest().log).toBeUndefined();
    }
    expect(await status({ origin: 'http://monitor' })).toBe(200);
    const forwarded = { origin: 'https://podips.example', 'x-forwarded-host': 'podips.example' };
    expect(await status(forwarded, '10.1.2.3')).toBe(200);
  });

  it.each(['none', 'same-origin'])('for its user (%s) is accepted', async (site) => {
    const app = await openApp(memoryStore());
    const reply = await app.inject({ url: '/log/200/OK', headers: { 'sec-fetch-site': site } });
    expect(reply.json()).toEqual({ status: 'success' });
  });

  it('elsewhere may link to the pages', async () => {
    const app = await openApp(memoryStore());
    const reply = await app.inject({ url: '/', headers: { 'sec-fetch-site': 'cross-site' } });
    expect(reply.statusCode).toBe(200);
  });
});

describe('the connections of a client', () => {
  it('are bounded, those of trusted proxies are not', async () => {
    const app = await openApp(memoryStore(), { connectionsPerClient: 2, trustedProxies: ['127.0.3.1'] });
    await app.listen({ host: '127.0.0.1', port: 0 });
    // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
    const { port } = app.server.address() as AddressInfo;
    const closed: string[] = [];
    const open = (localAddress: string) => {
      const socket = connect({ port, host: '127.0.0.1', localAddress });
      socket.on('error', () => undefined).on('close', () => closed.push(localAddress));
      onTestFinished(() => void socket.destroy());
      return once(socket, 'connect');
    };
    for (const address of ['127.0.2.1', '127.0.3.1']) for (let n = 0; n < 4; n += 1) await open(address);
    await vi.waitFor(() => expect(closed).toEqual(['127.0.2.1', '127.0.2.1']));
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });
});

describe('the remote address of a heartbeat', () => {
  const headers = { 'x-forwarded-for': '198.51.100.9, 203.0.113.7' };

  async function addressSeen(trustedProxies: string[], remoteAddress: string, forwarded = headers) {
    const store = memoryStore();
    const app = await openApp(store, { trustedProxies });
    await app.inject({ url: '/log/200/OK', remoteAddress, headers: forwarded });
    return store.latest().log?.remoteAddress;
  }

  it('is that of the connection when no proxy is trusted', async () => {
    expect(await addressSeen([], '10.1.2.3')).toBe('10.1.2.3');
  });

  it('is that of the connection when it is no trusted proxy', async () => {
    expect(await addressSeen(['10.0.0.0/8'], '192.0.2.1')).toBe('192.0.2.1');
  });

  it.each(['10.1.2.3', '::ffff:10.1.2.3'])('is what a trusted proxy at %s saw', async (proxy) => {
    expect(await addressSeen(['10.0.0.0/8'], proxy)).toBe('203.0.113.7');
  });

  it('goes back through several trusted proxies, and no further', async () => {
    expect(await addressSeen(['10.0.0.0/8', '203.0.113.0/24'], '10.1.2.3')).toBe('198.51.100.9');
  });

  it('is never what is no address', async () => {
    const script = { 'x-forwarded-for': '<script>alert(1)</script>' };
    expect(await addressSeen(['10.0.0.0/8'], '10.1.2.3', script)).toBe('10.1.2.3');
  });
});

describe('beyond the rate of a client', () => {
  it('requests of every kind are refused, and those of others are not', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0);
    onTestFinished(() => clock.mockRestore());
    const store = memoryStore();
    const app = await openApp(store, { rateLimitPerSecond: 2, login: LOGIN });
    const ask = (url: string, remoteAddress = '2001:db8::1') => app.inject({ url, remoteAddress });
    for (const [url, status] of [
      ['/wp-admin.php', 401],
      ['/log/200/first', 200],
      ['/log/200/second', 429],
      ['/', 429],
      ['/healthz', 200],
    ] as const)
      expect((await ask(url)).statusCode, url).toBe(status);
    expect(store.latest().log?.message).toBe('first');
    const refused = await ask('/log/200/third', '2001:db8::2');
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json()).toEqual({ error: 'too many requests: at most 2 a second; try again in a second' });
    expect((await ask('/log/200/other', '2001:db8:0:1::1')).statusCode).toBe(200);
    clock.mockReturnValue(1_000);
    expect((await ask('/log/200/later')).statusCode).toBe(200);
  });
});
