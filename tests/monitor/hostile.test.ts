import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '@podips/shared';
import { type ChildProgram, canConnect, freePort, startChildProgram } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AUTHORIZED, CLOSE, get, REFUSED, TOKEN } from '../support/hostile-requests.js';
import { createRawHttp, type RawConnection } from '../support/raw-http.js';

const PATIENCE = { timeout: 60_000, interval: 50 };
const PASSWORD = 'tr0ub4dor-and-3';
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const MISLEADING = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

let dir: string;
let url: string;
let monitor: ChildProgram;
let lines: string[];
let http: ReturnType<typeof createRawHttp>;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-hostile-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  lines = [];
  monitor = startChildProgram({
    name: 'monitor',
    program: 'services/monitor/dist/main.js',
    onLine: (line) => lines.push(line),
    env: {
      LOG_LEVEL: 'trace',
      MONITOR_DATA_DIR: dir,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(port),
      HEARTBEAT_TOKEN: TOKEN,
      READ_USER: 'ops',
      READ_PASSWORD: PASSWORD,
      OTHER_MONITORS: `none=http://me:${PASSWORD}@127.0.0.1:1`,
      RATE_LIMIT_PER_SECOND: '100000',
    },
  });
  await vi.waitFor(async () => expect(await canConnect(port)).toBe(true), PATIENCE);
  http = createRawHttp(port);
});
afterAll(async () => {
  await monitor?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** The guarantees to every client, whatever was sent before. */
afterEach(async () => {
  http.destroyAll();
  expect(await (await fetch(`${url}/api/ping`)).json()).toEqual({ ack: expect.any(Number) });
  const message = `after ${lines.length}`;
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect((await fetch(`${url}/log/200/${message}`, { method: 'POST', headers })).status).toBe(200);
  expect(await look('/')).toContain(message);
  for (const path of ['/', '/metrics']) {
    const text = await look(path);
    expect(text).not.toMatch(/<script>|<\/script>alert/);
    expect(text).not.toMatch(MISLEADING);
    expect(text).not.toContain(PASSWORD);
  }
  expect(monitor.running).toBe(true);
  for (const line of lines) {
    expect(() => JSON.parse(line), line).not.toThrow();
    expect(line).not.toMatch(MISLEADING);
    expect(line).not.toContain(PASSWORD);
    expect(line).not.toContain(TOKEN);
  }
});

async function look(path: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`ops:${PASSWORD}`).toString('base64')}`;
  const response = await fetch(`${url}${path}`, { headers: { authorization } });
  expect(response.status).toBe(200);
  return response.text();
}

/** No answer says where our code lies, or has a stack or what was sent in it. */
function expectNothingRevealed(answer: string): void {
  expect(answer).not.toMatch(/\n\s+at |node_modules|\.js:\d|\/dist\/|<script>|alert\(1\)|evil\.example/);
  expect(answer).not.toMatch(/^x-injected/im);
}

describe('a heartbeat', () => {
  it.each([
    ['a script', '%3Cscript%3Ealert(1)%3C%2Fscript%3E'],
    ['a right-to-left override', 'a%E2%80%AEb'],
    ['a null byte', 'a%00b'],
    ['a line break and a header', '%0D%0AX-Injected:%20yes%0D%0A%0D%0A%3Cscript%3E'],
    ['a line separator', 'a%E2%80%A8b'],
    ['terminal commands', '%1B%5B2J%C2%9B31m'],
    ['a log line', '%22%7D%0A%7B%22level%22%3A%22fatal%22%7D'],
    ['steps in a path', '..%2F..%2F..%2Fetc%2Fpasswd'],
    ['a slash encoded twice', '..%252F..%252Fetc'],
  ])('with %s is stored, and harms nothing', async (_what, message) => {
    for (const code of ['503', '200']) {
      const answer = await http.exchange(get(`/kubernetes/${code}/${message}`));
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\{"status":"success"\}$/s);
      expectNothingRevealed(answer);
    }
  });

  it('without the token is refused', async () => {
    const answer = await http.exchange(`GET /kubernetes/503/x HTTP/1.1\r\n${CLOSE}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });
});

