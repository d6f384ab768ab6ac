import { expect, test } from 'vitest';
import { heartbeat, memoryStore, NOW_MS, openApp } from '../app.test.helpers.js';

const ROUTES = [
  ['kubernetes', '/kubernetes'],
  ['queue/write', '/queue/write'],
  ['queue/read', '/queue/read'],
  ['log', '/log'],
] as const;

for (const method of ['GET', 'POST'] as const)
  test.each(ROUTES)(`${method} stores a heartbeat of %s`, async (operation, path) => {
    const store = memoryStore();
    const app = await openApp(store);
    const reply = await app.inject({ method, url: `${path}/503/no%20link`, remoteAddress: '10.1.2.3' });
    expect(reply.statusCode).toBe(200);
    expect(reply.body).toBe('{"status":"success"}');
    expect(store.latest()[operation]).toEqual({
      operation,
      code: 503,
      message: 'no link',
      receivedAtMs: NOW_MS,
      remoteAddress: '10.1.2.3',
      host: '10.1.2.3',
    });
  });

test('another operation of the queue is invalid and stores nothing', async () => {
  const store = memoryStore();
  const app = await openApp(store);
  const reply = await app.inject('/queue/delete/200/OK');
  expect(reply.statusCode).toBe(200);
  expect(reply.json()).toEqual({ status: 'invalid operation' });
  expect(store.latest()).toEqual(memoryStore().latest());
});

test('the newest heartbeat of an operation counts and leaves the others alone', async () => {
  const store = memoryStore([heartbeat('kubernetes', { code: 500 }), heartbeat('log')]);
  const app = await openApp(store);
  await app.inject('/kubernetes/200/back');
  expect(store.latest().kubernetes).toMatchObject({ code: 200, message: 'back' });
  expect(store.latest().log).toEqual(heartbeat('log'));
});

test.each([
  ['an encoded slash', 'a%2Fb%2fc', 'a/b/c'],
  ['steps in the path', '..%2F..%2Fetc%2Fpasswd', '../../etc/passwd'],
  ['an encoded percent sign', '100%25', '100%'],
  ['a text that looks encoded', '%252F', '%2F'],
  ['a null byte', 'a%00b', 'a\0b'],
  ['a right-to-left override', '%E2%80%AEabc', '\u202eabc'],
  ['a script', '%3Cscript%3Ealert(1)%3C%2Fscript%3E', '<script>alert(1)</script>'],
  ['a question mark and a hash', '%3Fx%3D1%23y', '?x=1#y'],
  ['256 characters', 'x'.repeat(256), 'x'.repeat(256)],
  ['256 characters of four bytes', '%F0%9F%98%80'.repeat(256), '😀'.repeat(256)],
])('a message with %s is stored as it was meant', async (_what, encoded, message) => {
  const store = memoryStore();
  const app = await openApp(store);
  for (const url of [`/log/200/${encoded}`, `/queue/write/200/${encoded}`]) {
    const reply = await app.inject(url);
    expect(reply.json()).toEqual({ status: 'success' });
  }
  expect(store.latest().log?.message).toBe(message);
  expect(store.latest()['queue/write']?.message).toBe(message);
});

test.each([
  ['code', '/log/20/OK'],
  ['code', '/log/2000/OK'],
  ['code', '/log/abc/OK'],
  ['code', '/log/2e2/OK'],
  ['code', '/log/-20/OK'],
  ['code', '/log/%D9%A2%D9%A0%D9%A0/OK'],
  ['code', '/log/200%0A/OK'],
  ['code', '/queue/write/20/OK'],
  ['message', '/log/200/'],
  ['message', `/log/200/${'x'.repeat(257)}`],
  ['message', `/kubernetes/200/${'%C3%A4'.repeat(257)}`],
])('a wrong %s is named with what would be right: %s', async (field, url) => {
  const store = memoryStore();
  const app = await openApp(store);
  const reply = await app.inject(url);
  const right = { code: 'three digits, for example 200', message: '1 to 256 characters' }[field];
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toEqual({ error: `${field} must be ${right}`, field });
  expect(store.latest()).toEqual(memoryStore().latest());
});

