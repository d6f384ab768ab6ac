import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createTlsFiles, freePort, type TlsFiles } from '@podips/simulation';
import { createTransport } from 'nodemailer';
import { Value } from 'typebox/value';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AlertError, type Channel } from '../../services/monitor/src/alerts/channel.js';
import {
  createMailChannel,
  openTransport,
  transportOptions,
} from '../../services/monitor/src/alerts/mail-channel.js';
import { testMessage, WebhookBody } from '../../services/monitor/src/alerts/message.js';
import type { MailSettings } from '../../services/monitor/src/alerts/settings.js';
import {
  createSlackChannel,
  createWebhookChannel,
} from '../../services/monitor/src/alerts/webhook-channel.js';
import { createFetch, NO_PROXIES } from '../../services/monitor/src/proxy.js';
import { MAIL_LOGIN, startMailServer } from '../support/mail-server.js';
import { startWebHook } from '../support/web-hook.js';

const MESSAGE = testMessage(Date.UTC(2026, 0, 31), {
  cluster: 'Köln',
  pageUrl: 'https://podips.example.com/',
});
const NEVER = new AbortController().signal;
const SECRET = 'T0-secret-path';

let tls: TlsFiles;
beforeAll(async () => {
  tls = await createTlsFiles('127.0.0.1');
});

function mailSettings(changes: Partial<MailSettings>): MailSettings {
  return {
    host: '127.0.0.1',
    port: 0,
    security: 'none',
    user: '',
    password: '',
    from: 'podips <podips@example.com>',
    recipients: ['ops@example.com', 'audit@example.com'],
    ...changes,
  };
}

/** A channel as the monitor makes it, that knows the test's certificate authority, and waits less long. */
function mailChannel(changes: Partial<MailSettings>, timeoutMs = 20_000): Channel {
  const settings = mailSettings(changes);
  const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  const options = { ...transportOptions(settings), ...timeouts, tls: { ca: tls.caPem } };
  return createMailChannel(settings, createTransport(options));
}

async function failureOf(channel: Channel, signal = NEVER): Promise<AlertError> {
  const outcome = await channel.send(MESSAGE, signal).catch((err: unknown) => err);
  if (!(outcome instanceof AlertError)) throw new Error(`no failure but ${String(outcome)}`);
  expect(JSON.stringify({ ...outcome, text: outcome.message, stack: outcome.stack })).not.toContain(SECRET);
  expect(`${outcome.message}${outcome.stack}`).not.toContain(MAIL_LOGIN.password);
  return outcome;
}

async function openMailServer(options: Parameters<typeof startMailServer>[0] = {}) {
  const server = await startMailServer({ key: tls.keyPem, cert: tls.certPem, ...options });
  onTestFinished(() => server.stop());
  return server;
}

describe('an e-mail', () => {
  it.each([
    { security: 'starttls', secure: false, encrypted: true },
    { security: 'tls', secure: true, encrypted: true },
    { security: 'none', secure: false, encrypted: false },
  ] as const)('reaches all recipients with $security', async ({ security, secure, encrypted }) => {
    const server = await openMailServer({ secure });
    await expect(mailChannel({ port: server.port, security }).send(MESSAGE, NEVER)).resolves.toBeUndefined();
    const [mail] = server.mails;
    expect(mail).toMatchObject({ secure: encrypted, recipients: ['ops@example.com', 'audit@example.com'] });
    expect(mail?.headers.get('from')).toBe('podips <podips@example.com>');
    expect(mail?.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail?.headers.get('subject')).toMatch(/^=\?UTF-8\?/);
    expect(mail?.body.trimEnd()).toBe(MESSAGE.text.trimEnd().replaceAll('\n', '\r\n'));
  });

  it('is sent after a login', async () => {
    const server = await openMailServer({ login: true });
    await mailChannel({ port: server.port, security: 'starttls', ...MAIL_LOGIN }).send(MESSAGE, NEVER);
    expect(server.mails[0]?.user).toBe(MAIL_LOGIN.user);
  });

  it('is not tried again when the login is wrong, and the server’s answer to it is not repeated', async () => {
    const server = await openMailServer({ login: true });
    const channel = mailChannel({ port: server.port, security: 'starttls', user: 'me', password: SECRET });
    expect(await failureOf(channel)).toMatchObject({ code: 'MAIL_LOGIN_REFUSED', retryable: false });
  });

  it('is not sent in plain text to a server without STARTTLS', async () => {
    const server = await openMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
    const channel = mailChannel({ port: server.port, security: 'starttls', ...MAIL_LOGIN });
    await failureOf(channel);
    expect(server.raw).toEqual([]);
  });

  it('is not sent to a server with an untrusted certificate', async () => {
    const server = await openMailServer();
    const settings = mailSettings({ port: server.port, security: 'starttls' });
    await failureOf(createMailChannel(settings, await openTransport(settings)));
    expect(server.raw).toEqual([]);
  });

  it('reaches those whom the server knows, and says whom it refuses', async () => {
    const server = await openMailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(
          address.startsWith('audit')
            ? Object.assign(new Error('no such user'), { responseCode: 550 })
            : null,
        ),
    });
    await expect(mailChannel({ port: server.port }).send(MESSAGE, NEVER)).resolves.toMatch(
      /refused audit@example\.com$/,
    );
    expect(server.mails[0]?.recipients).toEqual(['ops@example.com']);
  });

  it.each([
    { responseCode: 451, retryable: true },
    { responseCode: 554, retryable: false },
  ])('that is answered $responseCode: tried again is $retryable', async ({ responseCode, retryable }) => {
    const refusal = Object.assign(new Error('not today'), { responseCode });
    const server = await openMailServer({ onMailFrom: (_address, _session, done) => done(refusal) });
    const failure = await failureOf(mailChannel({ port: server.port }));
    expect(failure).toMatchObject({ code: 'MAIL_REFUSED', retryable });
    expect(failure.message).toContain('not today');
  });

  it('is retried when the connection is refused', async () => {
    const port = await freePort();
    expect(await failureOf(mailChannel({ port }))).toMatchObject({
      code: 'MAIL_UNREACHABLE',
      retryable: true,
    });
  });

  it.each([
    { name: 'says nothing', greet: (_socket: Socket) => undefined },
    { name: 'falls silent after its greeting', greet: (socket: Socket) => socket.write('220 hello\r\n') },
    { name: 'drops the connection', greet: (socket: Socket) => socket.destroy() },
  ])('is tried again when the server $name', async ({ greet }) => {
    const port = await listenRaw((socket) => void greet(socket));
    expect(await failureOf(mailChannel({ port }, 200))).toMatchObject({ retryable: true });
  });

  it('is given up at once when the monitor stops', async () => {
    const port = await listenRaw(() => undefined);
    const stop = new AbortController();
    const failure = failureOf(mailChannel({ port }), stop.signal);
    stop.abort();
    expect((await failure).retryable).toBe(true);
  });
});

