import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, parseServers, pause, type QueueSettings, startQueueLink } from '@podips/shared';
import { canConnect, freePort } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { named } from './support/documents.js';
import { buildManifests } from './support/kustomize.js';
import { environment, podTemplate } from './support/pods.js';

/** Debian's broker in the place of the image's: the same command, the same configuration, other folders. */
const TRIAL = buildManifests('overlays/trial');
const { container } = podTemplate(TRIAL, 'queue');
/** A configuration that expands expressions would make another password of it. */
const HOSTILE_PASSWORD = `a\${HOME}b#{1+1}c$&<"'>d`;
const ENV: Record<string, string> = { ...environment(TRIAL, container), QUEUE_PASSWORD: HOSTILE_PASSWORD };
const DEADLINE_MS = 60_000;

let base: string;
let port: number;
let broker: ChildProcess;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'podips-queue-'));
  port = await freePort();
  const folders: Record<string, string> = {
    '/opt/apache-activemq': '/usr/share/activemq',
    '/etc/activemq': join(base, 'conf'),
    '/var/lib/activemq': join(base, 'data'),
  };
  await mkdir(join(base, 'conf'));
  for (const [file, text] of Object.entries(named(TRIAL, 'ConfigMap', 'podips-queue').data ?? {}))
    await writeFile(join(base, 'conf', file), text.replace('0.0.0.0:61613', `127.0.0.1:${port}`));
  const [program = '', ...args] = (container.command ?? []).map((word) =>
    Object.entries(folders).reduce((text, [from, to]) => text.replace(from, to), word),
  );
  broker = spawn(program, args, { env: { ...process.env, ...ENV }, stdio: 'ignore' });
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!(await canConnect(port))) {
    if (deadline.aborted || broker.exitCode !== null) throw new Error('the broker did not start');
    await pause(100);
  }
});

afterAll(async () => {
  if (broker.exitCode === null && broker.kill('SIGKILL')) await once(broker, 'exit');
  await rm(base, { recursive: true, force: true });
});

function settings(password: string | undefined): QueueSettings {
  return {
    servers: parseServers('127.0.0.1', port),
    name: '/queue/pods',
    username: ENV.QUEUE_USERNAME ?? '',
    password: password ?? '',
    heartbeatMs: 60_000,
    connectTimeoutMs: 60_000,
    receiptTimeoutMs: 60_000,
  };
}

/** The outcome of a connection: `up`, or why the broker refuses it. */
async function connect(queue: QueueSettings): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const events = {
    onUp: () => resolve('up'),
    onDown: (error: Error) => resolve(error.message),
    onAlive: () => undefined,
  };
  const link = startQueueLink(queue, events, createLogger('test', 'silent'));
  const outcome = await promise;
  await link.stop();
  return outcome;
}

describe("the queue's manifest", () => {
  it('makes a broker that accepts the login of the Secret as it is', async () => {
    expect(await connect(settings(ENV.QUEUE_PASSWORD))).toBe('up');
  });

  it.each(['wrong', undefined])('makes a broker that refuses the password %s', async (password) => {
    expect(await connect(settings(password))).toMatch(/invalid/i);
  });

  it.each([
    ['ready', 'the right', ENV.QUEUE_PASSWORD],
    ['not ready', 'a wrong', 'wrong'],
  ])('is %s for a probe with %s password', (state, _which, password) => {
    const [program = '', ...args] = container.readinessProbe?.exec?.command ?? [];
    const { status } = spawnSync(
      program,
      args.map((arg) => arg.replace('/61613', `/${port}`)),
      { env: { ...process.env, ...ENV, QUEUE_PASSWORD: password } },
    );
    expect(status === 0 ? 'ready' : 'not ready').toBe(state);
  });

  it('bounds the store below the volume, and the heap below the memory', () => {
    const queue = named(TRIAL, 'StatefulSet', 'podips-queue').spec;
    const xml = named(TRIAL, 'ConfigMap', 'podips-queue').data?.['activemq.xml'] ?? '';
    const limit = (usage: string) => Number(new RegExp(`<${usage} limit="(\\d+) (?:gb|mb)"`).exec(xml)?.[1]);
    const volume = queue?.volumeClaimTemplates?.[0]?.spec?.resources?.requests?.storage;
    expect(limit('storeUsage')).toBeLessThan(Number.parseInt(String(volume), 10));
    const heapMb = Number(/-Xmx(\d+)m/.exec((container.command ?? []).join(' '))?.[1]);
    expect(container.resources?.limits?.memory).toBe('1Gi');
    expect(heapMb).toBeLessThan(1024 * 0.75);
    expect(limit('memoryUsage')).toBeLessThan(heapMb / 2);
  });
});