test.each([
  ['invalid percent-encoding', '/log/200/%zz', 400],
  ['percent-encoding that ends early', '/log/200/%2', 400],
  ['bytes that are not UTF-8', '/log/200/%ff%fe', 400],
  ['a path of a million characters', `/log/200/${'x'.repeat(1_000_000)}`, 414],
  ['a slash that is not encoded', '/log/200/a/b', 404],
  ['no message', '/log/200', 404],
  ['an unknown path', '/wp-admin.php', 404],
])('%s gets a short JSON error', async (_what, url, status) => {
  const app = await openApp(memoryStore());
  const reply = await app.inject(url);
  expect(reply.statusCode).toBe(status);
  expect(reply.headers['content-type']).toContain('application/json');
  expect(reply.headers['x-content-type-options']).toBe('nosniff');
  expect(Object.keys(reply.json())).toEqual(['error']);
  expect(reply.body.length).toBeLessThan(120);
});

test('HEAD, as link checkers send it, stores nothing', async () => {
  const store = memoryStore();
  const app = await openApp(store);
  const reply = await app.inject({ method: 'HEAD', url: '/log/200/OK' });
  expect(reply.statusCode).toBe(404);
  expect(store.latest().log).toBeUndefined();
});

test('a sender may say what it calls itself', async () => {
  const store = memoryStore();
  const app = await openApp(store);
  await app.inject({ url: '/log/200/OK', headers: { 'x-podips-host': 'podips-writer-0.example.org' } });
  expect(store.latest().log).toMatchObject({
    remoteAddress: '127.0.0.1',
    host: 'podips-writer-0.example.org',
  });
});

test.each(['', '<b>', 'a b', '-a', 'a'.repeat(254)])('%j is no host name', async (name) => {
  const store = memoryStore();
  const app = await openApp(store);
  const reply = await app.inject({ url: '/log/200/OK', headers: { 'x-podips-host': name } });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toEqual({
    error: 'x-podips-host must be a host name of at most 253 characters',
    field: 'x-podips-host',
  });
  expect(store.latest().log).toBeUndefined();
});

test('an IPv4 address of a dual-stack socket is stored as IPv4', async () => {
  const store = memoryStore();
  const app = await openApp(store);
  await app.inject({ url: '/log/200/OK', remoteAddress: '::ffff:10.1.2.3' });
  expect(store.latest().log?.remoteAddress).toBe('10.1.2.3');
});

test.each(['text/plain', 'application/json', 'application/x-www-form-urlencoded'])(
  'the body of a POST as %s is ignored',
  async (type) => {
    const app = await openApp(memoryStore());
    const headers = { 'content-type': type };
    for (const payload of ['', 'x=1']) {
      const reply = await app.inject({ method: 'POST', url: '/log/200/OK', headers, payload });
      expect(reply.json()).toEqual({ status: 'success' });
    }
  },
);

test('a large body is refused', async () => {
  const app = await openApp(memoryStore());
  const headers = { 'content-type': 'text/plain' };
  const payload = 'x'.repeat(2_000);
  const reply = await app.inject({ method: 'POST', url: '/log/200/OK', headers, payload });
  expect(reply.statusCode).toBe(413);
  expect(reply.json()).toEqual({ error: 'the body is too large; none is needed' });
});

test('a failure of the monitor itself is reported without its details', async () => {
  const store = memoryStore();
  const broken = {
    ...store,
    record: () => {
      throw new Error('secret detail');
    },
  };
  const app = await openApp(broken);
  const reply = await app.inject('/log/200/OK');
  expect(reply.statusCode).toBe(500);
  expect(reply.json()).toEqual({ error: 'the monitor failed; its log says why' });
});