async function listenRaw(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    // A client that gives up resets the connection.
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  return (server.address() as AddressInfo).port;
}

describe('a webhook', () => {
  it('gets what its schema says', async () => {
    const hook = await openHook();
    await createWebhookChannel(`${hook.url}/${SECRET}`, createFetch(NO_PROXIES)).send(MESSAGE, NEVER);
    expect(hook.calls).toMatchObject([{ method: 'POST', path: `/${SECRET}` }]);
    const body: unknown = JSON.parse(hook.calls[0]?.body ?? '');
    expect(Value.Errors(WebhookBody, body)).toEqual([]);
  });

  it('gets what docs/alerts.md shows', () => {
    const page = readFileSync(new URL('../../docs/alerts.md', import.meta.url), 'utf8');
    const [shown, workload] = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, json = '']) =>
      JSON.parse(json),
    );
    expect(Value.Errors(WebhookBody, { ...shown, workloads: [workload] })).toEqual([]);
  });

  it('of Slack gets a text', async () => {
    const hook = await openHook();
    await createSlackChannel(hook.url, createFetch(NO_PROXIES)).send(MESSAGE, NEVER);
    expect(JSON.parse(hook.calls[0]?.body ?? '')).toMatchObject({ text: expect.stringContaining('Köln') });
  });

  it.each([
    { status: 500, retryable: true },
    { status: 429, retryable: true },
    { status: 404, retryable: false },
    { status: 302, retryable: false },
  ])('that answers $status: tried again is $retryable', async ({ status, retryable }) => {
    const hook = await openHook();
    hook.answer = (_request, response) =>
      void response.writeHead(status, { 'retry-after': '7', location: `/${SECRET}` }).end('no');
    const failure = await failureOf(createWebhookChannel(`${hook.url}/${SECRET}`, createFetch(NO_PROXIES)));
    expect(failure).toMatchObject({ retryable, retryAfterMs: 7_000 });
    expect(failure.message).toContain(`answered ${status}`);
    expect(hook.calls).toHaveLength(1);
  });

  it('that drops the connection, or is not there, is tried again', async () => {
    const hook = await openHook();
    hook.answer = ({ socket }) => void socket.destroy();
    const channel = createWebhookChannel(`${hook.url}/${SECRET}`, createFetch(NO_PROXIES));
    expect((await failureOf(channel)).retryable).toBe(true);
    const closed = createWebhookChannel(
      `http://127.0.0.1:${await freePort()}/${SECRET}`,
      createFetch(NO_PROXIES),
    );
    expect((await failureOf(closed)).message).toContain('ECONNREFUSED');
  });

  it('whose answer never ends counts as soon as its status is known', async () => {
    const hook = await openHook();
    hook.answer = (_request, response) => void response.writeHead(200).write('x');
    await expect(
      createWebhookChannel(hook.url, createFetch(NO_PROXIES)).send(MESSAGE, NEVER),
    ).resolves.toBeUndefined();
  });

  it('has an id that does not reveal its path, and that differs from another one’s', () => {
    const ids = ['/a', `/${SECRET}`].map((path) =>
      createSlackChannel(`https://example.com${path}`, createFetch(NO_PROXIES)),
    );
    expect(new Set(ids.map(({ id }) => id)).size).toBe(2);
    expect(JSON.stringify(ids)).not.toContain(SECRET);
  });
});

async function openHook() {
  const hook = await startWebHook();
  onTestFinished(() => hook.stop());
  return hook;
}
