import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, openPool, readVersion } from '@podips/shared';
import { createAuthority, databaseEnvironment } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { runPodips } from '../support/podips.js';
import { EVIL, writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const LOGIN = { READ_USER: 'analyst', READ_PASSWORD: 'correct-horse' };
const DAY = '2026-11-20';

let monitor: MonitorProcess;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'podips-cli-'));
  const settings = await createDatabase();
  const database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  await database.end();
  monitor = await startMonitorProcess({ ...databaseEnvironment(settings), ...LOGIN });
});
afterAll(async () => {
  await monitor?.destroy();
  rmSync(dir, { recursive: true, force: true });
});

const login = () => ({ PODIPS_URL: monitor.url, PODIPS_USER: 'analyst', PODIPS_PASSWORD: 'correct-horse' });
const podips = (...args: string[]) => runPodips(args, login());

describe('podips who', () => {
  it.each([
    [0, ['10.64.0.182', '--at', `${DAY} 14:00`], 'belonged to shop/web-5cc97bc7d5-228ts'],
    [0, ['192.168.0.5', '--at', `${DAY} 14:00`], 'node-3 (its address)'],
    [1, ['10.64.0.99', '--at', `${DAY} 14:00`], 'No pod held'],
    [2, ['10.64.0.182', '--at', `${DAY} 15:35`], 'may have missed changes'],
    [2, ['10.64.0.182', '--at', '9999-12-31 00:00'], 'future'],
    [3, ['web-1'], 'ip must be an IPv4 or IPv6 address'],
    [3, ['10.64.0.182', '--at', '10/11/26'], 'at must be a time'],
    [3, ['10.64.0.182', '--at', ''], 'at: it is empty'],
    [3, ['10.64.0.182', '--time', '1'], 'Unknown argument: time'],
  ])('exits with %i for %j', async (code, args, text) => {
    const { stdout, stderr, ...run } = await podips('who', ...args);
    expect([run.code, `${stdout}${stderr}`]).toEqual([code, expect.stringContaining(text)]);
    expect(code < 3 ? stderr : stdout).toBe('');
  });

  it('prints the answer of the monitor as JSON', async () => {
    const { code, stdout } = await podips('who', '10.64.0.182', '--at', `${DAY} 14:00`, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ certain: true, leases: [{ pod: 'web-5cc97bc7d5-228ts' }] });
  });

  it('shows no control characters of names', async () => {
    const { stdout } = await podips('who', '10.64.0.66', '--at', `${DAY} 14:00`);
    expect(stdout).toContain(EVIL.replace('\u202e', '\\u202e'));
    expect(stdout).not.toContain('\u202e');
  });
});

it.each([
  [['pod', 'shop/cart-0'], 0, 'fd00::7'],
  // The ledger was complete some days ago.
  [['pod', 'shop/none'], 2, 'what is true now is not known'],
  [['pod', 'ae78e15f-4ab4-41c2-b5b1-c7a0dfb18a35'], 2, 'The ledger has no lease of the pod with the UID'],
  [['export'], 0, '10.64.0.182'],
  [['export', '--from', '2026-11-20 14:30'], 0, 'x7k2p'],
  [['export', '--timeline'], 0, 'nobody'],
  [['export', '--from', 'soon'], 3, 'from must be'],
  [['export', '--from', ''], 3, 'from: it is empty'],
  [['pod', 'cart-0'], 3, 'for example shop/web-1'],
  [['gaps'], 0, '15:40'],
  [['workloads'], 2, 'the ledger is behind'],
  [['status'], 1, 'Kubernetes read'],
  [['gaps', '--limit', '0'], 3, 'limit must be a whole number'],
  [['frobnicate'], 3, 'podips --help'],
  [[], 3, 'which command?'],
  [['--help'], 0, 'annotate'],
  [['--version'], 0, readVersion()],
  [['completion'], 0, 'complete'],
])('podips %j exits with %i and says what it should', async (args, code, text) => {
  const run = await podips(...args);
  expect([run.code, `${run.stdout}${run.stderr}`]).toEqual([code, expect.stringContaining(text)]);
});

