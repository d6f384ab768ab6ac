import { describe, expect, it } from 'vitest';
import { memoryStore, openApp } from './app.test.helpers.js';

const SCRIPT = '<script>alert(1)</script>';
/** A tag of the monitor: a name and attributes, without their values. */
const TAG = /^<(!doctype|\/?[a-z][a-z0-9]*)(\s+[a-z][a-z0-9:-]*)*\s*\/?>$/i;
/** Characters that are invisible, or change the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const MISLEADING = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** Whether all markup of a page is of the kind that we write, which does nothing on its own. */
function expectTameMarkup(page: string): void {
  for (const tag of page.match(/<[^>]*>/g) ?? []) {
    const bare = tag.replace(/="[^"]*"/g, '');
    expect(bare).toMatch(TAG);
    expect(bare).not.toMatch(/^<(img|iframe|object|embed|form|base)\b| on/i);
    if (bare.startsWith('<script'))
      expect(tag).toMatch(/^<script type="module" src="\/assets\/[a-z0-9.-]+">$/);
    expect(tag).not.toMatch(/(href|src)="(?!\/|#|https:\/\/)/);
  }
}

const OPERATIONS = ['kubernetes', 'queue/write', 'queue/read', 'log'];

const MESSAGES: readonly (readonly [string, string])[] = [
  ['a script', SCRIPT],
  ['the end of an attribute', '" onmouseover="alert(1)" x="'],
  ['the end of a quoted attribute', "' onmouseover='alert(1)' x='"],
  ['the end of a comment and of a style', '--></style></title></textarea><img src=x onerror="alert(1)">'],
  ['an entity', '&lt;script&gt;&#60;script&#62;'],
  ['a template', '{{constructor.constructor("alert(1)")()}}'],
  ['a right-to-left override', 'safe\u202egnp.exe'],
  ['isolates and marks', '\u2066\u2067\u2068\u2069\u200e\u200f\u061c'],
  ['a null byte', 'a\0b'],
  ['terminal commands', '\u001b[2J\u001b]0;owned\u0007\u009b31m'],
  ['line ends of all kinds', 'a\nb\rc\r\nd\u2028e\u2029f\u0085g'],
  ['a log line of its own', '"}\n{"level":"fatal","msg":"owned"}'],
  ['a metric of its own', 'x"} 1\npodips_owned_total 1\n'],
  ['an event of its own', 'x\n\ndata: {"owned":true}\n\n'],
  ['steps in a path', '../../../etc/passwd'],
  ['slashes that are encoded twice', '..%2f..%252f'],
  ['a format', '%s%n%d %j %o'],
  ['names of properties', '__proto__'],
  ['letters with many marks', `Z${'\u0351'.repeat(255)}`],
  ['256 letters without a place to break', 'W'.repeat(256)],
];

const PAGES = ['/', '/api', '/badge.svg', '/badge/log.svg'];

describe.each(MESSAGES)('a message with %s', (_what, message) => {
  async function openWithIt() {
    const app = await openApp(memoryStore());
    for (const operation of OPERATIONS)
      for (const code of ['200', '503']) {
        const reply = await app.inject(`/${operation}/${code}/${encodeURIComponent(message)}`);
        expect(reply.json()).toEqual({ status: 'success' });
      }
    return app;
  }

  it.each(PAGES)('neither acts nor misleads on %s', async (url) => {
    const app = await openWithIt();
    const { statusCode, body } = await app.inject(url);
    expect(statusCode).toBe(200);
    expectTameMarkup(body);
    expect(body).not.toMatch(MISLEADING);
  });

  it('is what was said in JSON, and nothing but JSON', async () => {
    const app = await openWithIt();
    const reply = await app.inject('/api/v1/status');
    expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(reply.headers['x-content-type-options']).toBe('nosniff');
    const { operations }: { operations: { heartbeat: { message: string } }[] } = reply.json();
    expect(operations.map(({ heartbeat }) => heartbeat.message)).toEqual(OPERATIONS.map(() => message));
  });

  it('is in no metric', async () => {
    const app = await openWithIt();
    const { body } = await app.inject('/metrics');
    expect(body).not.toContain(message);
    expect(body).not.toContain('owned');
    for (const line of body.split('\n')) expect(line).toMatch(/^($|# |podips_|process_|nodejs_)/);
  });
});

describe('the length of a message', () => {
  it.each([
    ['256 letters', 'x'.repeat(256), 200],
    ['257 letters', 'x'.repeat(257), 400],
    ['256 characters of two UTF-16 units', '😀'.repeat(256), 200],
    ['257 characters of two UTF-16 units', '😀'.repeat(257), 400],
    ['nothing', '', 400],
  ])('counts characters: %s', async (_what, message, status) => {
    const app = await openApp(memoryStore());
    const reply = await app.inject(`/log/200/${encodeURIComponent(message)}`);
    expect(reply.statusCode).toBe(status);
    if (status === 400)
      expect(reply.json()).toEqual({ error: 'message must be 1 to 256 characters', field: 'message' });
  });
});

describe('bytes that are not UTF-8', () => {
  it.each(['%FF', '%C0%AF', '%ED%A0%80', '%F5%80%80%80', 'a%E2%82', '%C3%28'])(
    'are refused: %s',
    async (encoded) => {
      const store = memoryStore();
      const app = await openApp(store);
      const reply = await app.inject(`/log/200/${encoded}`);
      expect(reply.statusCode).toBe(400);
      expect(reply.json()).toEqual({ error: 'the path is not percent-encoded UTF-8' });
      expect(store.latest().log).toBeUndefined();
    },
  );
});

describe('a path that leads nowhere', () => {
  it.each([
    `/${encodeURIComponent(SCRIPT)}`,
    `/podips/${encodeURIComponent(SCRIPT)}`,
    `/queue/${encodeURIComponent(SCRIPT)}/200/OK`,
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2fpackage.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '/assets/..%252f..%252fpackage.json',
    `/log/200/${encodeURIComponent(SCRIPT)}/more`,
    `/api/v1/${encodeURIComponent(SCRIPT)}`,
    '/log/__proto__/constructor',
    '/podips/__proto__',
    '//evil.example/%2e%2e',
    '/?x=<script>alert(1)</script>',
  ])('is answered without repeating it: %s', async (url) => {
    const app = await openApp(memoryStore());
    const reply = await app.inject(url);
    expect(reply.statusCode).toBeLessThan(500);
    expect(reply.headers.location).toBeUndefined();
    expect(reply.body).not.toMatch(/<script>|alert\(1\)/);
    expect(reply.body).not.toMatch(/passwd|"private"|evil\.example|__proto__/);
  });
});

describe('headers', () => {
  it.each([
    { host: SCRIPT },
    { 'x-forwarded-for': SCRIPT, forwarded: `for="${SCRIPT}"`, 'x-real-ip': SCRIPT },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'javascript' },
    { referer: SCRIPT, 'user-agent': SCRIPT, accept: SCRIPT, cookie: SCRIPT },
    { authorization: `Basic ${SCRIPT}` },
    { range: 'bytes=0-18446744073709551615' },
  ])('change nothing of the page and are not repeated: %j', async (headers) => {
    const app = await openApp(memoryStore(), { trustedProxies: ['127.0.0.0/8'] });
    await app.inject({ url: '/log/200/OK', headers });
    for (const url of ['/', '/api/v1/status', '/no/such/page']) {
      const reply = await app.inject({ url, headers });
      expect(reply.statusCode).toBeLessThan(500);
      expect(`${JSON.stringify(reply.headers)}${reply.body}`).not.toMatch(/alert\(1\)|evil\.example/);
    }
  });

  it('as a name of the sender are refused unless they are one', async () => {
    const store = memoryStore();
    const app = await openApp(store);
    for (const name of [SCRIPT, '../x', 'a\u202eb', `a${'.'.repeat(300)}`]) {
      const reply = await app.inject({ url: '/log/200/OK', headers: { 'x-podips-host': name } });
      expect(reply.statusCode).toBe(400);
    }
    expect(store.latest().log).toBeUndefined();
  });
});

it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'TRACE'] as const)(
  '%s stores nothing',
  async (method) => {
    const store = memoryStore();
    const app = await openApp(store);
    // Not every method is one that the types know.
    const reply = await app.inject({ method: method as 'PUT', url: '/log/200/OK' });
    expect(reply.statusCode).toBe(404);
    expect(store.latest().log).toBeUndefined();
  },
);
