import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATIONS, type Operation } from '@podips/shared';
import { type ChildProgram, createTlsFiles, freePort, startChildProgram } from '@podips/simulation';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MAIL_LOGIN, type MailServer, startMailServer } from '../support/mail-server.js';
import { startWebHook, type WebHook } from '../support/web-hook.js';

const PATIENCE = { timeout: 30_000, interval: 50 };
const SECRET = 'T0-secret-path';

let dir: string;
let caFile: string;
let mail: MailServer;
let hook: WebHook;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-alerts-'));
  const { caPem, certPem, keyPem } = await createTlsFiles('127.0.0.1');
  caFile = join(dir, 'ca.pem');
  await writeFile(caFile, caPem);
  mail = await startMailServer({ key: keyPem, cert: certPem, login: true });
});
afterAll(async () => {
  await mail.stop();
  await rm(dir, { recursive: true, force: true });
});

let env: Record<string, string>;
beforeEach(async () => {
  mail.clear();
  hook = await startWebHook();
  onTestFinished(hook.stop);
  env = {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(await freePort()),
    MONITOR_DATA_DIR: await mkdtemp(join(dir, 'data-')),
    CLUSTER_NAME: 'fra1',
    NODE_EXTRA_CA_CERTS: caFile,
    PODIPS_SEND_MAIL: 'true',
    PODIPS_RECIPIENT_MAIL: 'ops@example.com, audit@example.com',
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: String(mail.port),
    SMTP_USER: MAIL_LOGIN.user,
    SMTP_PASSWORD: MAIL_LOGIN.password,
    SMTP_FROM: 'podips@example.com',
  };
});

function launch(args: readonly string[] = []): ChildProgram {
  const child = startChildProgram({ name: 'monitor', program: 'services/monitor/dist/main.js', args, env });
  onTestFinished(() => child.stop());
  return child;
}

async function startMonitor(): Promise<ChildProgram> {
  const child = launch();
  await vi.waitFor(async () => expect((await fetch(`${url()}/healthz`)).ok).toBe(true), PATIENCE);
  return child;
}

function url(): string {
  return `http://127.0.0.1:${env.HTTP_PORT}`;
}

async function report(operation: Operation, code: number, message = 'ok'): Promise<void> {
  const response = await fetch(`${url()}/${operation}/${code}/${encodeURIComponent(message)}`);
  expect(response.status).toBe(200);
}

async function reportAll(code: number): Promise<void> {
  await Promise.all(OPERATIONS.map((operation) => report(operation, code)));
}

function subjects(): string[] {
  return mail.mails.map(({ headers }) => headers.get('subject') ?? '');
}

async function untilSubjects(expected: readonly string[]): Promise<void> {
  await vi.waitFor(() => expect(subjects()).toEqual(expected), PATIENCE);
}

/** The part of `GET /api/v1/status` about alerts. */
async function alertingView(): Promise<Record<string, unknown>> {
  const answer: { alerting: Record<string, unknown> } = JSON.parse(
    await (await fetch(`${url()}/api/v1/status`)).text(),
  );
  return answer.alerting;
}

const FAILING = '[podips fra1] Kubernetes read failing';
const WORKING = expect.stringMatching(/^\[podips fra1\] Working again after .+/);