it.each(['who 10.64.0.182', 'pod shop/cart-0', 'gaps', 'workloads', 'status'])(
  'podips %s prints JSON',
  async (args) => {
    const { stdout } = await podips(...args.split(' '), '--json');
    expect(JSON.parse(stdout)).toEqual(expect.any(Object));
  },
);

describe('the monitor', () => {
  const who = ['who', '10.64.0.182', '--at', `${DAY} 14:00`];

  it.each<[string, () => Record<string, string>, string]>([
    ['wants a login', () => ({ PODIPS_URL: monitor.url }), 'give --user'],
    ['has another password', () => ({ ...login(), PODIPS_PASSWORD: 'no' }), 'give --user'],
    ['is not there', () => ({ PODIPS_URL: 'http://127.0.0.1:1' }), 'http://127.0.0.1:1 cannot be reached'],
  ])('%s: exits with 4', async (_, env, text) => {
    const { code, stdout, stderr } = await runPodips(who, env());
    expect([code, stdout, stderr]).toEqual([4, '', expect.stringContaining(text)]);
  });

  it('is asked below a path, with TLS of a given authority, and a password file', async () => {
    const authority = await createAuthority();
    const { certPem, keyPem } = await authority.forServer(['localhost']);
    // A reverse proxy that shows the monitor below /tools/podips.
    const server = createServer({ cert: certPem, key: keyPem }, (request, reply) => {
      const path = request.url?.replace('/tools/podips', '');
      const inner = httpRequest(`${monitor.url}${path}`, { headers: request.headers }, (answer) => {
        reply.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(reply);
      });
      request.pipe(inner);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    // A server that listens on a port has an address of this kind.
    const { port } = server.address() as AddressInfo;
    writeFileSync(join(dir, 'ca.pem'), authority.caPem);
    writeFileSync(join(dir, 'password'), 'correct-horse\n');
    const env = { PODIPS_URL: `https://localhost:${port}/tools/podips/` };
    const options = ['--user', 'analyst', '--password-file', join(dir, 'password')];
    expect(await runPodips([...who, ...options, '--ca-file', join(dir, 'ca.pem')], env)).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await runPodips([...who, ...options], env)).toMatchObject({ code: 4, stdout: '' });
  });

  it('is reached through kubectl port-forward, which ends with the command', async () => {
    const kubectl = join(dir, 'kubectl');
    writeFileSync(
      kubectl,
      `#!/bin/sh
echo "$@" >> ${dir}/called
trap 'echo stopped >> ${dir}/called; exit 0' TERM
echo "Forwarding from 127.0.0.1:${new URL(monitor.url).port} -> 8080"
while :; do sleep 0.05; done\n`,
      { mode: 0o755 },
    );
    const env = { ...login(), PODIPS_URL: 'http://127.0.0.1:1', PATH: `${dir}:${process.env.PATH}` };
    const run = await runPodips([...who, '--context', 'prod', '--namespace', 'tools'], env);
    expect([run.code, run.stderr]).toEqual([0, '']);
    expect(readFileSync(join(dir, 'called'), 'utf8')).toBe(
      '--context prod --namespace tools port-forward service/podips-monitor :80\nstopped\n',
    );
  });

  it('cannot be reached through a kubectl that fails: exits with 4 and says what kubectl said', async () => {
    const kubectl = join(dir, 'failing');
    mkdirSync(kubectl);
    writeFileSync(join(kubectl, 'kubectl'), '#!/bin/sh\necho "no such context" >&2\nexit 1\n', {
      mode: 0o755,
    });
    const run = await runPodips([...who, '--context', 'none'], { PATH: `${kubectl}:${process.env.PATH}` });
    expect([run.code, run.stderr]).toEqual([4, expect.stringContaining('no such context')]);
  });
});
