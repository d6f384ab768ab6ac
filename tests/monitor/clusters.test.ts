import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, startHeartbeats } from '@podips/shared';
import { type ChildProgram, canConnect, freePort, startChildProgram } from '@podips/simulation';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const PATIENCE = { timeout: 60_000, interval: 50 };
const TOKEN = 'correct-horse-battery-staple';
const PASSWORD = 'tr0ub4dor&3';
const LOGIN = `Basic ${Buffer.from(`ops:${PASSWORD}`).toString('base64')}`;

let dir: string;
let resources: AsyncDisposableStack;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-clusters-'));
  resources = new AsyncDisposableStack();
  resources.defer(() => rm(dir, { recursive: true, force: true }));
});
afterEach(() => resources.disposeAsync());

function launch(name: string, env: Record<string, string>, args: readonly string[] = []): ChildProgram {
  const program = name === 'cronjob' ? 'services/cronjob/dist/main.js' : 'services/monitor/dist/main.js';
  const child = startChildProgram({ name, program, args, env });
  resources.defer(() => child.stop());
  return child;
}

/** A monitor that asks for token and login. */
async function launchMonitor(name: string, port: number, others: string): Promise<ChildProgram> {
  const child = launch(name, {
    LOG_LEVEL: 'trace',
    MONITOR_DATA_DIR: join(dir, name),
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(port),
    CLUSTER_NAME: name,
    HEARTBEAT_TOKEN: TOKEN,
    READ_USER: 'ops',
    READ_PASSWORD: PASSWORD,
    OTHER_MONITORS: others,
    OTHER_MONITORS_INTERVAL_MS: '100',
  });
  await vi.waitFor(async () => expect(await canConnect(port)).toBe(true), PATIENCE);
  return child;
}

async function look(port: number, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: LOGIN } });
  expect(response.status).toBe(200);
  return response.text();
}

async function clusters(port: number): Promise<unknown[]> {
  return JSON.parse(await look(port, '/api/v1/status')).clusters;
}

const urlOf = (port: number) => `http://ops:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`;

function report(port: number, token: string | undefined, code: number, message: string): void {
  const heartbeats = startHeartbeats({
    monitorUrl: `http://127.0.0.1:${port}`,
    tlsVerify: true,
    token,
    log: createLogger('test', 'silent'),
  });
  resources.defer(() => heartbeats.stop());
  heartbeats.report('queue/write', code, message);
}

it('shows another monitor behind a login, as it is, then that it is gone, and that it is back', async () => {
  const [north, south] = [await freePort(), await freePort()];
  const first = await launchMonitor('north', north, `south=${urlOf(south)}`);
  await vi.waitFor(
    async () =>
      expect(await clusters(north)).toMatchObject([{ reachable: false, light: null, lastAnswerAt: null }]),
    PATIENCE,
  );
  const second = await launchMonitor('south', south, `north=${urlOf(north)}`);
  report(south, TOKEN, 503, '<script>alert(1)</script>');
  await vi.waitFor(
    async () =>
      expect(await clusters(north)).toMatchObject([
        { name: 'south', url: `http://127.0.0.1:${south}`, reachable: true, light: 'red', error: null },
      ]),
    PATIENCE,
  );
  const page = await look(north, '/');
  expect(page).toContain('south');
  expect(page).not.toContain('<script>alert');

  second.kill('SIGKILL');
  await second.exited;
  await vi.waitFor(
    async () =>
      expect(await clusters(north)).toMatchObject([
        { reachable: false, light: 'red', lastAnswerAt: expect.any(String), error: expect.any(String) },
      ]),
    PATIENCE,
  );
  await first.stop();
  const again = await launchMonitor('north', north, `south=${urlOf(south)}`);
  expect(await clusters(north)).toMatchObject([
    { reachable: false, light: 'red', lastAnswerAt: expect.any(String) },
  ]);
  await launchMonitor('south', south, `north=${urlOf(north)}`);
  await vi.waitFor(
    async () => expect(await clusters(north)).toMatchObject([{ reachable: true, error: null }]),
    PATIENCE,
  );
  for (const text of [
    first.output(),
    again.output(),
    await look(north, '/'),
    await look(north, '/api/v1/status'),
  ])
    expect(text).not.toMatch(/tr0ub4dor|correct-horse/);
});

it('shows a monitor of podips 1.1, which can only say how all is', async () => {
  const original = createServer((request, response) => {
    const known = request.url === '/podips/all';
    response.writeHead(known ? 200 : 404).end(known ? '{"status":"no logs for more than 5 minutes"}' : '');
  });
  const [old, port] = [await freePort(), await freePort()];
  await new Promise<void>((resolve) => original.listen(old, '127.0.0.1', resolve));
  resources.defer(() => void original.close().closeAllConnections());
  await launchMonitor('new', port, `old=http://127.0.0.1:${old}`);
  await vi.waitFor(
    async () =>
      expect(await clusters(port)).toMatchObject([{ name: 'old', reachable: true, light: 'yellow' }]),
    PATIENCE,
  );
});

it('accepts heartbeats with the token only, and answers the cron job without any', async () => {
  const port = await freePort();
  await launchMonitor('north', port, '');
  report(port, `${TOKEN}-but-wrong`, 200, 'of-a-wrong-token');
  report(port, undefined, 200, 'of-no-token');
  report(port, TOKEN, 503, 'of-the-right-token');
  await vi.waitFor(async () => expect(await look(port, '/')).toContain('of-the-right-token'), PATIENCE);
  expect(await look(port, '/')).not.toMatch(/of-a-wrong-token|of-no-token/);
  const cronjob = launch('cronjob', { PODIPS_HOST: `127.0.0.1:${port}`, CONFIG_DIR: dir }, ['--once']);
  expect(await cronjob.exited, cronjob.output()).toBe(0);
  expect(cronjob.output()).toContain('"status":"fail"');
});