describe('alerts of the monitor', () => {
  it('are one e-mail on the transition to red, and one when it is green again', async () => {
    await startMonitor();
    await reportAll(200);
    for (const attempt of [1, 2, 3]) await report('kubernetes', 500, `attempt ${attempt}`);
    await untilSubjects([FAILING]);
    await reportAll(200);
    await untilSubjects([FAILING, WORKING]);
    const [failing, working] = mail.mails;
    expect(failing).toMatchObject({ secure: true, recipients: ['ops@example.com', 'audit@example.com'] });
    expect(failing?.body).toContain('500 attempt');
    expect(working?.body).toMatch(/working again since .*; it was failing for .+, since/);
    expect(await alertingView()).toMatchObject({
      enabled: true,
      channels: [{ kind: 'e-mail', target: 'ops@example.com, audit@example.com', error: null }],
      lastAlert: { subject: WORKING },
    });
  });

  it('are muted in planned maintenance, and sent when it is taken from the file', async () => {
    const path = join(dir, 'announcements.yaml');
    const time = (inMs: number) => new Date(Date.now() + inMs).toISOString();
    const window = {
      id: 'up',
      title: 'Upgrade',
      from: time(-60_000),
      to: time(3_600_000),
      lights: ['kubernetes'],
    };
    await writeFile(path, JSON.stringify({ maintenance: [window] }));
    env.ANNOUNCEMENTS_FILE = path;
    await startMonitor();
    await reportAll(200);
    await report('kubernetes', 500);
    await report('log', 500);
    // The other light makes one, so that there was time for both.
    await untilSubjects(['[podips fra1] Fluentd write failing']);
    expect(await alertingView()).toMatchObject({ muted: { lights: ['kubernetes'], workloads: false } });
    const metrics = await (await fetch(`${url()}/metrics`)).text();
    expect(metrics).toContain('podips_alerts_muted{operation="kubernetes"} 1');
    expect(metrics).toContain('podips_operation_light{operation="kubernetes",light="red"} 1');
    await writeFile(path, '');
    await untilSubjects(['[podips fra1] Fluentd write failing', FAILING]);
    expect(await alertingView()).toMatchObject({ muted: null });
  });

  it('are one message for lights that change together', async () => {
    await startMonitor();
    await reportAll(500);
    await untilSubjects(['[podips fra1] Kubernetes read failing and 3 more']);
  });

  it('hold no header and no line that a heartbeat has brought in', async () => {
    await startMonitor();
    await reportAll(200);
    await report('kubernetes', 500, 'x\r\nBcc: all@example.com\r\n\r\n.\r\n\0\u202eQUIT');
    await untilSubjects([FAILING]);
    const source = mail.raw[0] ?? '';
    expect(mail.mails[0]?.headers.has('bcc')).toBe(false);
    expect(mail.mails[0]?.body).toContain('x‹U+000D›‹U+000A›Bcc: all@example.com');
    expect(source).not.toMatch(/^Bcc:/im);
  });

  it('are not repeated after a restart, and their end is reported then', async () => {
    const first = await startMonitor();
    await reportAll(200);
    await report('kubernetes', 500);
    await untilSubjects([FAILING]);
    const told = { kubernetes: expect.objectContaining({ light: 'red' }) };
    const saved = { told, undelivered: {}, lastAlert: expect.objectContaining({ subject: FAILING }) };
    await vi.waitFor(
      async () => expect(await savedAlerts()).toEqual(expect.objectContaining(saved)),
      PATIENCE,
    );
    first.kill('SIGKILL');
    await first.exited;
    await startMonitor();
    expect(await alertingView()).toMatchObject({
      channels: [{ lastSuccessAt: expect.any(String), error: null }],
      lastAlert: { subject: FAILING },
    });
    await report('kubernetes', 500);
    await report('log', 500);
    await untilSubjects([FAILING, '[podips fra1] Fluentd write failing']);
    await reportAll(200);
    await untilSubjects([FAILING, '[podips fra1] Fluentd write failing', WORKING]);
    expect(mail.mails[2]?.body).toContain('Kubernetes read: working again since');
  });

  it('that could not be delivered before a stop are delivered after the next start', async () => {
    hook.answer = () => undefined;
    env.ALERT_WEBHOOK_URLS = `${hook.url}/${SECRET}`;
    const first = await startMonitor();
    await reportAll(200);
    await report('kubernetes', 500);
    await vi.waitFor(() => expect(hook.calls).toHaveLength(1), PATIENCE);
    // The e-mail does not wait for the webhook that hangs, nor do heartbeats.
    await untilSubjects([FAILING]);
    await reportAll(200);
    await untilSubjects([FAILING, WORKING]);
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(first.output()).not.toContain(SECRET);
    const attempts = hook.calls.length;
    hook.answer = (_request, response) => void response.writeHead(204).end();
    await startMonitor();
    await vi.waitFor(() => expect(hook.calls).toHaveLength(attempts + 1), PATIENCE);
    expect(JSON.parse(hook.calls[attempts]?.body ?? '')).toMatchObject({
      event: 'recovery',
      cluster: 'fra1',
    });
    expect(subjects()).toHaveLength(2);
  });

  it('show on the page that they do not arrive, without anything secret', async () => {
    const closed = await freePort();
    env.SMTP_PORT = String(closed);
    env.ALERT_SLACK_URLS = `http://127.0.0.1:${closed}/${SECRET}`;
    const child = await startMonitor();
    await report('kubernetes', 500);
    const failure = { lastSuccessAt: null, error: expect.stringContaining('ECONN') };
    await vi.waitFor(
      async () =>
        expect(await alertingView()).toMatchObject({
          channels: [
            { ...failure, kind: 'e-mail', error: expect.stringContaining('127.0.0.1') },
            { ...failure, kind: 'Slack webhook', target: `127.0.0.1:${closed}` },
          ],
          lastAlert: null,
        }),
      PATIENCE,
    );
    const page = await (await fetch(url())).text();
    const metrics = await (await fetch(`${url()}/metrics`)).text();
    await vi.waitFor(
      async () => expect(JSON.stringify(await savedAlerts()).match(/"error":"[^"]*ECONN/g)).toHaveLength(2),
      PATIENCE,
    );
    const files = JSON.stringify(await savedAlerts());
    for (const shown of [page, metrics, files, JSON.stringify(await alertingView()), child.output()])
      for (const secret of [SECRET, MAIL_LOGIN.password]) expect(shown).not.toContain(secret);
  });
});