describe('a request', () => {
  it.each(REFUSED)('with %s is refused, without details', async (_what, bytes) => {
    const answer = await http.exchange(bytes);
    // Some get an answer, some only a closed connection.
    expect(answer).toMatch(/^($|HTTP\/1\.1 4\d\d )/);
    expectNothingRevealed(answer);
  });

  it.each([
    ['that is none', 'nonsense\r\n\r\n', 400, 'the request is not HTTP'],
    ['with too much in it', get('/', `x: ${'x'.repeat(20_000)}\r\n`), 431, 'path and headers are too long'],
  ])('%s is answered like any other that is wrong', async (_what, bytes, status, error) => {
    const answer = await http.exchange(bytes);
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(answer).toMatch(
      /^content-security-policy: default-src 'none'.*^x-content-type-options: nosniff/ms,
    );
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({ error });
  });

  it('for a tunnel gets a closed connection', async () => {
    expect(await http.exchange(`CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example\r\n\r\n`)).toBe('');
  });

  it.each(['upgrade: websocket\r\nconnection: upgrade\r\n', 'upgrade: h2c\r\nconnection: upgrade\r\n'])(
    'for another protocol is answered in this one: %j',
    async (headers) => {
      const connection = http.open();
      connection.send(`GET /api/ping HTTP/1.1\r\nhost: monitor\r\n${headers}\r\n`);
      await vi.waitFor(() => expect(connection.received).toMatch(/^HTTP\/1\.1 200 OK.*"ack"/s), PATIENCE);
    },
  );

  it('is the last one of its connection when nonsense follows it', async () => {
    const good = `POST /log/200/OK HTTP/1.1\r\nhost: monitor\r\n${AUTHORIZED}\r\n\r\n`;
    const answer = await http.exchange(`${good}${good}\0\x01nonsense<script>\r\n\r\n${good}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)?.at(-1)).toBe('HTTP/1.1 400');
    expectNothingRevealed(answer);
  });
});

describe('a slow client', () => {
  /** Sends one more byte repeatedly, until the other side closes the connection. */
  async function drip(start: string, byte: string): Promise<string> {
    const connection = http.open();
    let isClosed = false;
    void connection.closed.then(() => {
      isClosed = true;
    });
    connection.send(start);
    while (!isClosed) {
      connection.send(byte);
      await pause(100);
    }
    return connection.closed;
  }

  it('is disconnected, in whatever it is slow', async () => {
    const silent = http.open();
    const body = `POST /log/200/OK HTTP/1.1\r\nhost: monitor\r\n${AUTHORIZED}\r\ncontent-length: 1000\r\n\r\n`;
    const answers = await Promise.all([
      silent.closed,
      drip('GET / HTTP/1.1\r\nhost: monitor\r\nx: ', 'x'),
      drip('GET / HTTP/1.1\r\nhost: monitor\r\n', 'x: y\r\n'),
      drip('GET /log/200/', 'x'),
      drip(body, 'x'),
    ]);
    for (const answer of answers) expect(answer).toMatch(/^($|HTTP\/1\.1 4\d\d )/);
  });
});

describe('many clients', () => {
  function countClosed(connections: readonly RawConnection[]): () => number {
    let count = 0;
    for (const { closed } of connections)
      void closed.then(() => {
        count += 1;
      });
    return () => count;
  }

  it('that say nothing leave room for others', async () => {
    const idle = Array.from({ length: 1_000 }, (_, n) => http.open(`127.0.1.${1 + (n % 10)}`));
    await Promise.all(idle.map(({ socket }) => once(socket, 'connect')));
    expect(await (await fetch(`${url}/api/ping`)).json()).toHaveProperty('ack');
  });

  it('beyond its bound are refused, and it answers again when they are gone', async () => {
    const all = Array.from({ length: 4_500 }, (_, n) => http.open(`127.0.1.${1 + (n % 100)}`));
    const left = countClosed(all);
    await vi.waitFor(() => expect(left()).toBeGreaterThan(300), PATIENCE);
    http.destroyAll();
    const answers = () => fetch(`${url}/api/ping`).then(({ status }) => status);
    await vi.waitFor(async () => expect(await answers()).toBe(200), PATIENCE);
  });

  it('that are one leave room for others, however many connections it opens', async () => {
    const all = Array.from({ length: 400 }, () => http.open('127.0.2.1'));
    const left = countClosed(all);
    await vi.waitFor(() => expect(left()).toBe(400 - 256), PATIENCE);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  it('that send requests and read no responses delay no others', async () => {
    const authorization = `Basic ${Buffer.from(`ops:${PASSWORD}`).toString('base64')}`;
    const request = `GET / HTTP/1.1\r\nhost: monitor\r\nauthorization: ${authorization}\r\n\r\n`;
    for (let n = 0; n < 10; n += 1) {
      const { socket } = http.open();
      socket.pause();
      socket.write(request.repeat(200));
    }
    expect(await (await fetch(`${url}/api/ping`)).json()).toHaveProperty('ack');
  });
});