async function savedAlerts(): Promise<unknown> {
  return JSON.parse(await readFile(join(env.MONITOR_DATA_DIR ?? '', 'alerts.json'), 'utf8'));
}

describe('the dead-man’s ping', () => {
  it('is sent while all lights are green, and only then', async () => {
    env.DEADMAN_URL = `${hook.url}/${SECRET}`;
    env.DEADMAN_INTERVAL_MS = '1000';
    await startMonitor();
    await report('kubernetes', 200);
    expect(hook.calls).toEqual([]);
    await reportAll(200);
    await vi.waitFor(() => expect(hook.calls.length).toBeGreaterThan(1), PATIENCE);
    expect(hook.calls[0]).toMatchObject({ method: 'GET', path: `/${SECRET}` });
    await report('log', 500);
    const before = hook.calls.length;
    // Meanwhile at least one interval has passed.
    await untilSubjects(['[podips fra1] Fluentd write failing']);
    expect(hook.calls.length).toBeLessThanOrEqual(before + 1);
  });
});

describe('--test-alert', () => {
  it('sends one message through every channel and ends with 0', async () => {
    env.ALERT_WEBHOOK_URLS = `${hook.url}/${SECRET}`;
    const child = launch(['--test-alert']);
    expect(await child.exited).toBe(0);
    expect(subjects()).toEqual(['[podips fra1] Test of alerts']);
    expect(hook.calls).toHaveLength(1);
    expect(child.output()).toContain('e-mail to ops@example.com, audit@example.com: sent');
    expect(child.output()).toContain(`webhook to ${new URL(hook.url).host}: sent`);
  });

  it('says which channel failed, and ends with 1', async () => {
    env.SMTP_PASSWORD = SECRET;
    env.ALERT_WEBHOOK_URLS = `${hook.url}/${SECRET}`;
    const child = launch(['--test-alert']);
    expect(await child.exited).toBe(1);
    expect(child.output()).toMatch(/e-mail to .*: failed, 127\.0\.0\.1:\d+ refuses the login \(535\)/);
    expect(child.output()).toMatch(/webhook to .*: sent/);
    expect(child.output()).not.toContain(SECRET);
    // Nothing but a line for each channel and the outcome.
    expect(child.output()).not.toMatch(/^\s+at |"stack"/m);
    expect(child.output().split('\n').at(-1)).toBe('monitor: the test alert did not reach all recipients');
  });

  it('says when there is nothing to test', async () => {
    env.PODIPS_SEND_MAIL = 'false';
    const child = launch(['--test-alert']);
    expect(await child.exited).toBe(1);
    expect(child.output()).toContain('no alert channels are configured');
  });
});
